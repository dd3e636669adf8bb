"""QUOTA."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.quota import (
    GetQuota,
    GetQuotaRoot,
    QuotaResponse,
    QuotaRootResponse,
    Resource,
    SetQuota,
)
from tests.helpers.imap import (
    command_both_ways,
    malformed,
    read_response,
    refused_command,
    response_both_ways,
)


def test_commands_of_rfc_9208_section_4_1() -> None:
    command_both_ways(b'GETQUOTA "!partition/sda4"'.replace(b'"', b""), GetQuota("!partition/sda4"))
    command_both_ways(b'GETQUOTA ""', GetQuota(""))
    command_both_ways(b"GETQUOTAROOT INBOX", GetQuotaRoot("INBOX"))
    command_both_ways(
        b'SETQUOTA "" (STORAGE 512 MESSAGE 1000)',
        SetQuota("", (("STORAGE", 512), ("MESSAGE", 1000))),
    )
    command_both_ways(b'SETQUOTA "" ()', SetQuota("", ()))


def test_responses_of_rfc_9208_section_4_2() -> None:
    response_both_ways(
        b'QUOTA "" (STORAGE 10 512 MESSAGE 3 100)',
        QuotaResponse("", (Resource("STORAGE", 10, 512), Resource("MESSAGE", 3, 100))),
    )
    response_both_ways(b'QUOTAROOT INBOX "" x', QuotaRootResponse("INBOX", ("", "x")))
    response_both_ways(b"QUOTAROOT comp.mail.mime", QuotaRootResponse("comp.mail.mime"))
    assert read_response(b"QUOTA x ()") == QuotaResponse("x")


@pytest.mark.parametrize(
    "octets",
    [
        b"GETQUOTA",
        b"GETQUOTAROOT",
        b"SETQUOTA a",
        b"SETQUOTA a (STORAGE)",
        b"SETQUOTA a (STORAGE x)",
        b"GETQUOTA a b",
    ],
)
def test_what_is_incomplete_is_refused(octets: bytes) -> None:
    refused_command(octets)


@pytest.mark.parametrize(
    "octets", [b"QUOTA", b"QUOTA a (STORAGE 1)", b"QUOTAROOT", b"QUOTA a (STORAGE 1 2"]
)
def test_what_is_no_quota_is_malformed(octets: bytes) -> None:
    assert malformed(octets)
