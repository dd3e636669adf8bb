"""SUBSCRIBE."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
from tests.helpers.imap import command_both_ways, refused_command


def test_names_of_rfc_9051_both_ways() -> None:
    command_both_ways(b"SUBSCRIBE blurdybloop", Subscribe("blurdybloop"))
    command_both_ways(b'SUBSCRIBE "foo bar"', Subscribe("foo bar"))
    command_both_ways(b"SUBSCRIBE #news.comp.mail.mime", Subscribe("#news.comp.mail.mime"))


@pytest.mark.parametrize(
    "octets", [b"SUBSCRIBE", b"SUBSCRIBE ", b"SUBSCRIBE a b", b"SUBSCRIBE %", b"SUBSCRIBE (a)"]
)
def test_what_is_no_name_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_it_needs_a_login() -> None:
    assert "not allowed" in refused_command(b"SUBSCRIBE a", State.NOT_AUTHENTICATED).reason


def test_unsubscribe_is_its_opposite() -> None:
    command_both_ways(b"UNSUBSCRIBE a", Unsubscribe("a"))
    assert Unsubscribe("a") != Subscribe("a")
