"""The BODYSTRUCTURE of a message: its MIME parts as a tree of values."""

# body            = "(" (body-type-1part / body-type-mpart) ")"      ; RFC 9051 section 9
# body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
# body-type-basic = media-basic SP body-fields
# body-type-msg   = media-message SP body-fields SP envelope SP body SP body-fld-lines
# body-type-text  = media-text SP body-fields SP body-fld-lines
# body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
#                   body-fld-octets
# body-ext-1part  = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc
#                   *(SP body-extension)]]]
# body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
# body-ext-mpart  = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc
#                   *(SP body-extension)]]]

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.bodypart import (
    BodyStructure,
    Disposition,
    MultiPart,
    Parameters,
    SinglePart,
)
from desktopmail.wire.imap.cursor import unquote
from desktopmail.wire.imap.envelope import Envelope, decode_envelope, encode_envelope, nstring_of
from desktopmail.wire.imap.limits import MAX_NESTING

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

_QUOTED = rb'(?>"[^"\\\r\n\x00]*+"|"(?:[^"\\\r\n\x00]++|\\["\\])*")'
_NSTRING = rb'(?>NIL|"[^"\\\r\n\x00]*+"|"(?:[^"\\\r\n\x00]++|\\["\\])*")'
_PARAMETERS = rb"(?>NIL|\((?:%b %b ?)+\))" % (_QUOTED, _QUOTED)
# A part without children and literals in one match: nearly every part there is.
_LEAF = re.compile(
    rb"\((%b) (%b) (%b) (%b) (%b) (%b) ([0-9]{1,18}+)(?: ([0-9]{1,18}+))?"
    rb"(?: (%b)(?: (NIL|\(%b %b\))(?: (%b|\((?>(?:%b ?)+)\))(?: (%b))?)?)?)?\)"
    % (
        _QUOTED, _QUOTED, _PARAMETERS, _NSTRING, _NSTRING, _NSTRING,
        _NSTRING, _QUOTED, _PARAMETERS, _NSTRING, _QUOTED, _NSTRING,
    )
)  # fmt: skip
# What stands behind the parts of a multipart, likewise.
_TAIL_PATTERN = (
    rb" ?(%b)(?: (%b)(?: (NIL|\(%b %b\))(?: (%b|\((?>(?:%b ?)+)\))(?: (%b))?)?)?)?\)"
    % (_QUOTED, _PARAMETERS, _QUOTED, _PARAMETERS, _NSTRING, _QUOTED, _NSTRING)
)
_TAIL = re.compile(_TAIL_PATTERN)
# A multipart whose parts were read: a NUL, which no string holds, stands for each of them.
_READ = b"\0"
_MULTIPART = re.compile(rb"\((?>(?:\x00 ?)+)%b" % _TAIL_PATTERN)
_USUAL_DEPTH = 8
_ONE_STRING = re.compile(_QUOTED)
_PLAIN_PAIR = re.compile(rb'"([^"]*+)" "([^"]*+)"')
_MAX_REMEMBERED_OCTETS = 256


def _string(octets: bytes) -> bytes:
    return unquote(octets[1:-1])


def _read_parameters(octets: bytes) -> Parameters:
    if b"\\" not in octets:
        return tuple(_PLAIN_PAIR.findall(octets))
    strings = [_string(found) for found in _ONE_STRING.findall(octets)]
    return tuple(zip(strings[::2], strings[1::2], strict=True))


_remembered = lru_cache(maxsize=512)(_read_parameters)


def _parameters(octets: bytes) -> Parameters:
    if octets == b"NIL":
        return ()
    if len(octets) <= _MAX_REMEMBERED_OCTETS:
        return _remembered(octets)
    return _read_parameters(octets)


def _disposition(octets: bytes | None) -> Disposition | None:
    if octets is None or octets == b"NIL":
        return None
    kind = _ONE_STRING.match(octets, 1)
    if kind is None:
        return None
    return Disposition(_string(kind[0]), _parameters(octets[kind.end() + 1 : -1]))


def _languages(octets: bytes | None) -> tuple[bytes, ...]:
    if octets is None or octets == b"NIL":
        return ()
    return tuple([_string(found) for found in _ONE_STRING.findall(octets)])


def _leaf(found: re.Match[bytes]) -> SinglePart:
    (
        media_type, subtype, parameters, content_id, description, encoding, size, lines,
        md5, disposition, language, location,
    ) = found.groups()  # fmt: skip
    if b"\\" not in found[0]:
        # The same, without a call for each of its strings: a first sync reads millions of them.
        return SinglePart(
            media_type[1:-1],
            subtype[1:-1],
            () if parameters == b"NIL" else _parameters(parameters),
            None if content_id == b"NIL" else content_id[1:-1],
            None if description == b"NIL" else description[1:-1],
            b"" if encoding == b"NIL" else encoding[1:-1],
            int(size),
            None if lines is None else int(lines),
            None,
            None,
            None if md5 is None or md5 == b"NIL" else md5[1:-1],
            None if disposition is None or disposition == b"NIL" else _disposition(disposition),
            () if language is None or language == b"NIL" else _languages(language),
            None if location is None or location == b"NIL" else location[1:-1],
        )
    return SinglePart(
        _string(media_type),
        _string(subtype),
        _parameters(parameters),
        None if content_id == b"NIL" else _string(content_id),
        None if description == b"NIL" else _string(description),
        b"" if encoding == b"NIL" else _string(encoding),
        int(size),
        None if lines is None else int(lines),
        None,
        None,
        None if md5 is None else nstring_of(md5),
        _disposition(disposition),
        _languages(language),
        None if location is None else nstring_of(location),
    )


_NUMBER = re.compile(rb" [0-9]{1,18}+(?![0-9])")
_BOUNDARY = re.compile(rb'\("(?:boundary|BOUNDARY)" "[^"\\\r\n\x00]*+"\)')


def shape_of(octets: bytes) -> bytes:
    """A whole structure with what differs from one message to the next put out.

    These are the sizes and, where it stands alone, the boundary. Numbers in strings go too, but
    behind a space only: a string without a space is what it was, and one with a space still has it.
    `leaves_of` tells of the shape what it tells of the structure, but for such strings.
    """
    shape = _NUMBER.sub(b" 0", octets)
    return _BOUNDARY.sub(b'("boundary" "")', shape) if shape.startswith(b"((") else shape


class Leaf(NamedTuple):
    """What a part that holds no others is, as the octets of its fields."""

    media_type: bytes
    parameters: bytes
    content_id: bytes
    disposition: bytes | None

    def read(self) -> SinglePart:
        """Read them: a part without a size."""
        return SinglePart(
            _string(self.media_type),
            b"",
            _parameters(self.parameters),
            nstring_of(self.content_id),
            disposition=_disposition(self.disposition),
        )


def leaves_of(octets: bytes) -> list[Leaf] | None:
    """The parts of a whole structure that hold no others, in order.

    Returns:
        None where that has to be read by `decode_body`: a message inside, literals, great depth.
    """
    found: list[Leaf] = []

    def note(part: re.Match[bytes]) -> bytes:
        found.append(Leaf(*part.group(1, 3, 4, 10)))
        return _READ

    alone = _LEAF.fullmatch(octets)
    if alone is not None:
        note(alone)
        return found
    if _READ in octets:
        return None
    left = _LEAF.sub(note, octets)
    for _ in range(_USUAL_DEPTH):
        if left == _READ:
            return found
        left = _MULTIPART.sub(_READ, left)
    return None


@dataclass(slots=True)
class _Message:
    """A message inside, whose own body is being read."""

    fields: SinglePart
    envelope: Envelope


def decode_body(cursor: Cursor) -> BodyStructure:
    """Read a body structure at the cursor, however deep it is, without recursion.

    Raises:
        RemoteProtocolError: It is none, or nests deeper than `MAX_NESTING`.
    """
    open_: list[list[BodyStructure] | _Message] = []
    while True:
        if len(open_) > MAX_NESTING:
            raise RemoteProtocolError("body parts nest too deep", limit="MAX_NESTING")
        if cursor.peek(b"(("):
            cursor.pos += 1
            open_.append([])
            continue
        part: BodyStructure | None
        found = _LEAF.match(cursor.octets, cursor.pos)
        if found is not None:
            cursor.pos = found.end()
            part = _leaf(found)
        else:
            begun = _decode_leaf(cursor)
            if isinstance(begun, _Message):
                open_.append(begun)
                continue
            part = begun
        part = _attach(cursor, open_, part)
        if part is not None:
            return part


def _attach(
    cursor: Cursor, open_: list[list[BodyStructure] | _Message], part: BodyStructure
) -> BodyStructure | None:
    """Put a part where it belongs, closing what ends with it; return the whole when all is read."""
    while open_:
        top = open_[-1]
        if isinstance(top, list):
            cursor.count()
            top.append(part)
            # Some servers put a space between parts (seen from Lotus Domino).
            octets, pos = cursor.octets, cursor.pos
            if octets.startswith(b" (", pos):
                cursor.pos = pos = pos + 1
            if octets.startswith(b"(", pos):
                return None
            part = _decode_tail(cursor, tuple(top))
        else:
            part = _decode_end_of_message(cursor, top, part)
        open_.pop()
    return part


def _decode_parameters(cursor: Cursor) -> Parameters:
    if cursor.nil():
        return ()
    cursor.expect(b"(")
    pairs: list[tuple[bytes, bytes]] = []
    while not cursor.skip(b")"):
        cursor.count()
        name = cursor.nstring()
        cursor.sp()
        value = cursor.nstring()
        pairs.append((name or b"", value or b""))
        cursor.skip_sp()
    return tuple(pairs)


def _decode_disposition(cursor: Cursor) -> Disposition | None:
    if cursor.nil():
        return None
    # A bare string is what some servers send for a disposition without parameters.
    if cursor.is_string():
        return Disposition(cursor.string())
    cursor.expect(b"(")
    kind = cursor.nstring() or b""
    parameters: Parameters = ()
    if cursor.skip_sp():
        parameters = _decode_parameters(cursor)
    cursor.expect(b")")
    return Disposition(kind, parameters)


def _decode_languages(cursor: Cursor) -> tuple[bytes, ...]:
    if cursor.peek(b"("):
        return tuple(name for name in cursor.parenthesised(lambda c: c.nstring()) if name)
    name = cursor.nstring()
    return () if name is None else (name,)


def _decode_extensions(
    cursor: Cursor,
) -> tuple[Disposition | None, tuple[bytes, ...], bytes | None, tuple[bytes, ...]]:
    disposition = _decode_disposition(cursor) if cursor.skip_sp() else None
    language = _decode_languages(cursor) if cursor.skip_sp() else ()
    location = cursor.nstring() if cursor.skip_sp() else None
    more: list[bytes] = []
    while cursor.skip_sp():
        cursor.count()
        if not cursor.peek(b")"):
            more.append(cursor.skip_value())
    return disposition, language, location, tuple(more)


def _decode_leaf(cursor: Cursor) -> SinglePart | _Message:
    cursor.expect(b"(")
    media_type = cursor.nstring() or b""
    cursor.sp()
    subtype = cursor.nstring() or b""
    cursor.sp()
    parameters = _decode_parameters(cursor)
    cursor.sp()
    content_id = cursor.nstring()
    cursor.sp()
    description = cursor.nstring()
    cursor.sp()
    encoding = cursor.nstring() or b""
    cursor.sp()
    # Exchange sends NIL for the size of parts it cannot read.
    size = 0 if cursor.nil() else cursor.number64()
    part = SinglePart(media_type, subtype, parameters, content_id, description, encoding, size)
    if cursor.peek(b" (") and media_type.upper() == b"MESSAGE":
        cursor.sp()
        envelope = decode_envelope(cursor)
        cursor.sp()
        return _Message(part, envelope)
    return _decode_end_of_part(cursor, part)


def _decode_end_of_part(cursor: Cursor, part: SinglePart) -> SinglePart:
    """Read lines and extension data, where they are, and the closing parenthesis."""
    if not cursor.skip_sp():
        cursor.expect(b")")
        return part
    if cursor.octets[cursor.pos : cursor.pos + 1].isdigit():
        part = part._replace(lines=cursor.number64())
        if not cursor.skip_sp():
            cursor.expect(b")")
            return part
    if cursor.skip(b")"):
        return part
    md5 = cursor.nstring()
    disposition, language, location, extensions = _decode_extensions(cursor)
    cursor.expect(b")")
    return part._replace(
        md5=md5, disposition=disposition, language=language, location=location,
        extensions=extensions,
    )  # fmt: skip


def _decode_end_of_message(cursor: Cursor, top: _Message, body: BodyStructure) -> SinglePart:
    return _decode_end_of_part(cursor, top.fields._replace(envelope=top.envelope, body=body))


def _decode_tail(cursor: Cursor, parts: tuple[BodyStructure, ...]) -> MultiPart:
    found = _TAIL.match(cursor.octets, cursor.pos)
    if found is not None:
        cursor.pos = found.end()
        subtype, parameters, disposition, language, location = found.groups()
        return MultiPart(
            parts,
            _string(subtype),
            () if parameters is None else _parameters(parameters),
            _disposition(disposition),
            _languages(language),
            None if location is None else nstring_of(location),
        )
    cursor.skip_sp()
    name = cursor.nstring() or b""
    if not cursor.skip_sp() or cursor.peek(b")"):
        cursor.expect(b")")
        return MultiPart(parts, name)
    values = _decode_parameters(cursor)
    rest = _decode_extensions(cursor)
    cursor.expect(b")")
    return MultiPart(parts, name, values, *rest)


def _encode_parameters(writer: Writer, parameters: Parameters) -> None:
    if not parameters:
        writer.raw(b"NIL")
        return
    writer.raw(b"(")
    for place, (name, value) in enumerate(parameters):
        if place:
            writer.sp()
        writer.string(name)
        writer.sp()
        writer.string(value)
    writer.raw(b")")


def _encode_extensions(writer: Writer, part: BodyStructure) -> None:
    writer.sp()
    if part.disposition is None:
        writer.raw(b"NIL")
    else:
        writer.raw(b"(")
        writer.string(part.disposition.kind)
        writer.sp()
        _encode_parameters(writer, part.disposition.parameters)
        writer.raw(b")")
    writer.sp()
    if not part.language:
        writer.raw(b"NIL")
    elif len(part.language) == 1:
        writer.string(part.language[0])
    else:
        writer.raw(b"(")
        for place, name in enumerate(part.language):
            if place:
                writer.sp()
            writer.string(name)
        writer.raw(b")")
    writer.sp()
    writer.nstring(part.location)
    for extension in part.extensions:
        writer.sp()
        writer.raw(extension)


def _encode_fields(writer: Writer, part: SinglePart) -> None:
    writer.string(part.media_type)
    writer.sp()
    writer.string(part.subtype)
    writer.sp()
    _encode_parameters(writer, part.parameters)
    writer.sp()
    writer.nstring(part.content_id)
    writer.sp()
    writer.nstring(part.description)
    writer.sp()
    writer.string(part.encoding)
    writer.sp()
    writer.number(part.size)


def encode_body(writer: Writer, body: BodyStructure, *, extended: bool = True) -> None:
    """Write a body structure, however deep it is, without recursion.

    Args:
        writer: Where to.
        body: What.
        extended: Write the extension data of BODYSTRUCTURE, which BODY does not have.

    Raises:
        LocalProtocolError: A multipart has no parts, or nests deeper than `MAX_NESTING`.
    """
    pending: list[tuple[BodyStructure, bool, int]] = [(body, False, 0)]
    while pending:
        part, is_ending, depth = pending.pop()
        if depth > MAX_NESTING:
            raise LocalProtocolError("body parts nest too deep")
        if is_ending:
            _encode_end(writer, part, extended=extended)
        elif isinstance(part, MultiPart):
            if not part.parts:
                raise LocalProtocolError("a multipart without parts cannot be sent")
            writer.raw(b"(")
            pending.append((part, True, depth))
            pending += [(child, False, depth + 1) for child in reversed(part.parts)]
        else:
            writer.raw(b"(")
            _encode_fields(writer, part)
            pending.append((part, True, depth))
            if part.body is not None:
                writer.sp()
                encode_envelope(writer, part.envelope or Envelope())
                writer.sp()
                pending.append((part.body, False, depth + 1))


def _encode_end(writer: Writer, part: BodyStructure, *, extended: bool) -> None:
    if isinstance(part, MultiPart):
        writer.sp()
        writer.string(part.subtype)
        if extended:
            writer.sp()
            _encode_parameters(writer, part.parameters)
    else:
        if part.lines is not None:
            writer.sp()
            writer.number(part.lines)
        if extended:
            writer.sp()
            writer.nstring(part.md5)
    if extended:
        _encode_extensions(writer, part)
    writer.raw(b")")
