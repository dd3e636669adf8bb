"""The items of a FETCH, compiled once: which columns are read, and how a row becomes octets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from desktopmail.mime import section as mime_section
from desktopmail.mime import structure
from desktopmail.mime.defect import Defect
from desktopmail.wire.imap.dates import date_time_octets
from desktopmail.wire.imap.fetch_item import BinaryItem, BinarySizeItem, BodyItem, Item, PreviewItem
from desktopmail.wire.imap.section import HEADER, TEXT, WHOLE, SectionText, encode_section
from desktopmail.wire.imap.writer import Writer
from localserver.imap.flags import flags_text
from localserver.store import encoded
from localserver.store.errors import LimitError
from localserver.store.moment import moment_of
from localserver.store.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.wire.imap.fetch import Fetch
    from desktopmail.wire.imap.fetch_item import FetchItem
    from desktopmail.wire.imap.section import Partial, Section
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View

Row: TypeAlias = tuple[Any, ...]
Write: TypeAlias = Callable[[Row], bytes]
Octets: TypeAlias = bytes | memoryview

# A row always begins with these; the others follow as they are asked for.
_FIXED: Final = ("uid", "flags", "modseq")
_SUMMARIES: Final = ("answer.", "finding.")
_WHOLE: Final = ("content.header", "content.body")
_CONTENT: Final = frozenset(_WHOLE)
# What is read and sent without a turn of the loop.
_SMALL_OCTETS: Final = 256 * 1024
# Parts and ranges of one message that one FETCH may ask for, and their octets together: more than
# any client asks for. A line has room for thousands that each take the message anew.
MAX_PARTS: Final = 250
MAX_ANSWER_OCTETS: Final = 256 * 1024 * 1024
# One parsed message is kept, for clients that fetch it part by part and range by range.
_PARSED_KEPT: Final = 4
_PARSED_MAX_OCTETS: Final = 16 * 1024 * 1024


class UnknownEncodingError(Exception):
    """A part asked for by BINARY has a transfer encoding that cannot be undone."""


@dataclass(frozen=True, slots=True)
class Plan:
    r"""How a FETCH is answered.

    Attributes:
        sql: Reads rows of one range of UIDs: (mailbox, first, last).
        small_sql: The same, but for messages whose contents would keep the loop from its work.
        large_sql: The same, with NULL in the place of contents.
        write: Makes what stands between the parentheses of a row.
        writers: Make the items of a row, one each.
        reads_summaries: Rows hold what is worked out behind the delivery.
        reads_contents: Rows hold whole messages, so few are read at once.
        contents: Where a row has header and body, where it has both; large ones go in pieces.
        parts: How many parts or ranges of each are written.
        marks_seen: The messages are read by this.
        told: Those of the items that are words.
        is_flags_and_uid: It is UID and FLAGS, and nothing is \Recent.
        unwritten: The same where what is worked out behind the delivery cannot be written: it is
            worked out for this answer alone. None for rows without it.
    """

    sql: str
    small_sql: str
    large_sql: str
    write: Write
    writers: tuple[Write | Part, ...]
    reads_summaries: bool
    reads_contents: bool
    contents: tuple[int, int] | None
    parts: int
    marks_seen: bool
    told: frozenset[Item]
    is_flags_and_uid: bool
    unwritten: Plan | None = None


class _Columns:
    """Gives every column its place in the row."""

    def __init__(self) -> None:
        self.names = list(_FIXED)

    def place(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def compile_items(session: ImapSession, view: View, command: Fetch, *, with_uid: bool) -> Plan:
    """Compile the items of a command.

    Args:
        session: Whose client asks.
        view: The selected mailbox.
        command: The FETCH.
        with_uid: UID is told whether it is asked for or not.

    Raises:
        LimitError: It asks for more parts than any client does.
    """
    columns = _Columns()
    items = list(dict.fromkeys(command.items))
    parts = sum(not isinstance(item, Item) for item in items)
    if parts > MAX_PARTS:
        raise LimitError(f"A FETCH asks for at most {MAX_PARTS} parts.")
    if with_uid and Item.UID not in items:
        items.insert(0, Item.UID)
    wants_modseq = command.changed_since is not None or (session.condstore and Item.FLAGS in items)
    if wants_modseq and Item.MODSEQ not in items:
        items.append(Item.MODSEQ)
    writers = [_writer(session, view, columns, item) for item in items]
    changed = ""
    if command.changed_since is not None:
        changed = f" AND modseq>{command.changed_since:d}"
    sql, reads_contents = _sql(columns.names), bool(_CONTENT & set(columns.names))
    write = _joined(writers)
    places = None
    if _WHOLE[1] in columns.names:
        places = columns.place(_WHOLE[0]), columns.place(_WHOLE[1])
        write = _with_contents(write, *places)
    small = f" AND length(content.body)<={_SMALL_OCTETS}" if reads_contents else ""
    nulls = [f"NULL AS {name[8:]}" if name in _CONTENT else name for name in columns.names]
    plan = Plan(
        sql=sql + changed + " ORDER BY uid",
        small_sql=sql + small + " ORDER BY uid",
        large_sql=_sql(nulls) + changed + " ORDER BY uid",
        write=write,
        writers=tuple(writers),
        reads_summaries=any(name.startswith(_SUMMARIES) for name in columns.names),
        reads_contents=reads_contents,
        contents=places,
        parts=parts,
        marks_seen=not view.readonly and any(_marks_seen(item) for item in items),
        told=frozenset(item for item in items if isinstance(item, Item)),
        is_flags_and_uid=items == [Item.UID, Item.FLAGS] and not view.recent,
    )
    if not plan.reads_summaries:
        return plan
    unwritten = _sql([*map(_null, columns.names), *_WHOLE]) + changed + " ORDER BY uid"
    return replace(
        plan,
        unwritten=replace(
            plan,
            sql=unwritten,
            write=_working_out(plan.write, columns.names),
            reads_summaries=False,
            reads_contents=True,
            contents=None,
        ),
    )


def _null(name: str) -> str:
    return "NULL" if name.startswith(_SUMMARIES) else name


def _working_out(write: Write, names: list[str]) -> Write:
    """Return what works a message's summary out and writes the row that has it."""
    missing = {
        place: name.partition(".")[2]
        for place, name in enumerate(names)
        if name.startswith(_SUMMARIES)
    }

    def filled(row: Row) -> bytes:
        header, body = row[-2:]
        found = summarise(header + body)
        return write(
            tuple(
                getattr(found, missing[place]) if place in missing else value
                for place, value in enumerate(row)
            )
        )

    return filled


def _sql(names: list[str]) -> str:
    tables = "entry"
    if any(name.startswith("message.") for name in names):
        tables += " JOIN message ON message.id=entry.message"
    if any(name.startswith("content.") for name in names):
        tables += " JOIN content ON content.message=entry.message"
    if any(name.startswith("answer.") for name in names):
        tables += " JOIN answer ON answer.message=entry.message"
    if any(name.startswith("finding.") for name in names):
        tables += " JOIN finding ON finding.message=entry.message"
    if any(name.startswith("thread.") for name in names):
        tables += " JOIN thread ON thread.message=entry.message"
    chosen = ", ".join(names)
    return f"SELECT {chosen} FROM {tables} WHERE mailbox=? AND uid BETWEEN ? AND ?"  # noqa: S608


class Contents:
    """A message while its parts are written: put together once, and parsed once.

    Args:
        header: With the empty line behind it.
        body: What follows.
        octets: Both, where they are together already.
    """

    def __init__(self, header: Octets, body: Octets, octets: bytes | None = None) -> None:
        self.header = header
        self.body = body
        self._octets = octets
        self._left = MAX_ANSWER_OCTETS

    @cached_property
    def octets(self) -> bytes:
        """All of it."""
        return b"".join((self.header, self.body)) if self._octets is None else self._octets

    @cached_property
    def structure(self) -> structure.Part:
        """Its parts; those of small messages are remembered."""
        if len(self.header) + len(self.body) > _PARSED_MAX_OCTETS:
            return structure.parse(self.octets)
        return _remembered(bytes(self.header), bytes(self.body))

    def take(self, size: int) -> None:
        """Count what is written.

        Raises:
            LimitError: It is too much together.
        """
        self._left -= size
        if self._left < 0:
            raise LimitError(f"A FETCH asks for at most {MAX_ANSWER_OCTETS} octets of a message.")


class Part:
    """An item that is written of the contents of a message.

    Args:
        name: As the answer has it.
        find: Finds its octets, in pieces; None where there is no such part.
        partial: Which of them are wanted.
        literal8: Whether octets with a NUL among them are announced as such (RFC 3516 section 4.2).
    """

    def __init__(
        self,
        name: bytes,
        find: Callable[[Contents], tuple[Octets, ...] | None],
        partial: Partial | None,
        *,
        literal8: bool = False,
    ) -> None:
        self.name = name
        self.find = find
        self._partial = partial
        self._literal8 = literal8

    def __call__(self, row: Row) -> bytes:
        """Write it of a row, behind whose columns its contents stand."""
        return b"".join(self.pieces(row[-1]))

    def pieces(self, contents: Contents) -> tuple[Octets, ...]:
        """Return what is written, in pieces: large ones are not copied.

        Raises:
            LimitError: It is too much together.
        """
        name, found = self.name, self.find(contents)
        if self._partial is not None:
            first, count = self._partial.origin, self._partial.count
            name += b"<%d>" % first
            if found is not None:
                whole = found[0] if len(found) == 1 else contents.octets
                found = (memoryview(whole)[first : first + count],)
        if found is None:
            return (name + b" NIL",)
        size = sum(map(len, found))
        contents.take(size)
        is_literal8 = self._literal8 and any(b"\0" in bytes(each) for each in found)
        return (b"%b %b{%d}\r\n" % (name, b"~" if is_literal8 else b"", size), *found)


def _with_contents(write: Write, header: int, body: int) -> Write:
    """Return what hands the writers of parts the contents, behind the columns of a row."""
    return lambda row: write((*row, Contents(row[header], row[body])))


def _joined(writers: Sequence[Write]) -> Write:
    if len(writers) == 1:
        return writers[0]
    if len(writers) == 2:
        one, other = writers
        return lambda row: one(row) + b" " + other(row)
    return lambda row: b" ".join([write(row) for write in writers])


def _marks_seen(item: FetchItem) -> bool:
    if isinstance(item, BodyItem | BinaryItem):
        return not item.peek
    return item in {Item.RFC822, Item.RFC822_TEXT}


def _writer(session: ImapSession, view: View, columns: _Columns, item: FetchItem) -> Write | Part:
    if isinstance(item, Item):
        return _word(session, view, columns, item)
    if isinstance(item, BodyItem):
        return _body(columns, _name(b"BODY", item.section), item.section, item.partial)
    if isinstance(item, PreviewItem):
        place = columns.place("finding.preview")
        return lambda row: b"PREVIEW " + encoded.string(row[place].encode())
    if isinstance(item, BinaryItem):
        return _binary(columns, item)
    return _binary_size(columns, item)


def _word(session: ImapSession, view: View, columns: _Columns, item: Item) -> Write | Part:
    match item:
        case Item.UID:
            return lambda row: b"UID %d" % row[0]
        case Item.FLAGS:
            return _flags(session, view)
        case Item.MODSEQ:
            return lambda row: b"MODSEQ (%d)" % row[2]
        case Item.SIZE:
            size = columns.place("message.size")
            return lambda row: b"RFC822.SIZE %d" % row[size]
        case Item.INTERNALDATE:
            arrived, zone = columns.place("message.arrived"), columns.place("message.zone")
            return lambda row: b"INTERNALDATE " + _date_time(row[arrived], row[zone])
        case Item.ENVELOPE:
            envelope = columns.place("answer.envelope")
            return lambda row: b"ENVELOPE " + row[envelope]
        case Item.BODY_STRUCTURE:
            whole = columns.place("answer.structure")
            return lambda row: b"BODYSTRUCTURE " + row[whole]
        case Item.BODY:
            body = columns.place("answer.body")
            return lambda row: b"BODY " + row[body]
        case Item.EMAIL_ID:
            number = columns.place("entry.message")
            return lambda row: b"EMAILID (M%x)" % row[number]
        case Item.THREAD_ID:
            thread = columns.place("thread.thread")
            return lambda row: b"THREADID (T%x)" % row[thread]
        case Item.SAVE_DATE:
            saved = columns.place("saved")
            return lambda row: b"SAVEDATE " + _date_time(row[saved], 0)
        case Item.RFC822:
            return _body(columns, b"RFC822", WHOLE, None)
        case Item.RFC822_HEADER:
            return _body(columns, b"RFC822.HEADER", HEADER, None)
        case Item.RFC822_TEXT:
            return _body(columns, b"RFC822.TEXT", TEXT, None)


def _flags(session: ImapSession, view: View) -> Write:
    text, recent = session.account.flags.text, view.recent
    if recent and "IMAP4REV2" not in session.enabled:
        return lambda row: b"FLAGS (%b)" % flags_text(session, view, row[0], row[1])
    return lambda row: b"FLAGS (%b)" % text(row[1])


def _date_time(seconds: int, zone: int) -> bytes:
    return date_time_octets(moment_of(seconds, zone))


def _name(word: bytes, section: Section) -> bytes:
    writer = Writer(server=True)
    encode_section(writer, section)
    pieces = [piece.octets for piece in writer.finish() if piece is not None]
    return word + b"".join(pieces).removesuffix(b"\r\n")


def _literal(name: bytes, octets: bytes | None, partial: Partial | None) -> bytes:
    if partial is not None:
        name += b"<%d>" % partial.origin
        if octets is not None:
            octets = octets[partial.origin : partial.origin + partial.count]
    if octets is None:
        return name + b" NIL"
    return b"%b {%d}\r\n%b" % (name, len(octets), octets)


def _body(
    columns: _Columns, name: bytes, section: Section, partial: Partial | None
) -> Write | Part:
    if not section.part and section.text not in {None, SectionText.TEXT}:
        header = columns.place("content.header")
        if section == HEADER:
            return lambda row: _literal(name, row[header], partial)
        return lambda row: _literal(name, _fields(row[header], section), partial)
    for each in _WHOLE:
        columns.place(each)
    if section == TEXT:
        return Part(name, lambda contents: (contents.body,), partial)
    if section == WHOLE:
        return Part(name, lambda contents: (contents.header, contents.body), partial)
    wanted = _mime_section(section)

    def find(contents: Contents) -> tuple[Octets, ...] | None:
        octets = mime_section.octets_of(contents.structure, wanted)
        return None if octets is None else (octets,)

    return Part(name, find, partial)


def _mime_section(section: Section) -> mime_section.Section:
    text = section.text.value.decode() if section.text is not None else ""
    names = tuple(name.decode("utf-8", "replace") for name in section.fields)
    return mime_section.Section(section.part, text, names)


def _fields(header: bytes, section: Section) -> bytes:
    names = [name.decode("utf-8", "replace") for name in section.fields]
    wanted = section.text is SectionText.HEADER_FIELDS
    return mime_section.fields_of(_remembered(header, b""), names, wanted=wanted)


@lru_cache(maxsize=_PARSED_KEPT)
def _remembered(header: bytes, body: bytes) -> structure.Part:
    return structure.parse(header + body)


def _binary(columns: _Columns, item: BinaryItem) -> Part:
    name = b"BINARY[%b]" % b".".join([b"%d" % part for part in item.part])
    return Part(name, _decoder(columns, item.part), item.partial, literal8=True)


class _BinarySize(Part):
    """How large a decoded part is."""

    def pieces(self, contents: Contents) -> tuple[Octets, ...]:
        found = self.find(contents) or ()
        return (b"%b %d" % (self.name, sum(map(len, found))),)


def _binary_size(columns: _Columns, item: BinarySizeItem) -> Part:
    name = b"BINARY.SIZE[%b]" % b".".join([b"%d" % part for part in item.part])
    return _BinarySize(name, _decoder(columns, item.part), None)


def _decoder(
    columns: _Columns, part: tuple[int, ...]
) -> Callable[[Contents], tuple[Octets, ...] | None]:
    for each in _WHOLE:
        columns.place(each)

    def find(contents: Contents) -> tuple[Octets, ...] | None:
        octets = _decoded(contents.structure, part)
        return None if octets is None else (octets,)

    return find


def _decoded(root: structure.Part, part: tuple[int, ...]) -> bytes | None:
    if not part:
        return root.octets
    found = mime_section.binary_of(root, part)
    if found is None:
        return None
    if found.defect is Defect.UNKNOWN_ENCODING:
        raise UnknownEncodingError
    return found.octets
