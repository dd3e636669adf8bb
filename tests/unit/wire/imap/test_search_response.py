from __future__ import annotations

import pytest

from desktopmail.wire.imap.limits import MAX_FOUND
from desktopmail.wire.imap.search_response import ESearchResponse, SearchResponse
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from tests.helpers.imap import (
    malformed,
    read_response,
    response_both_ways,
)


@pytest.mark.parametrize(
    ("octets", "response"),
    [
        (b"SEARCH 2 84 882", SearchResponse((2, 84, 882))),
        (b"SEARCH", SearchResponse(())),
        (b"SEARCH 2 5 6 (MODSEQ 917162500)", SearchResponse((2, 5, 6), 917162500)),
        (b'ESEARCH (TAG "A282") MIN 2 COUNT 3', ESearchResponse("A282", minimum=2, count=3)),
        (
            b'ESEARCH (TAG "A283") ALL 2,10:11',
            ESearchResponse("A283", all=SeqSet.parse(b"2,10:11")),
        ),
        (
            b'ESEARCH (TAG "a") UID MAX 5 COUNT 17 ALL 4:18,21,28',
            ESearchResponse("a", True, None, 5, 17, UidSet.parse(b"4:18,21,28")),
        ),
        (b'ESEARCH (TAG "a567") UID COUNT 0', ESearchResponse("a567", True, count=0)),
        (
            b'ESEARCH (TAG "a") ALL 1:3,5 MODSEQ 1236',
            ESearchResponse("a", all=SeqSet.parse(b"1:3,5"), modseq=1236),
        ),
        (b"ESEARCH", ESearchResponse()),
        (
            b"ESEARCH UID PARTIAL (1:100 5)",
            ESearchResponse(uid=True, others=((b"PARTIAL", b"(1:100 5)"),)),
        ),
    ],
)
def test_responses_of_the_rfcs_both_ways(
    octets: bytes, response: SearchResponse | ESearchResponse
) -> None:
    response_both_ways(octets, response)


@pytest.mark.parametrize(
    "octets",
    [
        b"SEARCH x",
        b"SEARCH 1 x",
        b"SEARCH 1 (MODSEQ)",
        b"ESEARCH (TAG",
        b"ESEARCH COUNT x",
        b"ESEARCH ALL 0",
        b"ESEARCH (X 1)",
    ],
)
def test_what_is_no_search_response_is_malformed(octets: bytes) -> None:
    assert malformed(octets)


def test_a_million_numbers_in_one_line_are_read() -> None:
    from desktopmail.wire.imap.client_events import Untagged
    from tests.helpers.imap import client_events, new_client

    line = b"* SEARCH " + b" ".join(b"%d" % n for n in range(1, 1_000_001)) + b"\r\n"
    pieces = [line[at : at + 262144] for at in range(0, len(line), 262144)]
    (event,) = client_events(new_client(), pieces)
    assert isinstance(event, Untagged)
    assert len(event.value.numbers) == 1_000_000  # type: ignore[union-attr]
    assert read_response(b"SEARCH 1 ") == SearchResponse((1,))


@pytest.mark.parametrize(
    "numbers",
    [b"1:4294967295", b"4294967295:1", b"1:9999999,20000000:20000001", b"1:*", b"*", b"$"],
)
def test_a_set_that_would_fill_our_memory_is_malformed(numbers: bytes) -> None:
    malformed(b'ESEARCH (TAG "A1") UID ALL ' + numbers)


def test_a_mailbox_of_ten_million_is_read() -> None:
    found = read_response(b"ESEARCH UID ALL 1:10000000")
    assert isinstance(found, ESearchResponse)
    assert len(found.all or ()) == MAX_FOUND


@pytest.mark.parametrize("name", [b"SEARCH", b"SORT"])
def test_more_messages_than_a_mailbox_holds_are_not_read(
    name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktopmail.wire.imap.search_response.MAX_FOUND", 100)
    assert read_response(name + b" 1" * 100)
    assert "more messages" in malformed(name + b" 1" * 101)
