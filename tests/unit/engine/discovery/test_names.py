"""A DNS that does not answer leaves discovery with nothing, not with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.resolver
import pytest

from desktopmail.engine.discovery import names

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        class Played:
            async def resolve(self, _name: str, kind: object, lifetime: float) -> list[object]:
                assert lifetime > 0
                if not text:
                    raise dns.resolver.NXDOMAIN
                rdata = dns.rdata
                return [rdata.from_text("IN", kind, line) for line in text.splitlines()]

        monkeypatch.setattr(dns.asyncresolver, "Resolver", Played)

    return give


async def test_srv_records_are_read(answer: Callable[[str], None]) -> None:
    answer("0 5 993 imap.example.org.\n10 0 993 other.example.org.")
    first, second = await names.srv("_imaps", "example.org")
    assert (first.priority, first.weight, first.port) == (0, 5, 993)
    assert second.target == "other.example.org."


async def test_mail_exchangers_come_in_their_order(answer: Callable[[str], None]) -> None:
    answer("20 b.example.org.\n10 a.example.org.")
    assert await names.mx("example.org") == ["a.example.org.", "b.example.org."]


async def test_no_answer_is_an_empty_one(answer: Callable[[str], None]) -> None:
    answer("")
    assert await names.mx("example.org") == await names.srv("_imaps", "example.org") == []
