"""A DNS that does not answer leaves discovery with nothing, not with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.discovery import names
from desktopmail.net.dns import DnsResolver, MxRecord, SrvRecord
from desktopmail.net.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

SRV = [SrvRecord(0, 5, 993, "imap.example.org"), SrvRecord(10, 0, 993, "other.example.org")]
MX = [MxRecord(10, "a.example.org"), MxRecord(20, "b.example.org"), MxRecord(30, "")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    def play(answers: bool) -> list[str]:
        heard: list[str] = []

        def hear(name: str) -> None:
            heard.append(name)
            if not answers:
                raise UnreachableError("There is no such name.", code="no-such-host")

        async def srv(_resolver: DnsResolver, name: str) -> list[SrvRecord]:
            hear(name)
            return SRV

        async def mx(_resolver: DnsResolver, domain: str) -> list[MxRecord]:
            hear(domain)
            return MX

        monkeypatch.setattr(DnsResolver, "srv", srv)
        monkeypatch.setattr(DnsResolver, "mx", mx)
        return heard

    return play


async def test_a_service_of_a_domain_is_asked_for(asked: Callable[[bool], list[str]]) -> None:
    heard = asked(True)
    assert await names.srv("_imaps", "example.org") == SRV
    assert heard == ["_imaps._tcp.example.org"]


async def test_mail_exchangers_come_in_their_order_and_none_is_none(
    asked: Callable[[bool], list[str]],
) -> None:
    asked(True)
    assert await names.mx("example.org") == ["a.example.org", "b.example.org"]


async def test_no_answer_is_an_empty_one(asked: Callable[[bool], list[str]]) -> None:
    asked(False)
    assert await names.mx("example.org") == await names.srv("_imaps", "example.org") == []
