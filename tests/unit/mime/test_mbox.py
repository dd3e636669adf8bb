"""Files of the format mbox, parted: each octet belongs to one piece."""

from __future__ import annotations

from io import BytesIO

import pytest

from desktopmail.mime.mbox import MboxError, begins, message_of, pieces, quoted, unquoted

SEPARATOR = b"From ann@example.org Mon Nov 23 07:00:00 2026\n"
ONE = b"Subject: one\nStatus: ro\n\nFrom me\n\nFrom you\n\n"
COUNTED = b"Subject: two\nContent-Length: 6\n\nhello\n\n"


def test_pieces_hold_all_octets_of_a_file() -> None:
    octets = SEPARATOR + ONE + SEPARATOR + COUNTED + SEPARATOR + b"Subject: three\n"
    found = list(pieces(BytesIO(b"\n" + octets)))
    assert octets == b"".join(
        each.separator + each.head + each.body + each.between for each in found
    )
    assert [each.is_counted for each in found] == [False, True, False]


def test_a_length_is_not_believed_where_all_is_quoted() -> None:
    file = BytesIO(SEPARATOR + COUNTED.replace(b"6", b"71") + SEPARATOR + b"Subject: three\n\n12")
    assert len(list(pieces(file))) == 1
    file.seek(0)
    assert len(list(pieces(file, lambda head: b"Content-Length" in head))) == 2


def test_a_message_has_no_fields_of_the_file_and_its_flags() -> None:
    (piece,) = pieces(BytesIO(SEPARATOR + ONE.replace(b"\n", b"\r\n")))
    message = message_of(piece)
    assert message is not None
    assert message.lines == b"Subject: one\n\nFrom me\n\nFrom you\n"
    assert (message.status, message.more_status, message.keywords) == (b"RO", b"", ())
    assert message.date_s == 1_795_417_200


def test_what_does_not_begin_with_a_separator_is_none() -> None:
    assert list(pieces(BytesIO(b"\r\n\n"))) == []
    for octets in (b"From here on\n", b"Subject: x\n"):
        with pytest.raises(MboxError):
            list(pieces(BytesIO(octets)))
    assert begins(b"\r\n" + SEPARATOR)
    assert not begins(b"Subject: x\n")


def test_what_is_quoted_is_what_it_was() -> None:
    octets = b"From x\n>From y\n >From z\n"
    assert quoted(octets) == b">From x\n>>From y\n >From z\n"
    assert unquoted(quoted(octets)) == octets
