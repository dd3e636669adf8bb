"""Rows of messages of which a server tells the ENVELOPE alone, worked out in the worker.

An envelope is a tenth of a real header, and a server has it ready. What it leaves out, the digest
and the references above all, comes with the header or the octets (`store.message.identify`).
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from desktopmail.engine.store.thread import keys_of
from desktopmail.engine.summary import (
    MAX_RECIPIENTS_SHOWN,
    MAX_SUBJECT_CHARACTERS,
    SORT_CHARACTERS,
    base_subject,
    sound,
)
from desktopmail.mime import date, encoded_word, message_id
from desktopmail.mime.address import Mailbox
from desktopmail.mime.header import unfold
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.bodypart import MultiPart
from desktopmail.wire.imap.bodystructure import leaves_of
from desktopmail.wire.imap.dates import seconds_of
from desktopmail.wire.imap.envelope import addresses_of, nstring_of
from desktopmail.wire.imap.fetch_rows import cut_rows, read_row
from desktopmail.wire.imap.flags import parse_flags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.wire.imap.bodypart import BodyStructure, SinglePart
    from desktopmail.wire.imap.bodystructure import Leaf
    from desktopmail.wire.imap.envelope import Addresses
    from desktopmail.wire.imap.fetch_response import FetchResponse
    from desktopmail.wire.imap.fetch_rows import RowParts
    from desktopmail.wire.imap.flags import Flag

_UID = re.compile(rb"[( ]UID ([1-9][0-9]{0,9})[ )]", re.IGNORECASE)
_MAX_REMEMBERED_OCTETS = 512
# Parts of these types without a file name are what a message consists of, and no attachments.
_SHOWN = frozenset({b"text", b"image"})


class EnvelopeRow(NamedTuple):
    """What the store keeps of a message while its server has told the envelope alone.

    Its columns are those of a `Summary`. There is no digest: nothing is the same as this message
    until its header is here. There are no words: these come with its header or its octets.

    Attributes:
        size, arrived_s: 0 where the server did not tell them.
        thread_keys: Of its Message-ID and its parent (`store.thread.keys_of`).
        date_s: Of the Date field; else `arrived_s`.
        people: Everybody in From, To and Cc, as (name, address).
        senders: How many of `people` are senders; they come first.
    """

    uid: int
    flags: frozenset[Flag]
    size: int
    arrived_s: int
    modseq: int
    message_id: str
    thread_keys: tuple[int, ...]
    subject: str
    sender: tuple[str, str]
    recipients: str
    date_s: int
    has_attachment: bool
    people: tuple[tuple[str, str], ...]
    senders: int
    sort_sender: str
    sort_subject: str


# The same as a plain tuple, which goes between processes in less time.
Row = tuple[Any, ...]


def of(octets: bytes, utf8: bool) -> tuple[list[Row], list[int]]:
    """Work out the rows of answers that came unread (`FetchRows`).

    Returns:
        The rows, and the UIDs of answers that cannot be read: servers make mistakes in envelopes.
    """
    found: list[Row] = []
    unread: list[int] = []
    for parts, line in cut_rows(octets):
        try:
            row = None if parts is None else _row_of_parts(parts)
            if row is None:
                row = _row(read_row(line, utf8=utf8))
        except RemoteProtocolError:
            row = None
        if row is not None:
            found.append(row)
        else:
            unread += uids_of(line)
    return found, unread


def uids_of(line: bytes) -> list[int]:
    """The UID that an answer tells, as far as it can be read."""
    found = _UID.search(line)
    return [int(found[1])] if found is not None else []


def of_answer(answer: FetchResponse) -> EnvelopeRow | None:
    """Work out the row of an answer that was read already; None where it has no envelope."""
    row = _row(answer)
    return None if row is None else joined([row])[0]


def joined(found: Sequence[Row]) -> list[EnvelopeRow]:
    """Put rows together again."""
    return list(map(EnvelopeRow._make, found))


def _row(answer: FetchResponse) -> Row | None:
    envelope, structure, when = answer.envelope, answer.body_structure, answer.internal_date
    if answer.uid is None or envelope is None:
        return None
    return _made(
        answer.uid,
        answer.flags or frozenset(),
        answer.size or 0,
        0 if when is None else int(when.timestamp()),
        answer.modseq or 0,
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
    leaves = leaves_of(parts.structure)
    if leaves is None:
        return None
    date, size, modseq = parts.internal_date, parts.size, parts.modseq
    return _made(
        int(parts.uid),
        parse_flags(parts.flags),
        0 if size is None else int(size),
        0 if date is None else seconds_of(date),
        0 if modseq is None else int(modseq),
        _text(nstring_of(parts.date)),
        _text(nstring_of(parts.subject)),
        _people_of(parts.from_ if parts.from_ != b"NIL" else parts.sender),
        _people_of(parts.to, parts.cc),
        _text(nstring_of(parts.in_reply_to)),
        _text(nstring_of(parts.message_id)),
        has_attachment=any(map(_is_leaf_attached, leaves)),
    )


def _made(
    uid: int,
    flags: frozenset[Flag],
    size: int,
    arrived_s: int,
    modseq: int,
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
    subject = sound(encoded_word.decode(subject_text))[:MAX_SUBJECT_CHARACTERS]
    identifier = sound(message_id.parse(identifier_text) or "")
    parents = message_id.parse_all(parents_text)[:1] if parents_text else ()
    date_s = date.epoch(date_text)
    return (
        uid,
        flags,
        size,
        arrived_s,
        modseq,
        identifier,
        keys_of(identifier, tuple(map(sound, parents))),
        subject,
        senders.first,
        recipients.shown,
        arrived_s if date_s is None else date_s,
        has_attachment,
        senders.people + recipients.people,
        len(senders.people),
        senders.sorted_by,
        base_subject(subject),
    )


class _People(NamedTuple):
    """What is made of a list of addresses."""

    people: tuple[tuple[str, str], ...]
    shown: str
    first: tuple[str, str]
    sorted_by: str


def _text(octets: bytes | None) -> str:
    return unfold(octets) if octets else ""


def _people_of(*lists: bytes) -> _People:
    """The people of lists of addresses that were cut only."""
    if sum(map(len, lists)) <= _MAX_REMEMBERED_OCTETS:
        return _remembered(*lists)
    return _read_people(*lists)


def _read_people(*lists: bytes) -> _People:
    return _people(sum(map(addresses_of, lists), ()))


# A mailbox is full of the same few people.
_remembered = functools.lru_cache(maxsize=2048)(_read_people)


def _people(addresses: Addresses) -> _People:
    boxes = [
        Mailbox(
            sound(encoded_word.decode(_text(one.name))),
            sound(f"{_text(one.mailbox)}@{_text(one.host)}" if one.host else _text(one.mailbox)),
        )
        # One without a host is the name of a group; one without anything ends it.
        for one in addresses
        if one.host is not None
    ]
    first = (boxes[0].name, boxes[0].address) if boxes else ("", "")
    return _People(
        people=tuple((box.name, box.address) for box in boxes),
        shown=", ".join(box.shown for box in boxes[:MAX_RECIPIENTS_SHOWN]),
        first=first,
        sorted_by=(first[0] or first[1]).casefold()[:SORT_CHARACTERS],
    )


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
