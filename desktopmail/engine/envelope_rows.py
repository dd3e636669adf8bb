"""Rows of messages of which a server tells the ENVELOPE alone, worked out in the worker.

An envelope is a tenth of a real header, and a server has it ready. What it leaves out, the digest
and the references above all, comes with the header or the octets (`store.message.identify`).
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from desktopmail.door.vocabulary import indexed
from desktopmail.door.words import spaced
from desktopmail.engine.summary import (
    MAX_RECIPIENTS_SHOWN,
    MAX_SUBJECT_CHARACTERS,
    SORT_CHARACTERS,
    Summary,
    Words,
    base_subject,
    sound,
)
from desktopmail.mime import date, encoded_word, message_id
from desktopmail.mime.address import Mailbox
from desktopmail.mime.header import unfold
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.bodypart import MultiPart
from desktopmail.wire.imap.fetch_rows import FetchRows, read_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.wire.imap.bodypart import BodyStructure, SinglePart
    from desktopmail.wire.imap.envelope import Addresses, Envelope
    from desktopmail.wire.imap.fetch_response import FetchResponse
    from desktopmail.wire.imap.flags import Flag

_UID = re.compile(rb"[( ]UID ([1-9][0-9]{0,9})[ )]", re.IGNORECASE)
# Parts of these types without a file name are what a message consists of, and no attachments.
_SHOWN = frozenset({b"text", b"image"})


class EnvelopeRow(NamedTuple):
    """A message as its row, and what the server said beside.

    Attributes:
        arrived_s: None where the server has no date.
        size: None where the server did not tell it.
    """

    uid: int
    flags: frozenset[Flag]
    size: int | None
    arrived_s: int | None
    modseq: int
    summary: Summary


# The same as plain values.
Row = tuple[int, frozenset[Any], int | None, int | None, int, tuple[Any, ...], tuple[Any, ...]]


def of(octets: bytes, utf8: bool) -> tuple[list[Row], list[int]]:
    """Work out the rows of answers that came unread (`FetchRows`).

    Returns:
        The rows, and the UIDs of answers that cannot be read: servers make mistakes in envelopes.
    """
    found: list[Row] = []
    unread: list[int] = []
    for line in FetchRows(octets).lines:
        try:
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
    return [
        EnvelopeRow._make((*told, Summary._make((*columns, Words._make(words)))))
        for *told, columns, words in found
    ]


def _row(answer: FetchResponse) -> Row | None:
    if answer.uid is None or answer.envelope is None:
        return None
    when = answer.internal_date
    *columns, words = summary_of(answer.envelope, answer.body_structure)
    return (
        answer.uid,
        answer.flags or frozenset(),
        answer.size,
        None if when is None else int(when.timestamp()),
        answer.modseq or 0,
        tuple(columns),
        tuple(words),
    )


def summary_of(envelope: Envelope, structure: BodyStructure | None) -> Summary:
    """Summarise an envelope; never raises, whatever it holds.

    Its digest is empty: nothing is the same as this message until its header is here.
    """
    senders = _people(envelope.from_ or envelope.sender)
    recipients = _people(envelope.to + envelope.cc)
    everybody = _people(envelope.to + envelope.cc + envelope.bcc) if envelope.bcc else recipients
    subject = sound(encoded_word.decode(_text(envelope.subject)))[:MAX_SUBJECT_CHARACTERS]
    identifier = message_id.parse(_text(envelope.message_id)) or ""
    parents = message_id.parse_all(_text(envelope.in_reply_to))[:1]
    sender = senders.people[0] if senders.people else ("", "")
    return Summary(
        header=b"",
        digest=b"",
        message_id=sound(identifier),
        references=tuple(sound(one) for one in parents if one != identifier),
        subject=subject,
        sender=sender,
        recipients=recipients.shown,
        date_s=date.epoch(_text(envelope.date)),
        has_attachment=structure is not None and _has_attachment(structure),
        preview="",
        people=senders.people + recipients.people,
        senders=len(senders.people),
        is_whole=False,
        sort_sender=(sender[0] or sender[1]).casefold()[:SORT_CHARACTERS],
        sort_subject=base_subject(subject),
        report=None,
        words=Words(
            subject=indexed(spaced(subject)),
            sender=senders.words,
            recipients=everybody.words,
            body="",
            files="",
        ),
    )


class _People(NamedTuple):
    """What is made of a list of addresses."""

    people: tuple[tuple[str, str], ...]
    shown: str
    words: str


def _text(octets: bytes | None) -> str:
    return unfold(octets) if octets else ""


# A mailbox is full of the same few people.
@functools.lru_cache(maxsize=2048)
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
    return _People(
        people=tuple((box.name, box.address) for box in boxes),
        shown=", ".join(box.shown for box in boxes[:MAX_RECIPIENTS_SHOWN]),
        words=indexed(spaced(" ".join(f"{box.name} {box.address}" for box in boxes))),
    )


def _has_attachment(structure: BodyStructure) -> bool:
    return any(map(_is_attached, _leaves(structure)))


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
