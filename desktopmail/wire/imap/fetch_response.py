"""What a server tells of one message, asked by FETCH or unasked."""

# message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))    ; RFC 9051 section 9
# msg-att      = "(" (msg-att-dynamic / msg-att-static) *(SP …) ")"

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.bodystructure import decode_body, encode_body
from desktopmail.wire.imap.cursor import Cursor, Streamed
from desktopmail.wire.imap.dates import date_time_octets, decode_date_time
from desktopmail.wire.imap.envelope import Envelope, decode_envelope, encode_envelope
from desktopmail.wire.imap.fetch_item import ITEM_NAME
from desktopmail.wire.imap.flags import (
    Flag,
    decode_flags,
    flag_octets,
    parse_flags,
)
from desktopmail.wire.imap.section import (
    HEADER,
    TEXT,
    WHOLE,
    Section,
    decode_origin,
    decode_part,
    decode_section,
    encode_section,
)
from desktopmail.wire.imap.sequence import Seq, Uid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktopmail.wire.imap.bodypart import BodyStructure
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class SectionData:
    """`BODY[section]<origin>` of an answer.

    Attributes:
        section: Which part of the message.
        origin: Where it begins, when a range was asked for.
        octets: The octets, None for NIL, `Streamed` when they were handed on as they came.
    """

    section: Section
    octets: bytes | Streamed | None
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class BinaryData:
    """`BINARY[part]<origin>` of an answer: octets without their transfer encoding."""

    part: tuple[int, ...]
    octets: bytes | Streamed | None
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class BinarySize:
    """`BINARY.SIZE[part]` of an answer."""

    part: tuple[int, ...]
    size: int


# A named tuple, because twenty thousand of these are made in one go.
class FetchResponse(NamedTuple):
    """What a server tells of one message, asked or unasked. None and () mean "not told".

    Attributes:
        seq: Its message sequence number at this moment.
        uid: Its UID.
        flags: All its flags.
        modseq: Its mod-sequence (CONDSTORE).
        size: RFC822.SIZE.
        internal_date: INTERNALDATE.
        envelope: ENVELOPE.
        body_structure: BODYSTRUCTURE, or BODY without extension data.
        sections: Contents asked for with BODY[…] or RFC822….
        binary: Contents asked for with BINARY[…].
        binary_sizes: BINARY.SIZE[…].
        email_id: EMAILID (OBJECTID).
        thread_id: THREADID; `""` means that the server has none for it.
        preview: PREVIEW; `b""` means that there is none, or not yet.
        save_date: SAVEDATE; `False` means that the server keeps none.
        others: Items of no known extension, unread: (name, octets).
    """

    seq: Seq
    uid: Uid | None = None
    flags: frozenset[Flag] | None = None
    modseq: int | None = None
    size: int | None = None
    internal_date: datetime | None = None
    envelope: Envelope | None = None
    body_structure: BodyStructure | None = None
    sections: tuple[SectionData, ...] = ()
    binary: tuple[BinaryData, ...] = ()
    binary_sizes: tuple[BinarySize, ...] = ()
    email_id: str | None = None
    thread_id: str | None = None
    preview: bytes | None = None
    save_date: datetime | bool | None = None
    others: tuple[tuple[bytes, bytes], ...] = ()

    def section(self, section: Section = WHOLE) -> bytes | None:
        """Return the octets of a section that was asked for in whole, or None."""
        for data in self.sections:
            if data.section.is_same(section) and not isinstance(data.octets, Streamed):
                return data.octets
        return None

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"%d FETCH (%b" % (self.seq, _plain_octets(self)))
        if self[_FIRST_WITH_STRINGS:] != _NO_STRINGS:
            _encode_items(writer, self)
        writer.raw(b")")


_FIRST_WITH_STRINGS: Final = FetchResponse._fields.index("envelope")
_NO_STRINGS: Final = FetchResponse(Seq(1))[_FIRST_WITH_STRINGS:]


def plain_fetch_octets(answer: FetchResponse) -> bytes | None:
    """Write a whole answer that holds no strings in one step, CRLF included; None if it does."""
    if answer[_FIRST_WITH_STRINGS:] != _NO_STRINGS:
        return None
    return b"* %d FETCH (%b)\r\n" % (answer[0], _plain_octets(answer))


def _plain_octets(answer: FetchResponse) -> bytes:
    _, uid, flags, modseq, size, when, *_ = answer
    if uid is not None and flags is not None and size is None and when is None:
        if modseq is None:
            return b"UID %d FLAGS (%b)" % (uid, flag_octets(flags))
        return b"UID %d FLAGS (%b) MODSEQ (%d)" % (uid, flag_octets(flags), modseq)
    words: list[bytes] = []
    if uid is not None:
        words.append(b"UID %d" % uid)
    if flags is not None:
        words.append(b"FLAGS (%b)" % flag_octets(flags))
    if modseq is not None:
        words.append(b"MODSEQ (%d)" % modseq)
    if size is not None:
        words.append(b"RFC822.SIZE %d" % size)
    if when is not None:
        words.append(b"INTERNALDATE %b" % date_time_octets(when))
    return b" ".join(words)


def _encode_items(writer: Writer, answer: FetchResponse) -> None:
    separator = b" " if any(value is not None for value in answer[1:_FIRST_WITH_STRINGS]) else b""

    def name(octets: bytes) -> None:
        nonlocal separator
        writer.raw(separator + octets)
        separator = b" "

    if answer.envelope is not None:
        name(b"ENVELOPE ")
        encode_envelope(writer, answer.envelope)
    if answer.body_structure is not None:
        name(b"BODYSTRUCTURE ")
        encode_body(writer, answer.body_structure)
    if answer.email_id is not None:
        name(b"EMAILID ")
        _encode_object_id(writer, answer.email_id)
    if answer.thread_id is not None:
        name(b"THREADID ")
        _encode_object_id(writer, answer.thread_id)
    if answer.save_date is not None:
        name(b"SAVEDATE ")
        moment = answer.save_date
        writer.raw(b"NIL" if isinstance(moment, bool) else date_time_octets(moment))
    if answer.preview is not None:
        name(b"PREVIEW ")
        writer.string(answer.preview)
    for size in answer.binary_sizes:
        name(b"BINARY.SIZE")
        encode_section(writer, Section(size.part))
        writer.raw(b" %d" % size.size)
    for data in answer.binary:
        name(b"BINARY")
        encode_section(writer, Section(data.part))
        _encode_octets(writer, data.origin, data.octets, binary=True)
    for content in answer.sections:
        name(b"BODY")
        encode_section(writer, content.section)
        _encode_octets(writer, content.origin, content.octets, binary=False)
    for other, value in answer.others:
        name(other + b" " + value)


def _encode_object_id(writer: Writer, text: str) -> None:
    if not text:
        writer.raw(b"NIL")
        return
    writer.raw(b"(")
    writer.atom(text.encode("ascii", "replace"))
    writer.raw(b")")


def _encode_octets(
    writer: Writer, origin: int | None, octets: bytes | Streamed | None, *, binary: bool
) -> None:
    writer.raw(b" " if origin is None else b"<%d> " % origin)
    if isinstance(octets, Streamed):
        raise LocalProtocolError("what was streamed cannot be sent again")
    if octets is None:
        writer.raw(b"NIL")
    else:
        # Contents always go as a literal: clients look for one, and a first octet that would be
        # quoted and a second that would not must not change the shape of the answer.
        writer.literal(octets, binary=binary and b"\0" in octets)


# A whole answer of UID, FLAGS and MODSEQ in any order: what a sync of flags consists of. Numbers
# near the end of their range and long lists go the slow way, which measures them.
QUICK: Final = re.compile(
    rb"\* (?!0)([1-3]?[0-9]{1,9}) FETCH \("
    rb"(?>(?:(?:UID (?!0)([1-3]?[0-9]{1,9})|FLAGS \(([^()\r\n\"{]{0,4096}+)\)"
    rb"|MODSEQ \(([0-9]{1,18})\))"
    rb"(?: (?!\))|(?=\))))+)\)\r\n"
)


def quick_fetch(found: re.Match[bytes]) -> FetchResponse:
    """Make the answer that `QUICK` matched."""
    seq, uid, flags, modseq = found.groups()
    return _new(
        FetchResponse,
        (
            int(seq),
            None if uid is None else int(uid),
            None if flags is None else parse_flags(flags),
            None if modseq is None else int(modseq),
            None, None, None, None, (), (), (), None, None, None, None, (),
        ),
    )  # fmt: skip


# An answer that ends in a whole message or its header, with what is asked for in front of it: no
# large one, which comes in many reads.
MAX_QUICK_OCTETS: Final = 64 * 1024
QUICK_CONTENT: Final = re.compile(
    rb"\* (?!0)([1-3]?[0-9]{1,9}) FETCH \("
    rb"(?>(?:(?:UID (?!0)([1-3]?[0-9]{1,9})|FLAGS \(([^()\r\n\"{]{0,4096}+)\)"
    rb"|MODSEQ \(([0-9]{1,18})\)|RFC822\.SIZE ([0-9]{1,18})|INTERNALDATE (\"[^\"\r\n]{26}\")) )*)"
    rb"BODY\[(HEADER)?\] \{([0-9]{1,5})\}\r\n"
)
QUICK_END: Final = b")\r\n"


def quick_content(found: re.Match[bytes], octets: bytes) -> FetchResponse | None:
    """Make the answer that `QUICK_CONTENT` matched; None where its date has to be looked at."""
    seq, uid, flags, modseq, size, date, header, _ = found.groups()
    when = None
    if date is not None:
        try:
            when = decode_date_time(Cursor(date))
        except RemoteProtocolError:
            return None
    return _new(
        FetchResponse,
        (
            int(seq),
            None if uid is None else int(uid),
            None if flags is None else parse_flags(flags),
            None if modseq is None else int(modseq),
            None if size is None else int(size),
            when,
            None, None,
            (SectionData(WHOLE if header is None else HEADER, octets),),
            (), (), None, None, None, None, (),
        ),
    )  # fmt: skip


_new: Final[Callable[[type[FetchResponse], tuple[Any, ...]], FetchResponse]] = tuple.__new__

_OPENING = re.compile(rb"[Ff][Ee][Tt][Cc][Hh] \(")
# What we ask for in front of everything else, in the order in which most servers tell it: read in
# one match, where item by item takes four times as long.
_ROW = re.compile(
    rb"UID ([1-9][0-9]{0,8}) FLAGS \(([^()\r\n\"{]*+)\) INTERNALDATE (\"[^\"\r\n]{26}\")"
    rb" RFC822\.SIZE ([0-9]{1,18}) "
)


def decode_fetch(cursor: Cursor, seq: int) -> FetchResponse:
    """Read an answer behind its number.

    An item that comes twice counts with its last value, but for contents, which are all kept.
    """
    cursor.match(_OPENING, "FETCH and a list")
    answer = _Answer()
    if cursor.lenient:
        cursor.spaces()
        _read_row(cursor, answer)
    while not cursor.skip(b")"):
        found = ITEM_NAME.match(cursor.octets, cursor.pos)
        read = None
        if found is not None:
            name = found[0]
            read = _READERS.get(name) or _READERS.get(name.upper())
        if found is not None and read is not None:
            cursor.pos = found.end()
            read(cursor, answer)
        else:
            _read_other(cursor, answer)
        if not cursor.skip_sp() and not cursor.peek(b")"):
            raise cursor.error("a space or the end of the list")
    return FetchResponse(
        Seq(seq), answer.uid, answer.flags, answer.modseq, answer.size, answer.internal_date,
        answer.envelope, answer.body_structure, tuple(answer.sections), tuple(answer.binary),
        tuple(answer.binary_sizes), answer.email_id, answer.thread_id, answer.preview,
        answer.save_date, tuple(answer.others),
    )  # fmt: skip


class _Answer:
    """An answer while it is being read."""

    __slots__ = (
        "binary", "binary_sizes", "body_structure", "email_id", "envelope", "flags",
        "internal_date", "modseq", "others", "preview", "save_date", "sections", "size",
        "thread_id", "uid",
    )  # fmt: skip

    def __init__(self) -> None:
        self.uid: Uid | None = None
        self.flags: frozenset[Flag] | None = None
        self.modseq: int | None = None
        self.size: int | None = None
        self.internal_date: datetime | None = None
        self.envelope: Envelope | None = None
        self.body_structure: BodyStructure | None = None
        self.sections: list[SectionData] = []
        self.binary: list[BinaryData] = []
        self.binary_sizes: list[BinarySize] = []
        self.email_id: str | None = None
        self.thread_id: str | None = None
        self.preview: bytes | None = None
        self.save_date: datetime | bool | None = None
        self.others: list[tuple[bytes, bytes]] = []


def _read_row(cursor: Cursor, answer: _Answer) -> None:
    """Read the usual beginning, where it is one; else nothing."""
    found = _ROW.match(cursor.octets, cursor.pos)
    if found is None:
        return
    cursor.pos = found.start(3)
    answer.internal_date = decode_date_time(cursor)
    answer.uid = Uid(int(found[1]))
    answer.flags = parse_flags(found[2])
    answer.size = int(found[4])
    cursor.pos = found.end()


def _read_uid(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.uid = Uid(cursor.nz_number())


def _read_flags(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.flags = decode_flags(cursor)


def _read_modseq(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    cursor.expect(b"(")
    answer.modseq = cursor.number64()
    cursor.expect(b")")


def _read_size(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.size = cursor.number64()


def _read_internal_date(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    # Exchange has messages without a date and says so.
    answer.internal_date = None if cursor.nil() else decode_date_time(cursor)


def _read_envelope(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.envelope = None if cursor.nil() else decode_envelope(cursor)


def _read_body_structure(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.body_structure = None if cursor.nil() else decode_body(cursor)


def _read_body(cursor: Cursor, answer: _Answer) -> None:
    if cursor.peek(b"["):
        section = decode_section(cursor)
        origin = decode_origin(cursor)
        cursor.sp()
        answer.sections.append(SectionData(section, cursor.nstring_or_streamed(), origin))
    else:
        _read_body_structure(cursor, answer)


def _read_rfc822(section: Section) -> Callable[[Cursor, _Answer], None]:
    def read(cursor: Cursor, answer: _Answer) -> None:
        cursor.sp()
        answer.sections.append(SectionData(section, cursor.nstring_or_streamed()))

    return read


def _read_binary(cursor: Cursor, answer: _Answer) -> None:
    part = decode_part(cursor)
    origin = decode_origin(cursor)
    cursor.sp()
    answer.binary.append(BinaryData(part, cursor.nstring_or_streamed(), origin))


def _read_binary_size(cursor: Cursor, answer: _Answer) -> None:
    part = decode_part(cursor)
    cursor.sp()
    answer.binary_sizes.append(BinarySize(part, cursor.number64()))


def _object_id(cursor: Cursor) -> str:
    cursor.sp()
    if cursor.nil():
        return ""
    cursor.expect(b"(")
    octets = cursor.astring()
    cursor.expect(b")")
    return octets.decode("ascii", "replace")


def _read_email_id(cursor: Cursor, answer: _Answer) -> None:
    answer.email_id = _object_id(cursor)


def _read_thread_id(cursor: Cursor, answer: _Answer) -> None:
    answer.thread_id = _object_id(cursor)


def _read_preview(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.preview = cursor.nstring() or b""


def _read_save_date(cursor: Cursor, answer: _Answer) -> None:
    cursor.sp()
    answer.save_date = False if cursor.nil() else decode_date_time(cursor)


_OTHER_NAME = re.compile(rb"[A-Za-z0-9._:-]++(?>(?:\[[^\]\r\n]*+\](?>(?:<[0-9]++>)?))?)")


def _read_other(cursor: Cursor, answer: _Answer) -> None:
    """Keep an item we do not know (`X-GM-MSGID`, say) as its octets."""
    name = cursor.match(_OTHER_NAME, "an item of FETCH")
    cursor.sp()
    answer.others.append((name.upper(), cursor.skip_value()))


_READERS: Final[dict[bytes, Callable[[Cursor, _Answer], None]]] = {
    b"UID": _read_uid,
    b"FLAGS": _read_flags,
    b"MODSEQ": _read_modseq,
    b"RFC822.SIZE": _read_size,
    b"INTERNALDATE": _read_internal_date,
    b"ENVELOPE": _read_envelope,
    b"BODYSTRUCTURE": _read_body_structure,
    b"BODY": _read_body,
    b"RFC822": _read_rfc822(WHOLE),
    b"RFC822.HEADER": _read_rfc822(HEADER),
    b"RFC822.TEXT": _read_rfc822(TEXT),
    b"BINARY": _read_binary,
    b"BINARY.SIZE": _read_binary_size,
    b"EMAILID": _read_email_id,
    b"THREADID": _read_thread_id,
    b"PREVIEW": _read_preview,
    b"SAVEDATE": _read_save_date,
}
