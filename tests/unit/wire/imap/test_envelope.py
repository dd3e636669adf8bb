"""ENVELOPE."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.envelope import Address, Envelope, decode_envelope, encode_envelope
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.sequence import Seq
from desktopmail.wire.imap.writer import octets_of
from tests.helpers.imap import answered, malformed, read_response, response_both_ways

nstrings = st.none() | st.binary(max_size=12) | st.text(max_size=8).map(str.encode)
addresses = st.lists(
    st.tuples(nstrings, nstrings, nstrings, nstrings).map(Address._make), max_size=3
).map(tuple)
envelopes = st.tuples(nstrings, nstrings, *[addresses] * 6, nstrings, nstrings).map(Envelope._make)

TERRY = (Address(b"Terry Gray", None, b"gray", b"cac.washington.edu"),)
# RFC 9051 section 7.5.2.
EXAMPLE = (
    b'12 FETCH (ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" '
    b'"IMAP4rev1 WG mtg summary and minutes" '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
    b'((NIL NIL "imap" "cac.washington.edu")) '
    b'((NIL NIL "minutes" "CNRI.Reston.VA.US")'
    b'("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
    b'"<B27397-0100000@cac.washington.edu>"))'
)
PARSED = Envelope(
    b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
    b"IMAP4rev1 WG mtg summary and minutes",
    TERRY,
    TERRY,
    TERRY,
    (Address(None, None, b"imap", b"cac.washington.edu"),),
    (
        Address(None, None, b"minutes", b"CNRI.Reston.VA.US"),
        Address(b"John Klensin", None, b"KLENSIN", b"MIT.EDU"),
    ),
    (),
    None,
    b"<B27397-0100000@cac.washington.edu>",
)


def test_the_envelope_of_rfc_9051_section_7_5_2() -> None:
    response_both_ways(EXAMPLE, FetchResponse(Seq(12), envelope=PARSED))


@given(envelopes)
def test_any_octets_in_headers_come_back_in_the_same_tree(envelope: Envelope) -> None:
    for utf8 in (False, True):
        octets = octets_of(lambda writer: encode_envelope(writer, envelope), utf8=utf8)
        cursor = Cursor(octets, lenient=True, utf8=utf8)
        assert decode_envelope(cursor) == envelope
        assert cursor.at_end


def test_an_injected_tag_never_appears() -> None:
    evil = b'x")\r\nA1 OK done\r\n* 1 EXPUNGE\r\n'
    answer = FetchResponse(
        Seq(1), envelope=Envelope(evil, evil, (Address(evil, evil, evil, evil),))
    )
    assert read_response(answered(answer)) == answer


def test_literals_escapes_and_lower_case_nil_are_read_the_slow_way() -> None:
    octets = (
        b'1 FETCH (ENVELOPE (nil {3}\r\na"b (("x \\"y\\"" NIL {1}\r\na "b")) () '
        b'NIL NIL NIL NIL NIL "" ))'
    )
    expected = Envelope(None, b'a"b', (Address(b'x "y"', None, b"a", b"b"),), message_id=b"")
    assert read_response(octets) == FetchResponse(Seq(1), envelope=expected)


def test_an_envelope_that_is_too_short_is_the_peers_fault() -> None:
    assert malformed(b"1 FETCH (ENVELOPE (NIL NIL))")
    assert malformed(b'1 FETCH (ENVELOPE (NIL NIL ((NIL NIL "a"))))')
