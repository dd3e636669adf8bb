"""BODYSTRUCTURE."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.bodypart import BodyStructure, Disposition, MultiPart, SinglePart, walk
from desktopmail.wire.imap.bodystructure import decode_body, encode_body, leaves_of, shape_of
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.envelope import Envelope
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.limits import MAX_NESTING
from desktopmail.wire.imap.sequence import Seq
from desktopmail.wire.imap.writer import octets_of
from tests.helpers.imap import malformed, read_response, response_both_ways

strings = st.binary(max_size=8)

nstrings = st.none() | strings

parameters = st.lists(st.tuples(strings, strings), max_size=2).map(tuple)

dispositions = st.none() | st.builds(Disposition, strings, parameters)

languages = st.lists(st.binary(min_size=1, max_size=4), max_size=2).map(tuple)

sizes = st.integers(0, (1 << 63) - 1)

extension_data = st.tuples(dispositions, languages, nstrings)

fields = st.tuples(strings, strings, parameters, nstrings, nstrings, strings, sizes)

leaves = st.tuples(fields, st.none() | sizes, nstrings, extension_data).map(
    lambda drawn: SinglePart(*drawn[0], drawn[1], None, None, drawn[2], *drawn[3])
)


def containers(children: st.SearchStrategy[BodyStructure]) -> st.SearchStrategy[BodyStructure]:
    many = st.lists(children, min_size=1, max_size=3).map(tuple)
    multi = st.tuples(many, strings, parameters, extension_data).map(
        lambda drawn: MultiPart(*drawn[:3], *drawn[3])
    )
    message = st.tuples(fields, sizes, children).map(
        lambda drawn: SinglePart(
            b"MESSAGE", *drawn[0][1:], drawn[1], Envelope(subject=b"in\r\nside"), drawn[2]
        )
    )
    return multi | message


bodies = st.recursive(leaves, containers, max_leaves=8)


def body_of(octets: bytes) -> BodyStructure:
    answer = read_response(b"1 FETCH (BODYSTRUCTURE " + octets + b")")
    assert isinstance(answer, FetchResponse)
    assert answer.body_structure is not None
    return answer.body_structure


def test_the_body_of_rfc_9051_section_7_5_2() -> None:
    octets = b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 2279 48)'
    assert body_of(octets) == SinglePart(
        b"TEXT", b"PLAIN", ((b"CHARSET", b"US-ASCII"),), None, None, b"7BIT", 2279, 48
    )


def test_the_multipart_of_rfc_9051_section_7_5_2() -> None:
    octets = (
        b'(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)("TEXT" "PLAIN" '
        b'("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>" '
        b'"Compiler diff" "BASE64" 4554 73) "MIXED")'
    )
    body = body_of(octets)
    assert isinstance(body, MultiPart)
    assert body.content_type == "multipart/mixed"
    assert [part.content_type for part in body.parts] == ["text/plain", "text/plain"]
    assert body.parts[1].parameters[1] == (b"NAME", b"cc.diff")


def test_a_structure_with_everything_is_written_as_it_is_read() -> None:
    body = MultiPart(
        (
            SinglePart(b"TEXT", b"PLAIN", ((b"CHARSET", b"utf-8"),), None, None, b"8BIT", 3, 1),
            SinglePart(
                b"MESSAGE",
                b"RFC822",
                (),
                b"<a@b>",
                b"fwd",
                b"7BIT",
                99,
                7,
                Envelope(subject=b"s"),
                SinglePart(b"TEXT", b"HTML", (), None, None, b"BASE64", 3, 1),
                None,
                Disposition(b"attachment", ((b"filename", b'a"b'),)),
                (b"de", b"en"),
                b"loc",
            ),
        ),
        b"MIXED",
        ((b"BOUNDARY", b"x"),),
    )
    octets = (
        b'7 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL '
        b'"8BIT" 3 1 NIL NIL NIL NIL)'
        b'("MESSAGE" "RFC822" NIL "<a@b>" "fwd" "7BIT" 99 (NIL "s" NIL NIL NIL '
        b"NIL NIL NIL NIL NIL) "
        b'("TEXT" "HTML" NIL NIL NIL "BASE64" 3 1 NIL NIL NIL NIL) 7 NIL '
        b'("attachment" ("filename" "a\\"b")) ("de" "en") "loc") '
        b'"MIXED" ("BOUNDARY" "x") NIL NIL NIL))'
    )
    response_both_ways(octets, FetchResponse(Seq(7), body_structure=body))


@given(bodies)
def test_any_octets_in_parameters_come_back_in_the_same_tree(body: BodyStructure) -> None:
    for utf8 in (False, True):
        octets = octets_of(lambda writer: encode_body(writer, body), utf8=utf8)
        cursor = Cursor(octets, lenient=True, utf8=utf8)
        assert decode_body(cursor) == body
        assert cursor.at_end


@given(bodies)
def test_without_extension_data_the_parts_are_the_same(body: BodyStructure) -> None:
    octets = octets_of(lambda writer: encode_body(writer, body, extended=False))
    read = decode_body(Cursor(octets, lenient=True))
    assert [number for number, _ in walk(read)] == [number for number, _ in walk(body)]


def test_extension_data_of_a_later_revision_is_kept_unread() -> None:
    body = body_of(b'("A" "B" NIL NIL NIL "7BIT" 1 NIL NIL NIL NIL (x ("y")) 5)')
    assert isinstance(body, SinglePart)
    assert body.extensions == (b'(x ("y"))', b"5")


@pytest.mark.parametrize(
    "octets",
    [
        b"(" * 1_000_000,
        b"((" * 500_000,
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 1 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) '
        * 10_000,
    ],
)
def test_a_million_parentheses_are_refused_at_once(octets: bytes) -> None:
    begin = time.process_time()
    with pytest.raises(RemoteProtocolError):
        decode_body(Cursor(octets, lenient=True))
    assert time.process_time() - begin < 1


def test_nesting_is_bounded_and_needs_no_recursion() -> None:
    body: BodyStructure = SinglePart(b"TEXT", b"PLAIN")
    for _ in range(MAX_NESTING - 1):
        body = MultiPart((body,))
    octets = octets_of(lambda writer: encode_body(writer, body))
    assert sum(1 for _ in walk(decode_body(Cursor(octets, lenient=True)))) == MAX_NESTING
    with pytest.raises(LocalProtocolError):
        octets_of(lambda writer: encode_body(writer, MultiPart((MultiPart((body,)),))))


def test_a_multipart_without_parts_cannot_be_written() -> None:
    with pytest.raises(LocalProtocolError):
        octets_of(lambda writer: encode_body(writer, MultiPart(())))


@pytest.mark.parametrize(
    "octets",
    [
        b"()",
        b'("TEXT")',
        b'(("A" "B" NIL NIL NIL "7BIT" 1)',
        b'("A" "B" NIL NIL NIL "7BIT" x)',
        b'("A" "B" (("c")) NIL NIL "7BIT" 1)',
    ],
)
def test_what_is_no_structure_is_the_peers_fault(octets: bytes) -> None:
    assert malformed(b"1 FETCH (BODYSTRUCTURE " + octets + b")")


def _leaves_in(body: BodyStructure) -> list[SinglePart]:
    if isinstance(body, MultiPart):
        return [leaf for part in body.parts for leaf in _leaves_in(part)]
    return [body]


@given(bodies)
def test_leaves_are_those_of_the_tree_or_left_to_who_reads_it_whole(body: BodyStructure) -> None:
    octets = octets_of(lambda writer: encode_body(writer, body))
    found = leaves_of(octets)
    tree = _leaves_in(body)
    assert found is None or [one.read() for one in found] == [
        SinglePart(one.media_type, b"", one.parameters, one.content_id, disposition=one.disposition)
        for one in tree
    ]
    plain = b"{" not in octets and b"\0" not in octets
    if plain and not any(one.body for one in tree):
        assert found is not None


_spaced = st.sampled_from(
    [b"", b"x", b" 1", b"name 12 ", b'a" 1', b"1 2)", b'("boundary" "', b"NIL 3", b"name", b" \\ 4"]
)
_pairs = st.lists(
    st.tuples(st.sampled_from([b"boundary", b"BOUNDARY", b"name"]) | _spaced, _spaced), max_size=2
).map(tuple)
_dispositions = st.none() | st.tuples(_spaced, _pairs).map(lambda drawn: Disposition(*drawn))
_parts = st.tuples(
    _spaced, _pairs, st.none() | _spaced, st.sampled_from([0, 12, 10**18]), _dispositions
).map(
    lambda drawn: SinglePart(
        drawn[0], b"x", drawn[1], drawn[2], size=drawn[3], lines=7, disposition=drawn[4]
    )
)
_trees = _parts | st.tuples(st.lists(_parts, min_size=1, max_size=2), _pairs, _dispositions).map(
    lambda drawn: MultiPart((*drawn[0], MultiPart(tuple(drawn[0]))), b"x", drawn[1], drawn[2])
)


def _as_known(octets: bytes) -> bytes:
    """A string as far as a shape tells it: one with a space and a number is another such one."""
    return b" " if b" " in octets else octets


@given(_trees)
def test_a_shape_has_the_leaves_of_its_structure(body: BodyStructure) -> None:
    octets = octets_of(lambda writer: encode_body(writer, body))
    found, of_shape = leaves_of(octets), leaves_of(shape_of(octets))
    assert (found is None) == (of_shape is None)
    for one, other in zip(found or [], of_shape or [], strict=True):
        part, same = one.read(), other.read()
        assert _as_known(part.media_type) == _as_known(same.media_type)
        assert (part.content_id is None) == (same.content_id is None)
        names = [_as_known(name) for name, _ in part.parameters]
        told = [_as_known(name) for name, _ in same.parameters]
        alone = [name.lower() for name in names] == [name.lower() for name in told] == [b"boundary"]
        assert names == told or alone
        assert (part.disposition is None) == (same.disposition is None)
        if part.disposition is not None and same.disposition is not None:
            assert _as_known(part.disposition.kind) == _as_known(same.disposition.kind)
            assert len(part.disposition.parameters) == len(same.disposition.parameters)


def test_structures_that_differ_in_sizes_and_boundaries_have_one_shape() -> None:
    text = SinglePart(b"TEXT", b"PLAIN", size=1, lines=2)
    first = MultiPart((text, text), b"MIXED", ((b"BOUNDARY", b"=_1"),))
    longer = text._replace(size=100, lines=20)
    second = MultiPart((longer, text), b"MIXED", ((b"BOUNDARY", b"other"),))
    shapes = {
        shape_of(octets_of(lambda writer, one=one: encode_body(writer, one)))
        for one in (first, second)
    }
    assert len(shapes) == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"(" * 4000,
        b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)' * 500,
        b'("TEXT" "PLAIN" (' * 1000,
        b'("TEXT" "PLAIN" (' + b'"a" "b" ' * 2000 + b") NIL",
        b'(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) ' * 400,
        b'("' + b'\\"' * 8000,
    ],
)
def test_leaves_are_looked_for_in_a_time_that_grows_as_the_octets_do(octets: bytes) -> None:
    began = time.process_time()
    for _ in range(10):
        assert leaves_of(octets) is None
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "octets", [b" 1" * 8000, b" " + b"1" * 16000, b'((("boundary" "' * 1000, b'(("boundary' * 1000]
)
def test_a_shape_is_made_in_a_time_that_grows_as_the_octets_do(octets: bytes) -> None:
    began = time.process_time()
    for _ in range(10):
        shape_of(octets)
    assert time.process_time() - began < 0.5
