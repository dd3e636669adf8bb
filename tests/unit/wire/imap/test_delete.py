"""DELETE."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.state import State
from tests.helpers.imap import command_both_ways, refused_command


def test_names_of_rfc_9051_both_ways() -> None:
    command_both_ways(b"DELETE blurdybloop", Delete("blurdybloop"))
    command_both_ways(b'DELETE "foo bar"', Delete("foo bar"))
    command_both_ways(b"DELETE #news.comp.mail.mime", Delete("#news.comp.mail.mime"))


@pytest.mark.parametrize(
    "octets", [b"DELETE", b"DELETE ", b"DELETE a b", b"DELETE %", b"DELETE (a)"]
)
def test_what_is_no_name_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_it_needs_a_login() -> None:
    assert "not allowed" in refused_command(b"DELETE a", State.NOT_AUTHENTICATED).reason
