"""STARTTLS."""

from __future__ import annotations

from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.state import State
from tests.helpers.imap import command_both_ways, refused_command


def test_the_command_of_rfc_9051_section_6_2_1() -> None:
    command_both_ways(b"STARTTLS", StartTls())


def test_arguments_are_refused() -> None:
    refused_command(b"STARTTLS now", State.NOT_AUTHENTICATED)
