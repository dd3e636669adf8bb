"""ENVELOPE, BODY and BODYSTRUCTURE as the octets a FETCH answers, made once, at delivery.

RFC 9051 section 7.5.2. Strings are quoted where the grammar allows it and literals elsewhere, so
these octets fit IMAP4rev1 and IMAP4rev2 alike.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.mime import address, parameter
from desktopmail.mime.header import unfold
from desktopmail.wire.imap.octets import escaped_octets
from desktopmail.wire.imap.writer import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.mime.header import Header
    from desktopmail.mime.structure import Part

_QUOTABLE = re.compile(rb"[^\x00\r\n\x80-\xff]*+")
_MAX_QUOTED_OCTETS = 1000
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_NIL = b"NIL"
_REMEMBERED_OCTETS = 256


def string(octets: bytes) -> bytes:
    """Return octets as a quoted string or a literal; a NUL, which neither may hold, becomes `?`."""
    if b"\0" in octets:
        octets = octets.replace(b"\0", b"?")
    if len(octets) <= _MAX_QUOTED_OCTETS and _QUOTABLE.fullmatch(octets):
        return quote(octets)
    return b"{%d}\r\n%b" % (len(octets), octets)


def nstring(octets: bytes | None) -> bytes:
    """Return octets as a string, None as NIL."""
    return _NIL if octets is None else string(octets)


def envelope(header: Header) -> bytes:
    """Return the ENVELOPE of a message; encoded words stay as they are."""
    from_ = _addresses(header.raws("from"))
    sender, reply_to = _addresses(header.raws("sender")), _addresses(header.raws("reply-to"))
    return b"(%b)" % b" ".join(
        [
            _field(header, "date"),
            _field(header, "subject"),
            from_,
            from_ if sender == _NIL else sender,
            from_ if reply_to == _NIL else reply_to,
            _addresses(header.raws("to")),
            _addresses(header.raws("cc")),
            _addresses(header.raws("bcc")),
            _field(header, "in-reply-to"),
            _field(header, "message-id"),
        ]
    )


def _field(header: Header, name: str) -> bytes:
    raw = header.raw(name)
    return _NIL if raw is None else string(_unfolded(raw))


def _unfolded(raw: bytes) -> bytes:
    if b"\n" in raw:
        raw = _FOLD.sub(b"", raw).replace(b"\n", b" ")
    return raw.strip(b" \t\r").replace(b"\r", b" ")


def _addresses(raws: Iterable[bytes]) -> bytes:
    lists = [
        _remembered_list(raw) if len(raw) <= _REMEMBERED_OCTETS else _address_list(raw)
        for raw in raws
    ]
    octets = b"".join(lists)
    return b"(%b)" % octets if octets else _NIL


def _address_list(raw: bytes) -> bytes:
    return b"".join(
        [
            b"(%b %b %b %b)"
            % (_text(entry.name), _text(entry.route), _text(entry.local), _text(entry.domain))
            for entry in address.entries(unfold(raw))
        ]
    )


# A mailbox is full of the same few people.
_remembered_list = lru_cache(maxsize=1024)(_address_list)


def _text(text: str | None) -> bytes:
    return _NIL if text is None else string(escaped_octets(text))


def structures(root: Part) -> tuple[bytes, bytes]:
    """Return the BODY of a message (no extension data) and its BODYSTRUCTURE, in one walk."""
    # Children first, without recursion: depth is the sender's choice.
    order = list(root.walk())
    done: dict[int, tuple[bytes, bytes]] = {}
    for part in reversed(order):
        done[id(part)] = _one(part, [done.pop(id(child)) for child in part.children])
    return done[id(root)]


def body(part: Part) -> bytes:
    """Return the BODY of a message: the structure without extension data."""
    return structures(part)[0]


def structure(part: Part) -> bytes:
    """Return the BODYSTRUCTURE of a message."""
    return structures(part)[1]


def _one(part: Part, children: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    raw = part.header.raw("content-type")
    pairs = parameter.raw(unfold(raw))[1] if raw is not None else []
    if part.is_multipart:
        return _multipart(part, pairs, children)
    kind, subtype = _media_type(part)
    pieces = [string(kind.upper().encode()), string(subtype.upper().encode())]
    pieces += [_parameters(pairs) if pairs else _default_charset(kind)]
    pieces += [_field(part.header, "content-id"), _field(part.header, "content-description")]
    pieces += [string(_encoding(part)), b"%d" % part.size]
    short = long = b" ".join(pieces)
    if part.is_message:
        before, lines = envelope(part.children[0].header), part.lines
        short = b"%b %b %b %d" % (short, before, children[0][0], lines)
        long = b"%b %b %b %d" % (long, before, children[0][1], lines)
    elif kind == "text":
        short = long = b"%b %d" % (short, part.lines)
    long = b"%b %b %b" % (long, _field(part.header, "content-md5"), _extensions(part))
    return b"(%b)" % short, b"(%b)" % long


def _multipart(
    part: Part, pairs: list[tuple[str, str]], children: list[tuple[bytes, bytes]]
) -> tuple[bytes, bytes]:
    subtype = string(part.subtype.upper().encode())
    short = b"(%b %b)" % (b"".join([child[0] for child in children]), subtype)
    whole = b"".join([child[1] for child in children])
    return short, b"(%b %b %b %b)" % (whole, subtype, _parameters(pairs), _extensions(part))


def _media_type(part: Part) -> tuple[str, str]:
    # A multipart without parts has no form of its own, and a message that could not be read has no
    # envelope: both are shown as the leaves they are.
    if part.type == "multipart":
        return "text", "plain"
    if part.media_type in {"message/rfc822", "message/global"} and not part.is_message:
        return "application", "octet-stream"
    return part.type, part.subtype


def _default_charset(kind: str) -> bytes:
    # RFC 2045 section 5.2: text without a charset is US-ASCII, and servers say so.
    return b'("CHARSET" "us-ascii")' if kind == "text" else _NIL


def _parameters(pairs: list[tuple[str, str]]) -> bytes:
    if not pairs:
        return _NIL
    return b"(%b)" % b" ".join(
        [
            b"%b %b" % (string(escaped_octets(name).upper()), string(escaped_octets(value)))
            for name, value in pairs
        ]
    )


def _encoding(part: Part) -> bytes:
    return part.encoding.upper().encode("ascii", "replace") or b"7BIT"


def _extensions(part: Part) -> bytes:
    return b"%b %b %b" % (
        _disposition(part),
        _languages(part.languages),
        _field(part.header, "content-location"),
    )


def _disposition(part: Part) -> bytes:
    raw = part.header.raw("content-disposition")
    if raw is None:
        return _NIL
    value, pairs = parameter.raw(unfold(raw))
    return b"(%b %b)" % (string(escaped_octets(value or "attachment")), _parameters(pairs))


def _languages(tags: tuple[str, ...]) -> bytes:
    if not tags:
        return _NIL
    octets = [string(escaped_octets(tag)) for tag in tags]
    return octets[0] if len(octets) == 1 else b"(%b)" % b" ".join(octets)
