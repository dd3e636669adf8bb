"""Messages: one row for each, however many mailboxes and accounts it stands in.

Two messages are the same only if their octets are, or, while of one of them only the header is
here, if the digests of their header blocks and their sizes are. Message-IDs only pick candidates:
a draft saved twice, a copy through a mailing list and a forged one share theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.ids import MessageId
from desktopmail.door.view import words_rowid
from desktopmail.door.words import spaced
from desktopmail.engine.store import blob, sending, thread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Summary


@dataclass(frozen=True, slots=True)
class Kept:
    """A message of the store, with what its placements copy.

    Attributes:
        is_new: It was not here before.
    """

    id: MessageId
    date_s: int
    size: int
    has_attachment: bool
    thread_id: int
    has_octets: bool
    is_new: bool


def keep(
    tx: Transaction,
    summary: Summary,
    *,
    blob_id: int | None,
    size: int,
    arrived_s: int,
) -> Kept:
    """Return the message that this is, adding it or what was missing of it.

    Args:
        tx: The step it is part of.
        summary: Of the whole message when there is a blob, else of its header.
        blob_id: Its octets, or None when only the header is here.
        size: Of the whole message, in octets.
        arrived_s: Its date where it has no Date of its own.
    """
    found = (_same_octets(tx, blob_id) if blob_id is not None else None) or _same_header(
        tx, summary, size, whole=blob_id is None
    )
    if found is None:
        return _add(tx, summary, blob_id, size, arrived_s)
    if blob_id is not None:
        complete(tx, found, summary, blob_id, size)
    return kept(tx, found)


def kept(tx: Transaction, message_id: MessageId) -> Kept:
    """Return a message of the store."""
    row = tx.fetch_one(
        "SELECT date_s, size, attachment, thread_id, blob_id IS NOT NULL FROM message WHERE id = ?",
        (message_id,),
    )
    if row is None:
        raise KeyError(f"there is no message {message_id}")
    return Kept(message_id, row[0], row[1], bool(row[2]), row[3], bool(row[4]), is_new=False)


def complete(
    tx: Transaction, message_id: MessageId, summary: Summary, blob_id: int, size: int
) -> None:
    """Add the octets to a message of which only the header was here."""
    tx.execute(
        "UPDATE message SET blob_id = ?, header = NULL, size = ?, attachment = ?, preview = ?"
        " WHERE id = ? AND blob_id IS NULL",
        (blob_id, size, summary.has_attachment, summary.preview, message_id),
    )
    if not tx.changed_rows():
        return
    if summary.report is not None:
        sending.note_report(tx, summary.report)
    tx.execute(
        "UPDATE placement SET size = ?, attachment = ?, wanted = 0 WHERE message_id = ?",
        (size, summary.has_attachment, message_id),
    )
    index(tx, message_id, summary)


def index(tx: Transaction, message_id: MessageId, summary: Summary) -> None:
    """Make a message be found by its words."""
    row = tx.fetch_one("SELECT date_s, indexed FROM message WHERE id = ?", (message_id,))
    if row is None:
        return
    if row[1]:
        tx.execute("DELETE FROM words WHERE rowid = ?", (words_rowid(row[0], message_id),))
    _add_words(tx, message_id, row[0], summary)
    tx.execute("UPDATE message SET indexed = ? WHERE id = ?", (_indexed(summary), message_id))


def _add_words(tx: Transaction, message_id: MessageId, date_s: int, summary: Summary) -> None:
    words = summary.words
    tx.execute(
        "INSERT INTO words (rowid, subject, sender, recipients, body, files)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            words_rowid(date_s, message_id),
            spaced(summary.subject),
            spaced(words.sender),
            spaced(words.recipients),
            spaced(words.body),
            spaced(words.files),
        ),
    )


def _indexed(summary: Summary) -> int:
    return 2 if summary.is_whole else 1


def candidates(tx: Transaction, digest: bytes) -> list[MessageId]:
    """The messages with this header block."""
    rows = tx.fetch("SELECT id FROM message WHERE header_digest = ? ORDER BY id", (digest,))
    return [MessageId(row[0]) for row in rows]


def digest(tx: Transaction, message_id: MessageId) -> bytes:
    """The digest of the header block of a message; empty when the message is gone."""
    row = tx.fetch_one("SELECT header_digest FROM message WHERE id = ?", (message_id,))
    return bytes(row[0]) if row is not None else b""


def octets(tx: Transaction, message_id: MessageId) -> bytes | None:
    """The whole message, or None when only its header is here."""
    row = tx.fetch_one("SELECT blob_id FROM message WHERE id = ?", (message_id,))
    return blob.read(tx, row[0]) if row is not None and row[0] is not None else None


def drop_unplaced(tx: Transaction, message_ids: Iterable[MessageId]) -> None:
    """Forget those of the messages that stand in no mailbox any more."""
    for message_id in message_ids:
        row = tx.fetch_one(
            "SELECT blob_id, date_s, indexed FROM message WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM placement WHERE message_id = ?1)",
            (message_id,),
        )
        if row is None:
            continue
        if row[2]:
            tx.execute("DELETE FROM words WHERE rowid = ?", (words_rowid(row[1], message_id),))
        tx.execute("DELETE FROM message WHERE id = ?", (message_id,))
        if row[0] is not None:
            blob.drop_unnamed(tx, [row[0]])


def _same_octets(tx: Transaction, blob_id: int) -> MessageId | None:
    row = tx.fetch_one("SELECT min(id) FROM message WHERE blob_id = ?", (blob_id,))
    return MessageId(row[0]) if row is not None and row[0] is not None else None


def _same_header(tx: Transaction, summary: Summary, size: int, *, whole: bool) -> MessageId | None:
    """The message with this header and size; one that waits for its octets, where these came.

    By POP3 a message ends with a line end that it may not have had (RFC 1939 section 3).
    """
    if not summary.message_id:
        return None  # a header that names nothing may well be that of two messages
    wanted = "" if whole else " AND blob_id IS NULL"
    row = tx.fetch_one(
        f"SELECT min(id) FROM message WHERE header_digest = ? AND size BETWEEN ? AND ?{wanted}",
        (summary.digest, size, size + 2 if whole else size),
    )
    return MessageId(row[0]) if row is not None and row[0] is not None else None


def _add(tx: Transaction, summary: Summary, blob_id: int | None, size: int, arrived_s: int) -> Kept:
    date_s = summary.date_s if summary.date_s is not None else arrived_s
    message_id = MessageId(tx.reserve("message"))
    thread_id = thread.join(tx, message_id, summary.message_id, summary.references)
    tx.execute(
        "INSERT INTO message (id, blob_id, header, header_digest, message_id, subject, sender_name,"
        " sender_address, recipients, date_s, size, attachment, preview, thread_id, indexed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message_id,
            blob_id,
            summary.header if blob_id is None else None,
            summary.digest,
            summary.message_id,
            summary.subject,
            *summary.sender,
            summary.recipients,
            date_s,
            size,
            summary.has_attachment,
            summary.preview,
            thread_id,
            _indexed(summary),
        ),
    )
    _add_words(tx, message_id, date_s, summary)
    if summary.report is not None:
        sending.note_report(tx, summary.report)
    return Kept(
        message_id,
        date_s,
        size,
        summary.has_attachment,
        thread_id,
        has_octets=blob_id is not None,
        is_new=True,
    )
