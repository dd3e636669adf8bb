"""SORT."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import EVERYTHING, Has, Is
from desktopmail.wire.imap.sort import Sort, SortBy, SortKey, SortResponse
from tests.helpers.imap import (
    command_both_ways,
    encoded,
    malformed,
    refused_command,
    response_both_ways,
)


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        # RFC 5256 section 3, RFC 5267 section 3.
        (
            b"SORT (SUBJECT REVERSE DATE) UTF-8 ALL",
            Sort(
                (SortBy(SortKey.SUBJECT), SortBy(SortKey.DATE, reverse=True)), EVERYTHING, uid=False
            ),
        ),
        (
            b'UID SORT (SUBJECT) US-ASCII TEXT "not in mailbox"',
            Sort((SortBy(SortKey.SUBJECT),), Has("TEXT", b"not in mailbox"), charset="US-ASCII"),
        ),
        (
            b"UID SORT RETURN (ALL COUNT) (REVERSE ARRIVAL) UTF-8 UNDELETED",
            Sort(
                (SortBy(SortKey.ARRIVAL, reverse=True),),
                Is("UNDELETED"),
                returns=frozenset({"ALL", "COUNT"}),
            ),
        ),
    ],
)
def test_commands_of_rfc_5256_both_ways(octets: bytes, command: Sort) -> None:
    command_both_ways(octets, command)


def test_responses_both_ways() -> None:
    response_both_ways(b"SORT 5 3 4 1 2", SortResponse((5, 3, 4, 1, 2)))
    response_both_ways(b"SORT", SortResponse(()))
    response_both_ways(b"SORT 2 5 (MODSEQ 917162500)", SortResponse((2, 5), 917162500))
    assert malformed(b"SORT x")


@pytest.mark.parametrize(
    "octets",
    [
        b"SORT",
        b"SORT ()",
        b"SORT () UTF-8 ALL",
        b"SORT (FOO) UTF-8 ALL",
        b"SORT (REVERSE) UTF-8 ALL",
        b"SORT (DATE) ALL",
        b"SORT DATE UTF-8 ALL",
    ],
)
def test_what_is_no_sort_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_a_sort_by_nothing_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Sort((), EVERYTHING))
    assert encoded(Search(EVERYTHING)) == b"UID SEARCH ALL"
