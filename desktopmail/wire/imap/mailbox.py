"""Mailbox names: text to us, modified UTF-7 or UTF-8 on the wire, and never lost in between."""

# mailbox = "INBOX" / astring                                        ; RFC 9051 section 9
#
# IMAP4rev1 carries other than ASCII in modified UTF-7 (RFC 3501 section 5.1.3), IMAP4rev2 and
# UTF8=ACCEPT in UTF-8. Real servers also hold names that are neither: a bare `&`, 8-bit octets, a
# shift sequence written in another way than ours. Those keep their octets through
# `octets.escape`, so that the name we send back is the name they know.

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.octets import escape, escaped_octets, escaped_text, is_escape

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

INBOX: Final = "INBOX"

_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*+)-")
_PRINTABLE = re.compile(rb"([\x20-\x7e]++)")
_DIRECT = re.compile("([\x20-\x25\x27-\x7e]+)")
_REFUSED = re.compile("[\r\n\0]")


def decode_utf7(octets: bytes) -> str:
    """Decode modified UTF-7 (RFC 3501 section 5.1.3); nothing makes it raise or lose an octet."""
    if b"&" not in octets:
        return _direct(octets)
    done: list[str] = []
    pos = 0
    while (start := octets.find(b"&", pos)) >= 0:
        done.append(_direct(octets[pos:start]))
        shift = _SHIFTED.match(octets, start)
        text = _unshift(shift[1]) if shift else None
        if shift is None or text is None:
            done.append(escape(b"&"))
            pos = start + 1
            continue
        done.append(text)
        pos = shift.end()
    done.append(_direct(octets[pos:]))
    name = "".join(done)
    # Two shifts side by side, say, mean the same as one; but only the peer's own spelling finds
    # the mailbox.
    return name if encode_utf7(name) == octets else escape_shifts(octets)


def escape_shifts(octets: bytes) -> str:
    """Carry every `&` of a name as an octet, so that the name is encoded as it came."""
    return escape(b"&").join(_direct(part) for part in octets.split(b"&"))


def _direct(octets: bytes) -> str:
    """Decode what stands outside of shifts: printable ASCII; all else is carried as octets."""
    return "".join(
        [
            piece.decode("ascii") if place % 2 else escape(piece)
            for place, piece in enumerate(_PRINTABLE.split(octets))
        ]
    )


def encode_utf7(name: str) -> bytes:
    """Encode modified UTF-7; characters that stand for octets become those octets again."""
    if name.isascii() and name.isprintable():
        return name.encode("ascii").replace(b"&", b"&-")
    return b"".join([_encode_piece(piece) for piece in _split(name)])


def _unshift(base64: bytes) -> str | None:
    """Return the characters of one shift, or None when we would not write it in this way."""
    if not base64:
        return "&"
    try:
        octets = b64decode(base64.replace(b",", b"/") + b"=" * (-len(base64) % 4), validate=True)
        text = octets.decode("utf-16-be")
    except (Base64Error, UnicodeDecodeError):
        return None
    if _REFUSED.search(text) or any(is_escape(character) for character in text):
        return None
    return text if _shift(text) == b"&%b-" % base64 else None


def _shift(text: str) -> bytes:
    base64 = b64encode(text.encode("utf-16-be", "replace")).rstrip(b"=").replace(b"/", b",")
    return b"&%b-" % base64


def _split(name: str) -> list[str]:
    return [piece for piece in re.split("([\uef00-\uefff]|[\x20-\x7e]+)", name) if piece]


def _encode_piece(piece: str) -> bytes:
    if _DIRECT.fullmatch(piece.replace("&", "")) or piece.strip("&") == "":
        return piece.encode("ascii").replace(b"&", b"&-")
    if len(piece) == 1 and is_escape(piece):
        return escaped_octets(piece)
    return _shift(piece)


def decode_mailbox(octets: bytes, *, utf8: bool) -> str:
    """Decode the name of a mailbox; INBOX is INBOX in any case."""
    if octets.upper() == b"INBOX":
        return INBOX
    return escaped_text(octets) if utf8 else decode_utf7(octets)


def encode_mailbox(name: str, *, utf8: bool) -> bytes:
    """Encode the name of a mailbox.

    Raises:
        LocalProtocolError: The name holds CR, LF or NUL.
    """
    octets = escaped_octets(name) if utf8 else encode_utf7(name)
    if _REFUSED.search(name) or b"\r" in octets or b"\n" in octets or b"\0" in octets:
        raise LocalProtocolError("the name of a mailbox cannot hold CR, LF or NUL")
    return octets


def read_mailbox(cursor: Cursor) -> str:
    """Read the name of a mailbox at the cursor."""
    return decode_mailbox(cursor.astring(), utf8=cursor.utf8)


def write_mailbox(writer: Writer, name: str) -> None:
    """Write the name of a mailbox."""
    writer.astring(encode_mailbox(name, utf8=writer.utf8))
