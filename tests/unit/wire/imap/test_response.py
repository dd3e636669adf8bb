"""How a response begins, and which noun reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.condition import Condition, Tag, Tagged
from desktopmail.wire.imap.cutter import Unit
from desktopmail.wire.imap.response import (
    ContinuationRequest,
    OtherResponse,
    decode_response,
)
from tests.helpers.imap import malformed, response_both_ways


def test_an_unknown_response_is_kept_as_it_is() -> None:
    response_both_ways(b"XYZZY one (two)", OtherResponse(b"XYZZY", b" one (two)"))
    response_both_ways(b"XYZZY", OtherResponse(b"XYZZY"))


def test_tagged_responses_and_continuations() -> None:
    assert decode_response(Unit(b"a1 OK [TRYCREATE] x")).tag == "a1"  # type: ignore[union-attr]
    assert decode_response(Unit(b"a1 no")) == Tagged(Tag("a1"), Condition.NO)
    assert decode_response(Unit(b"+ idling")) == ContinuationRequest(b"idling")
    assert decode_response(Unit(b"+")) == ContinuationRequest(b"")


@pytest.mark.parametrize(
    "octets",
    [b"", b"a1", b"a1 ", b"a1 FOO", b"a1 BYE x", b"a1 PREAUTH x", b"*", b"(a) OK x", b"\xff OK"],
)
def test_what_is_no_response_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_response(Unit(octets))


@pytest.mark.parametrize(
    "octets", [b"", b" ", b"(x)", b"5", b"99999999999 EXISTS x", b"4294967296 EXISTS"]
)
def test_what_cannot_be_read_behind_a_star_is_malformed(octets: bytes) -> None:
    if octets == b"5":
        response_both_ways(octets, OtherResponse(b"5"))
    elif octets.startswith(b"999"):
        response_both_ways(octets, OtherResponse(b"99999999999", b" EXISTS x"))
    else:
        assert malformed(octets)


NAMES = [
    b"FETCH",
    b"LIST",
    b"STATUS",
    b"SEARCH",
    b"ESEARCH",
    b"NAMESPACE",
    b"ID",
    b"VANISHED",
    b"THREAD",
    b"SORT",
    b"QUOTA",
    b"QUOTAROOT",
    b"FLAGS",
    b"OK",
    b"CAPABILITY",
    b"ENABLED",
    b"LSUB",
    b"1 FETCH (",
    b"1 EXPUNGE",
]
PIECES = [
    b" ",
    b"(",
    b")",
    b'"',
    b"a",
    b"1",
    b"*",
    b"{1}\r\n",
    b"[",
    b"]",
    b"\\",
    b"NIL",
    b"\0",
    b"\xff",
    b"UID ",
    b"FLAGS ",
    b"ENVELOPE ",
    b"BODYSTRUCTURE ",
    b"BODY[",
    b"BODY ",
    b"<1>",
    b"MODSEQ ",
    b'"TEXT" "PLAIN" ',
    b"7",
    b"COPYUID 1 1 1",
]


@given(st.sampled_from(NAMES), st.lists(st.sampled_from(PIECES), max_size=14))
def test_decoding_raises_nothing_but_the_peers_fault(name: bytes, pieces: list[bytes]) -> None:
    for utf8 in (False, True):
        try:
            decode_response(Unit(b"* " + name + b" " + b"".join(pieces)), utf8=utf8)
        except RemoteProtocolError:
            continue


@given(st.binary(max_size=60))
def test_any_octets_are_a_response_or_the_peers_fault(octets: bytes) -> None:
    for opening in (b"", b"* ", b"* 1 FETCH ("):
        try:
            decode_response(Unit(opening + octets))
        except RemoteProtocolError:
            continue
