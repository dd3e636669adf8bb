"""LOGOUT."""

from __future__ import annotations

from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.state import State
from tests.helpers.imap import command_both_ways, refused_command


def test_the_command_of_rfc_9051_section_6_1_3() -> None:
    command_both_ways(b"LOGOUT", Logout())


def test_arguments_are_refused() -> None:
    refused_command(b"LOGOUT now", State.NOT_AUTHENTICATED)
