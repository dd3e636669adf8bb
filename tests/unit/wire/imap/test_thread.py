"""THREAD."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.imap.search_key import Dated, Has
from desktopmail.wire.imap.thread import NO_PARENT, Thread, ThreadResponse
from tests.helpers.imap import (
    answered,
    client_events,
    command_both_ways,
    malformed,
    new_client,
    read_response,
    refused_command,
    response_both_ways,
)


def test_the_command_of_rfc_5256_section_3() -> None:
    command_both_ways(
        b"UID THREAD REFERENCES UTF-8 TEXT gewp", Thread("REFERENCES", Has("TEXT", b"gewp"))
    )
    command = Thread("ORDEREDSUBJECT", Dated("SINCE", date(2000, 3, 5)), uid=False)
    command_both_ways(b"THREAD ORDEREDSUBJECT UTF-8 SINCE 5-Mar-2000", command)


@pytest.mark.parametrize(
    ("octets", "response"),
    [
        # RFC 5256 section 4.
        (
            b"THREAD (2)(3 6 (4 23)(44 7 96))",
            ThreadResponse((2, 3, 6, 4, 23, 44, 7, 96), (-1, -1, 1, 2, 3, 2, 5, 6)),
        ),
        (b"THREAD ((3)(5))", ThreadResponse((0, 3, 5), (-1, 0, 0))),
        (b"THREAD", ThreadResponse()),
        (b"THREAD (1)(2 3)", ThreadResponse((1, 2, 3), (-1, -1, 1))),
    ],
)
def test_responses_of_rfc_5256_section_4_both_ways(octets: bytes, response: ThreadResponse) -> None:
    response_both_ways(octets, response)


def test_spaces_between_threads_are_forgiven() -> None:
    assert read_response(b"THREAD (1) (2 (3) (4)) ") == ThreadResponse((1, 2, 3, 4), (-1, -1, 1, 1))


@given(st.lists(st.integers(0, 100), max_size=20))
def test_any_forest_comes_back(seeds: list[int]) -> None:
    # The parent of each message is one before it, in the order of a walk from the root.
    parents: list[int] = []
    path: list[int] = []
    for place, seed in enumerate(seeds):
        del path[seed % (len(path) + 1) :]
        parents.append(path[-1] if path else NO_PARENT)
        path.append(place)
    response = ThreadResponse(tuple(range(1, len(seeds) + 1)), tuple(parents))
    assert read_response(answered(response)) == response


def test_a_conversation_of_any_depth_is_read_without_recursion() -> None:
    deep = b"* THREAD " + b"(1 (2)" * 100_000 + b")" * 100_000 + b"\r\n"
    (event,) = client_events(new_client(), [deep])
    response = event.value  # type: ignore[union-attr]
    assert isinstance(response, ThreadResponse)
    assert len(response.numbers) >= 200_000
    assert len(answered(response)) > 200_000


@pytest.mark.parametrize(
    "octets", [b"THREAD (", b"THREAD )", b"THREAD 1", b"THREAD (x)", b"THREAD (1))"]
)
def test_what_is_no_forest_is_malformed(octets: bytes) -> None:
    assert malformed(octets)


@pytest.mark.parametrize(
    "octets", [b"THREAD", b"THREAD REFERENCES", b"THREAD REFERENCES UTF-8", b"THREAD (A) UTF-8 ALL"]
)
def test_what_is_no_thread_is_refused(octets: bytes) -> None:
    refused_command(octets)


def test_more_messages_than_a_mailbox_holds_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktopmail.wire.imap.thread.MAX_FOUND", 100)
    assert read_response(b"THREAD " + b"(1)" * 100)
    assert "more messages" in malformed(b"THREAD " + b"(1)" * 101)
