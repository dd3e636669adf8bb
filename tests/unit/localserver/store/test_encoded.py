"""ENVELOPE and BODYSTRUCTURE as octets."""

from __future__ import annotations

import pytest

from desktopmail.mime import structure
from desktopmail.wire.imap.bodypart import MultiPart, SinglePart
from desktopmail.wire.imap.bodystructure import decode_body
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.envelope import decode_envelope
from localserver.store import encoded
from tests.helpers.corpora import message_parameters


@pytest.mark.parametrize(
    ("octets", "written"),
    [
        (b"plain", b'"plain"'), (b'a "quote" \\', b'"a \\"quote\\" \\\\"'), (b"", b'""'),
        (b"\xc3\xbc", b"{2}\r\n\xc3\xbc"), (b"a\r\nb", b"{4}\r\na\r\nb"), (b"a\0b", b'"a?b"'),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
    ],
)  # fmt: skip
def test_strings_are_quoted_where_they_can_be(octets: bytes, written: bytes) -> None:
    assert encoded.string(octets) == written


def test_missing_senders_are_those_of_from_and_groups_have_begin_and_end() -> None:
    root = structure.parse(b"From: a@x\r\nTo: Team: b@y, c@z;\r\n\r\n")
    assert encoded.envelope(root.header) == (
        b'(NIL NIL ((NIL NIL "a" "x")) ((NIL NIL "a" "x")) ((NIL NIL "a" "x")) '
        b'((NIL NIL "Team" NIL)(NIL NIL "b" "y")(NIL NIL "c" "z")(NIL NIL NIL NIL)) '
        b"NIL NIL NIL NIL)"
    )


def test_a_multipart_with_an_enclosed_message() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n"
        b'\r\nSubject: inside\r\n\r\nhi\r\n--x\r\nContent-Type: image/png; name="a.png"\r\n'
        b"Content-Disposition: attachment; filename=a.png\r\nContent-Language: de, en\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n"
    )
    body = decode_body(Cursor(encoded.structure(structure.parse(octets))))
    assert isinstance(body, MultiPart)
    message, image = body.parts
    assert isinstance(message, SinglePart)
    assert isinstance(image, SinglePart)
    assert message.envelope is not None
    assert message.envelope.subject == b"inside"
    assert image.language == (b"de", b"en")
    assert image.disposition is not None
    assert image.disposition.parameters == ((b"FILENAME", b"a.png"),)


def test_a_multipart_without_parts_is_a_text_with_lines() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno parts\r\nat all\r\n"
    written = b'("TEXT" "PLAIN" ("BOUNDARY" "x") NIL NIL "7BIT" 18 2'
    short, long = encoded.structures(structure.parse(octets))
    assert short == written + b")"
    assert long == written + b" NIL NIL NIL NIL)"


@pytest.mark.parametrize("octets", message_parameters())
def test_our_own_client_reads_what_is_written_of_every_message(octets: bytes) -> None:
    root = structure.parse(octets)
    for written, decode in (
        (encoded.envelope(root.header), decode_envelope),
        (encoded.structure(root), decode_body),
        (encoded.body(root), decode_body),
    ):
        cursor = Cursor(written)
        decode(cursor)
        assert cursor.at_end
