"""NOOP and CHECK."""

from __future__ import annotations

from desktopmail.wire.imap.noop import Check, Noop
from desktopmail.wire.imap.state import State
from tests.helpers.imap import command_both_ways, refused_command


def test_the_commands_of_rfc_9051_section_6_1_2_and_rfc_3501_section_6_4_1() -> None:
    command_both_ways(b"NOOP", Noop())
    command_both_ways(b"CHECK", Check())


def test_check_needs_a_mailbox() -> None:
    assert "not allowed" in refused_command(b"CHECK", State.AUTHENTICATED).reason
