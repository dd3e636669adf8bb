"""Rows of messages of which a server tells the ENVELOPE alone, worked out in the worker.

An envelope is a tenth of a real header, and a server has it ready. What it leaves out, the digest
and the references above all, comes with the header or the octets (`store.message.identify`).
"""

from __future__ import annotations

import functools
import re
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from desktopmail.engine.store.thread import keys_of
from desktopmail.engine.summary import (
    MAX_RECIPIENTS_SHOWN,
    MAX_SUBJECT_CHARACTERS,
    base_subject,
    sort_sender,
    sound,
)
from desktopmail.engine.sync.flags import stored_flags
from desktopmail.mime import date, encoded_word, message_id
from desktopmail.mime.address import Mailbox
from desktopmail.mime.header import unfold
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.bodypart import MultiPart
from desktopmail.wire.imap.bodystructure import leaves_of, shape_of
from desktopmail.wire.imap.cursor import unquote
from desktopmail.wire.imap.dates import seconds_of
from desktopmail.wire.imap.envelope import addresses_of
from desktopmail.wire.imap.fetch_rows import cut_rows, read_row
from desktopmail.wire.imap.flags import parse_flags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from desktopmail.engine.store.person import People
    from desktopmail.wire.imap.bodypart import BodyStructure, SinglePart
    from desktopmail.wire.imap.bodystructure import Leaf
    from desktopmail.wire.imap.envelope import Address, Addresses
    from desktopmail.wire.imap.fetch_response import FetchResponse
    from desktopmail.wire.imap.fetch_rows import RowParts
    from desktopmail.wire.imap.flags import Flag

_UID = re.compile(rb"[( ]UID ([1-9][0-9]{0,9})[ )]", re.IGNORECASE)
_MAX_REMEMBERED_OCTETS = 512
# Parts of these types without a file name are what a message consists of, and no attachments.
_SHOWN = frozenset({b"text", b"image"})


class EnvelopeRow(NamedTuple):
    """What the store keeps of a message while its server has told the envelope alone.

    There is no digest: nothing is the same as this message until its header is here. There are no
    words: these come with its header or its octets.

    Attributes:
        mask, tags: Its flags (`sync.flags`).
        size, arrived_s: 0 where the server did not tell them.
        thread_keys: Of its Message-ID and its parent (`store.thread.keys_of`).
        date_s: Of the Date field; else `arrived_s`.
        senders: Everybody in From, else in Sender.
        others: Everybody in To and Cc.
    """

    uid: int
    mask: int
    tags: tuple[str, ...]
    modseq: int
    arrived_s: int
    size: int
    message_id: str
    thread_keys: tuple[int, ...]
    subject: str
    sender_name: str
    sender_address: str
    recipients: str
    date_s: int
    has_attachment: bool
    senders: People
    others: People
    sort_sender: str
    sort_subject: str


# The same as a plain tuple, which is made in less time.
Row = tuple[Any, ...]
Columns = tuple[list[Any], ...]


class Listing(NamedTuple):
    """Rows by their columns, which are all as long; see `EnvelopeRow`.

    A statement is run for all of them with what `zip` makes of some columns: to take a hundred
    thousand rows apart and put them together again took as long as to store them.
    """

    uids: list[int]
    masks: list[int]
    tags: list[tuple[str, ...]]
    modseqs: list[int]
    arrived_s: list[int]
    sizes: list[int]
    message_ids: list[str]
    thread_keys: list[tuple[int, ...]]
    subjects: list[str]
    sender_names: list[str]
    sender_addresses: list[str]
    recipients: list[str]
    dates_s: list[int]
    have_attachment: list[bool]
    senders: list[People]
    others: list[People]
    sort_senders: list[str]
    sort_subjects: list[str]

    @classmethod
    def joined(cls, pieces: Iterable[Columns]) -> Self:
        """Put the columns of one behind those of another."""
        whole = columns_of(())
        for piece in pieces:
            for column, more in zip(whole, piece, strict=True):
                column += more
        return cls(*whole)

    def where(self, chosen: Iterable[bool]) -> Self:
        """Those of the rows that are chosen."""
        which = list(chosen)
        if all(which):
            return self
        columns: Columns = self
        return type(self)(*(list(compress(column, which)) for column in columns))

    def dated(self, now_s: int) -> Self:
        """The same, where those of which the server knows no moment arrive now."""
        if 0 not in self.arrived_s:
            return self
        dates = [
            date_s if date_s or arrived_s else now_s
            for date_s, arrived_s in zip(self.dates_s, self.arrived_s, strict=True)
        ]
        return self._replace(
            arrived_s=[arrived_s or now_s for arrived_s in self.arrived_s], dates_s=dates
        )


def columns_of(rows: Sequence[Row]) -> Columns:
    """Put rows into columns, which go between processes in less time."""
    if not rows:
        return tuple([] for _ in EnvelopeRow._fields)
    return tuple(map(list, zip(*rows, strict=True)))


def of(octets: bytes, utf8: bool) -> tuple[Columns, list[int]]:
    """Work out the rows of answers that came unread (`FetchRows`).

    Returns:
        The columns of a `Listing`, and the UIDs of answers that cannot be read: servers make
        mistakes in envelopes.
    """
    found: list[Row] = []
    unread: list[int] = []
    for parts, line in cut_rows(octets):
        try:
            row = None if parts is None else _row_of_parts(parts)
            if row is None:
                row = of_answer(read_row(line, utf8=utf8))
        except RemoteProtocolError:
            row = None
        if row is not None:
            found.append(row)
        else:
            unread += uids_of(line)
    return columns_of(found), unread


def uids_of(line: bytes) -> list[int]:
    """The UID that an answer tells, as far as it can be read."""
    found = _UID.search(line)
    return [int(found[1])] if found is not None else []


def of_answer(answer: FetchResponse) -> Row | None:
    """Work out the row of an answer that was read already; None where it has no envelope."""
    envelope, structure, when = answer.envelope, answer.body_structure, answer.internal_date
    if answer.uid is None or envelope is None:
        return None
    return _made(
        answer.uid,
        _told(answer.flags or frozenset()),
        answer.modseq or 0,
        0 if when is None else int(when.timestamp()),
        answer.size or 0,
        _text(envelope.date),
        _text(envelope.subject),
        _people(envelope.from_ or envelope.sender),
        _people(envelope.to + envelope.cc),
        _text(envelope.in_reply_to),
        _text(envelope.message_id),
        has_attachment=structure is not None and any(map(_is_attached, _leaves(structure))),
    )


def _row_of_parts(parts: RowParts) -> Row | None:
    """The same of octets that were cut only; None where they have to be read to the end."""
    (
        uid, flags, arrived, size, modseq, date_string, subject,
        from_, sender, to, cc, in_reply_to, identifier, structure,
    ) = parts  # fmt: skip
    has_attachment = _has_attachment(structure)
    if has_attachment is None:
        return None
    return _made(
        int(uid),
        _told(parse_flags(flags)),
        0 if modseq is None else int(modseq),
        0 if arrived is None else seconds_of(arrived),
        0 if size is None else int(size),
        _string(date_string),
        _string(subject),
        _people_of(from_ if from_ != b"NIL" else sender),
        _people_of(to, cc),
        _string(in_reply_to),
        _string(identifier),
        has_attachment=has_attachment,
    )


def _made(
    uid: int,
    flags: tuple[int, tuple[str, ...]],
    modseq: int,
    arrived_s: int,
    size: int,
    date_text: str,
    subject_text: str,
    senders: _People,
    recipients: _People,
    parents_text: str,
    identifier_text: str,
    *,
    has_attachment: bool,
) -> Row:
    """Make a row; never raises, whatever the texts are."""
    mask, tags = flags
    people, _, (name, address), sorted_by = senders
    subject = sound(encoded_word.decode(subject_text))[:MAX_SUBJECT_CHARACTERS]
    identifier = sound(message_id.parse(identifier_text) or "")
    parents = message_id.parse_all(parents_text)[:1] if parents_text else ()
    date_s = date.epoch(date_text)
    return (
        uid,
        mask,
        tags,
        modseq,
        arrived_s,
        size,
        identifier,
        keys_of(identifier, tuple(map(sound, parents)) if parents else ()),
        subject,
        name,
        address,
        recipients.shown,
        arrived_s if date_s is None else date_s,
        has_attachment,
        people,
        recipients.people,
        sorted_by,
        base_subject(subject),
    )


# Name and address of a person, and what of that is shown.
_Box = tuple[tuple[str, str], str]


class _People(NamedTuple):
    """What is made of a list of addresses."""

    people: People
    shown: str
    first: tuple[str, str]
    sorted_by: str


def _text(octets: bytes | None) -> str:
    return unfold(octets) if octets else ""


def _string(octets: bytes) -> str:
    """The text of a string in its quotes, or of NIL; no line ends in it, as that goes in no row."""
    if octets == b"NIL":
        return ""
    try:
        text = octets[1:-1].decode()
    except UnicodeDecodeError:
        return unfold(unquote(octets[1:-1]))
    return text.strip(" \t") if "\\" not in text else unfold(unquote(octets[1:-1]))


@functools.lru_cache(maxsize=1024)
def _told(flags: frozenset[Flag]) -> tuple[int, tuple[str, ...]]:
    mask, tags = stored_flags(flags)
    return int(mask), tags  # numbers alone go from one process to the other in no time


def _people_of(first: bytes, second: bytes = b"NIL") -> _People:
    """The people of lists of addresses that were cut only."""
    if len(first) + len(second) <= _MAX_REMEMBERED_OCTETS:
        return _remembered(first, second)
    return _read_people(first, second)


def _read_people(first: bytes, second: bytes) -> _People:
    return _people(addresses_of(first) + addresses_of(second))


# A mailbox is full of the same few people.
_remembered = functools.lru_cache(maxsize=2048)(_read_people)


def _people(addresses: Addresses) -> _People:
    # One without a host is the name of a group; one without anything ends it.
    boxes = [_box_of(one) for one in addresses if one.host is not None]
    first = boxes[0][0] if boxes else ("", "")
    return _People(
        people=tuple([person for person, _ in boxes]),
        shown=", ".join([shown for _, shown in boxes[:MAX_RECIPIENTS_SHOWN]]),
        first=first,
        sorted_by=sort_sender(*first),
    )


def _box_of(one: Address) -> _Box:
    is_short = sum(map(len, filter(None, one))) <= _MAX_REMEMBERED_OCTETS
    return _remembered_box(one) if is_short else _read_box(one)


def _read_box(one: Address) -> _Box:
    box = Mailbox(
        sound(encoded_word.decode(_text(one.name))),
        sound(f"{_text(one.mailbox)}@{_text(one.host)}" if one.host else _text(one.mailbox)),
    )
    return (box.name, box.address), box.shown


_remembered_box = functools.lru_cache(maxsize=2048)(_read_box)


def _has_attachment(structure: bytes) -> bool | None:
    """Whether something is attached; None where that has to be read to the end."""
    shape = shape_of(structure)
    return _remembered_shape(shape) if len(shape) <= _MAX_REMEMBERED_OCTETS else _of_shape(shape)


def _of_shape(shape: bytes) -> bool | None:
    leaves = leaves_of(shape)
    return None if leaves is None else any(map(_is_leaf_attached, leaves))


# Most structures differ in nothing but the sizes of their parts.
_remembered_shape = functools.lru_cache(maxsize=1024)(_of_shape)


@functools.lru_cache(maxsize=1024)
def _is_leaf_attached(leaf: Leaf) -> bool:
    return _is_attached(leaf.read())


def _leaves(structure: BodyStructure) -> Iterator[SinglePart]:
    if isinstance(structure, MultiPart):
        for part in structure.parts:
            yield from _leaves(part)
    else:
        yield structure


def _is_attached(part: SinglePart) -> bool:
    if part.disposition is not None:
        kind = part.disposition.kind.lower()
        return kind == b"attachment" or (kind != b"inline" and bool(part.disposition.parameters))
    if part.content_id is not None:
        return False
    named = any(name.lower().startswith(b"name") for name, _ in part.parameters)
    return named or part.media_type.lower() not in _SHOWN
