from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import structure
from desktopmail.mime.defect import Defect

if TYPE_CHECKING:
    from desktopmail.mime.structure import Part

# The example of RFC 2046 section 5.1.1.
PRIMARY = b"""From: Nathaniel Borenstein <nsb@bellcore.com>
MIME-Version: 1.0
Content-type: multipart/mixed; boundary="simple boundary"

This is the preamble.  It is to be ignored.

--simple boundary

This is implicitly typed plain US-ASCII text.
It does NOT end with a linebreak.
--simple boundary
Content-type: text/plain; charset=us-ascii

This is explicitly typed plain US-ASCII text.
It DOES end with a linebreak.

--simple boundary--

This is the epilogue.  It is also to be ignored.
""".replace(b"\n", b"\r\n")


def shape(part: Part) -> list[tuple[str, str]]:
    return [(one.number, one.media_type) for one in part.walk()]


def test_the_example_of_rfc_2046() -> None:
    root = structure.parse(PRIMARY)
    assert shape(root) == [("", "multipart/mixed"), ("1", "text/plain"), ("2", "text/plain")]
    assert root.children[0].raw_body.endswith(b"It does NOT end with a linebreak.")
    assert root.children[1].raw_body.endswith(b"It DOES end with a linebreak.\r\n")
    assert root.end == len(PRIMARY)
    assert all(not part.defects for part in root.walk())


def test_every_part_is_a_slice_of_the_octets() -> None:
    root = structure.parse(PRIMARY)
    second = root.children[1]
    assert PRIMARY[second.begin : second.body] == (
        b"Content-type: text/plain; charset=us-ascii\r\n\r\n"
    )
    assert second.size == len(second.raw_body)
    assert second.lines == 2
    assert root.children[0].lines == 2


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_other_line_ends_give_the_same_tree(end: bytes) -> None:
    assert shape(structure.parse(PRIMARY.replace(b"\r\n", end))) == shape(structure.parse(PRIMARY))


def test_line_ends_may_be_mixed() -> None:
    octets = PRIMARY.replace(b"--simple boundary\r\n", b"--simple boundary\n", 1)
    assert shape(structure.parse(octets)) == shape(structure.parse(PRIMARY))


def test_an_enclosed_message_has_its_own_numbers() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\ntext\n--a\n"
        b"Content-Type: message/rfc822\n\nSubject: in\nContent-Type: multipart/mixed; "
        b"boundary=b\n\n"
        b"--b\n\none\n--b\n\ntwo\n--b--\n--a\nContent-Type: message/rfc822\n\nSubject: leaf\n\n"
        b"x\n--a--\n"
    )
    assert shape(structure.parse(octets)) == [
        ("", "multipart/mixed"),
        ("1", "text/plain"),
        ("2", "message/rfc822"),
        ("2", "multipart/mixed"),
        ("2.1", "text/plain"),
        ("2.2", "text/plain"),
        ("3", "message/rfc822"),
        ("3.1", "text/plain"),
    ]
    third = structure.parse(octets).children[2]
    assert third.is_message
    assert third.raw_body == b"Subject: leaf\n\nx"
    assert third.children[0].raw_body == b"x"


def test_the_parts_of_a_digest_are_messages() -> None:
    octets = b"Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\nbody\n--a--\n"
    assert shape(structure.parse(octets)) == [
        ("", "multipart/digest"),
        ("1", "message/rfc822"),
        ("1.1", "text/plain"),
    ]


def test_an_outer_delimiter_ends_all_that_is_open_inside() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--a\n\ntwo\n--a--\n"
    )
    root = structure.parse(octets)
    assert [n for n, _ in shape(root)] == ["", "1", "1.1", "2"]
    assert root.children[0].defects == [Defect.NOT_CLOSED]
    assert root.children[0].children[0].raw_body == b"one"


def test_a_boundary_that_begins_like_another_is_another() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=foo\n\n--foo\n"
        b"Content-Type: multipart/mixed; boundary=foobar\n\n--foobar\n\nx\n--foobar--\n"
        b"--foo\n\ny\n--foo--\n"
    )
    assert [n for n, _ in shape(structure.parse(octets))] == ["", "1", "1.1", "2"]


def test_a_nested_multipart_may_repeat_its_parents_boundary() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: multipart/alternative; boundary=x\n\n--x\n\none\n--x--\n--x\n\ntwo\n--x--\n"
    )
    root = structure.parse(octets)
    assert [n for n, _ in shape(root)] == ["", "1", "1.1", "2"]
    assert root.children[1].raw_body == b"two"


@pytest.mark.parametrize(
    ("content_type", "defect"),
    [
        (b"multipart/mixed", Defect.NO_BOUNDARY),
        (b'multipart/mixed; boundary=""', Defect.NO_BOUNDARY),
        (b"multipart/mixed; boundary=wrong", Defect.BOUNDARY_NOT_FOUND),
    ],
)
def test_a_multipart_without_its_boundary_is_one_leaf(content_type: bytes, defect: Defect) -> None:
    root = structure.parse(b"Content-Type: " + content_type + b"\n\n--right\n\nx\n--right--\n")
    assert root.children == []
    assert not root.is_multipart
    assert root.defects == [defect]


def test_a_truncated_multipart_keeps_what_is_there() -> None:
    root = structure.parse(
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\nContent-T"
    )
    assert [part.raw_body for part in root.children] == [b"one", b"Content-T"]
    assert Defect.NOT_CLOSED in root.defects


def test_a_part_may_be_empty_or_end_in_its_header() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\nContent-Type: image/png\n"
        b"--x\n\n--x--\n"
    )
    root = structure.parse(octets)
    assert [part.media_type for part in root.children] == ["text/plain", "image/png", "text/plain"]
    assert [part.raw_body for part in root.children] == [b"", b"", b""]


@pytest.mark.parametrize(
    ("value", "media_type", "is_bad"),
    [
        (b"TEXT/HTML; charset=x", "text/html", False),
        (b"text", "text/plain", True),
        (b"", "text/plain", True),
        (b"text/html/x", "text/plain", True),
        ("text/ümlaut".encode(), "text/plain", True),
        (
            b"application/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.text",
            False,
        ),
    ],
)
def test_what_is_no_media_type_is_text(value: bytes, media_type: str, is_bad: bool) -> None:
    root = structure.parse(b"Content-Type: " + value + b"\n\nx")
    assert root.media_type == media_type
    assert (Defect.BAD_CONTENT_TYPE in root.defects) is is_bad


def test_the_fields_of_a_part_are_read() -> None:
    part = structure.parse(
        b"Content-Type: image/png; name=x.png\nContent-Disposition: INLINE; "
        b"filename*=utf-8''%C3%A4.png\n"
        b"Content-ID: <abc@x>\nContent-Description: =?utf-8?q?=C3=A4?=\nContent-Language: de, en\n"
        b"Content-Location: http://x.test/a\n b.png\nContent-Transfer-Encoding: BASE64\n\naGk=\n"
    )
    assert part.disposition == "inline"
    assert part.file_name == "ä.png"
    assert part.content_id == "abc@x"
    assert part.description == "ä"
    assert part.languages == ("de", "en")
    assert part.location == "http://x.test/ab.png"
    assert part.encoding == "base64"
    assert part.content == b"hi"


def test_an_encoded_message_is_not_looked_into() -> None:
    root = structure.parse(
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==\n"
    )
    assert root.children == []
    assert root.defects == [Defect.ENCODED_COMPOSITE]
    assert root.content == b"Subject: x"


def test_a_multipart_that_wrongly_says_base64_is_cut_all_the_same() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n"
        b"--x\n\none\n--x--\n"
    )
    assert len(structure.parse(octets).children) == 1


@pytest.mark.parametrize("kind", ["multipart", "message"])
def test_absurd_depth_neither_recurses_nor_takes_long(kind: str) -> None:
    if kind == "multipart":
        octets = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
            for n in range(20_000)
        )
    else:
        octets = b"Content-Type: message/rfc822\n\n" * 20_000
    begin = time.process_time()
    root = structure.parse(octets)
    assert time.process_time() - begin < 1
    parts = list(root.walk())
    assert structure.MAX_DEPTH <= len(parts) <= structure.MAX_DEPTH + 2
    assert Defect.TOO_DEEP in parts[-1].defects


def test_very_many_parts_end_in_one_that_keeps_the_rest() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 20_000 + b"--x--\n"
    begin = time.process_time()
    root = structure.parse(octets)
    assert time.process_time() - begin < 2
    assert len(root.children) == structure.MAX_PARTS - 1
    assert Defect.TOO_MANY_PARTS in root.defects


PIECES = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"--a",
        b"--a--",
        b"--b\n",
        b"\n\n",
        b"Content-Type: multipart/mixed; boundary=a\n",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: multipart/digest; boundary=b\n\n",
        b"x: y\n",
        b"text",
        b"\x00",
        b"\xff",
        b"\r",
        b"From x\n",
        b"Content-Transfer-Encoding: base64\n",
        b": \n",
    ]
)


@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_no_octets_make_it_raise_and_parts_lie_inside_their_parents(octets: bytes) -> None:
    root = structure.parse(octets)
    for part in root.walk():
        assert 0 <= part.begin <= part.body <= part.end <= len(octets)
        for child in part.children:
            assert part.body <= child.begin
            assert child.end <= part.end
        assert part.content is not None
        assert (part.file_name, part.content_id, part.disposition, part.lines) is not None
