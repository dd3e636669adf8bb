"""CAPABILITY."""

from __future__ import annotations

from desktopmail.wire.imap.capability import Capability, CapabilityResponse
from tests.helpers.imap import (
    command_both_ways,
    malformed,
    read_response,
    refused_command,
    response_both_ways,
)


def test_the_exchange_of_rfc_9051_section_6_1_1() -> None:
    command_both_ways(b"CAPABILITY", Capability())
    response_both_ways(
        b"CAPABILITY IMAP4rev2 AUTH=GSSAPI LOGINDISABLED STARTTLS",
        CapabilityResponse(frozenset({"IMAP4REV2", "STARTTLS", "AUTH=GSSAPI", "LOGINDISABLED"})),
    )


def test_names_in_any_case_and_spaces_at_the_end_are_read() -> None:
    assert read_response(b"CAPABILITY imap4REV1  Idle ") == CapabilityResponse(
        frozenset({"IMAP4REV1", "IDLE"})
    )


def test_arguments_are_refused_and_octets_that_are_no_name_are_malformed() -> None:
    refused_command(b"CAPABILITY x")
    refused_command(b"CAPABILITY ")
    assert malformed(b"CAPABILITY (x)")
