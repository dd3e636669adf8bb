"""Messages: one row for each, however many mailboxes and accounts it stands in.

Two messages are the same only if their octets are, or, while of one of them only the header is
here, if the digests of their header blocks and their sizes are. Message-IDs only pick candidates:
a draft saved twice, a copy through a mailing list and a forged one share theirs. While of one only
the envelope is here, its digest is empty and it is the same as none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from desktopmail.door.ids import MessageId, PlacementId
from desktopmail.engine.store import blob, sending, thread, words
from desktopmail.engine.summary import base_subject, sort_sender

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from desktopmail.engine.envelope_rows import Listing
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Rest, Summary

T = TypeVar("T")
_CHUNK = 500
_LINE_END = b"\r\n"


class Kept(NamedTuple):
    """A message of the store, with what its placements copy.

    Attributes:
        is_new: It was not here before.
    """

    id: MessageId
    date_s: int
    size: int
    has_attachment: bool
    thread_id: int
    sort_sender: str
    sort_subject: str
    has_octets: bool
    is_new: bool


class Coming(NamedTuple):
    """A message that is to be kept.

    Attributes:
        summary: Of the whole message when there is a blob, else of its header.
        blob_id: Its octets, or None when only the header is here.
        size: Of the whole message, in octets.
        arrived_s: Its date where it has no Date of its own.
        words_come: Its octets are fetched soon: it waits for the word index until then.
    """

    summary: Summary
    blob_id: int | None
    size: int
    arrived_s: int
    words_come: bool = False

    @property
    def is_glanced(self) -> bool:
        """Whether its octets are here, and only its header was read so far."""
        return self.blob_id is not None and not self.summary.is_whole

    @property
    def date_s(self) -> int:
        """The date it stands under."""
        return self.summary.date_s if self.summary.date_s is not None else self.arrived_s


def keep(
    tx: Transaction,
    summary: Summary,
    *,
    blob_id: int | None,
    size: int,
    arrived_s: int,
) -> Kept:
    """Return the message that this is, adding it or what was missing of it; see `Coming`."""
    (one,) = keep_all(tx, [Coming(summary, blob_id, size, arrived_s)])
    return one


def keep_all(tx: Transaction, coming: Sequence[Coming]) -> list[Kept]:
    """Return the messages that these are, adding them or what was missing of them.

    What comes together is looked up together and written together: one by one each statement costs
    as much as what it does.
    """
    known = _Known(tx, coming)
    first = tx.reserve("message")
    adding: list[Coming] = []
    found: list[MessageId] = []
    completing: list[tuple[MessageId, Coming]] = []
    for one in coming:
        message_id = known.find(one)
        if message_id is None:
            message_id = MessageId(first + len(adding))
            adding.append(one)
        elif one.blob_id is not None:
            completing.append((message_id, one))
        known.note(message_id, one)
        found.append(message_id)
    added = {one.id: one for one in _add(tx, first, adding)}
    complete(tx, completing)
    for message_id in added.keys() & {message_id for message_id, _ in completing}:
        added[message_id] = kept(tx, message_id)._replace(is_new=True)
    kept_ones = []
    for message_id in found:
        new = added.pop(message_id, None)  # the second time it is known
        kept_ones.append(new if new is not None else kept(tx, message_id))
    return kept_ones


class _Known:
    """What is here of messages that come, those before in the same step included."""

    def __init__(self, tx: Transaction, coming: Sequence[Coming]) -> None:
        self._by_blob: dict[int, MessageId] = {}
        self._by_digest: dict[bytes, dict[MessageId, tuple[int, bool]]] = {}
        blobs = {one.blob_id for one in coming if one.blob_id is not None}
        for chunk in _chunks(sorted(blobs)):
            self._by_blob |= tx.fetch(
                "SELECT blob_id, min(id) FROM message"
                f" WHERE blob_id IN ({_marks(chunk)}) GROUP BY blob_id",
                chunk,
            )
        digests = {one.summary.digest for one in coming if one.summary.message_id} - {b""}
        for digest_chunk in _chunks(sorted(digests)):
            for digest, message_id, size, has_octets in tx.fetch(
                "SELECT header_digest, id, size, blob_id IS NOT NULL FROM message"
                f" WHERE header_digest IN ({_marks(digest_chunk)}) AND header_digest <> x''",
                digest_chunk,
            ):
                self._by_digest.setdefault(digest, {})[message_id] = (size, bool(has_octets))

    def find(self, one: Coming) -> MessageId | None:
        """The message with these octets; else the one with this header and size.

        Of the latter one that waits for its octets, where these came. By POP3 a message ends with
        a line end that it may not have had (RFC 1939 section 3).
        """
        if one.blob_id is not None and one.blob_id in self._by_blob:
            return self._by_blob[one.blob_id]
        if not one.summary.message_id:
            return None  # a header that names nothing may well be that of two messages
        alike = self._by_digest.get(one.summary.digest, {})
        if one.blob_id is None:
            fits = [m for m, (size, _) in alike.items() if one.size <= size <= one.size + 2]
        else:
            fits = [m for m, (size, whole) in alike.items() if size == one.size and not whole]
        return min(fits, default=None)

    def note(self, message_id: MessageId, one: Coming) -> None:
        """Remember that a message is here now, or that its octets are."""
        if not one.summary.digest:
            return
        alike = self._by_digest.setdefault(one.summary.digest, {})
        if one.blob_id is not None:
            self._by_blob.setdefault(one.blob_id, message_id)
            alike[message_id] = (one.size, True)
        else:
            alike.setdefault(message_id, (one.size, False))


def kept(tx: Transaction, message_id: MessageId) -> Kept:
    """Return a message of the store."""
    row = tx.fetch_one(
        "SELECT date_s, size, attachment, thread_id, sender_name, sender_address, subject,"
        " blob_id IS NOT NULL FROM message WHERE id = ?",
        (message_id,),
    )
    if row is None:
        raise KeyError(f"there is no message {message_id}")
    date_s, size, attachment, thread_id, name, address, subject, has_octets = row
    return Kept(
        message_id, date_s, size, bool(attachment), thread_id, sort_sender(name, address),
        base_subject(subject), bool(has_octets), is_new=False,
    )  # fmt: skip


def give(tx: Transaction, kept: Kept, placement_ids: Sequence[PlacementId]) -> None:
    """Let placements be of this message, whatever they were of."""
    tx.execute_many(
        "UPDATE placement SET message_id = ?, wanted = wanted AND ?, date_s = ?, size = ?,"
        " attachment = ?, thread_id = ?, sort_sender = ?, sort_subject = ? WHERE id = ?",
        [
            (
                kept.id,
                not kept.has_octets,
                kept.date_s,
                kept.size,
                kept.has_attachment,
                kept.thread_id,
                kept.sort_sender,
                kept.sort_subject,
                placement_id,
            )
            for placement_id in placement_ids
        ],
    )


def complete(tx: Transaction, coming: Sequence[tuple[MessageId, Coming]]) -> None:
    """Add the octets to messages of which only the headers were here."""
    before = _before(tx, coming, "+blob_id IS NULL")
    completed = {
        message_id: one
        for message_id, one in reversed(coming)  # of several for one message the first counts
        if message_id in before and one.blob_id is not None
    }
    tx.execute_many(
        "UPDATE message SET blob_id = ?, header = NULL, size = ?, attachment = ?, preview = ?"
        " WHERE id = ?",
        [
            (
                one.blob_id,
                one.size,
                before[message_id].attached(one),
                one.summary.preview,
                message_id,
            )
            for message_id, one in completed.items()
        ],
    )
    _note_octets(tx, before, completed)
    _find_anew(tx, before, completed)


def show(tx: Transaction, read: Mapping[MessageId, Rest]) -> list[MessageId]:
    """Have rows show what was read in the octets of messages, and not in their headers.

    Returns:
        Those of the messages whose rows changed by it.
    """
    for one in read.values():
        if one.report is not None:
            sending.note_report(tx, one.report)
    changed = [
        MessageId(message_id)
        for message_id, attachment, preview in tx.fetch(
            "SELECT id, attachment, preview FROM message"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(list(read)).decode(),),
        )
        if (bool(attachment), preview)
        != (read[message_id].has_attachment, read[message_id].preview)
    ]
    tx.execute_many(
        "UPDATE message SET attachment = ?, preview = ? WHERE id = ?",
        [(read[one].has_attachment, read[one].preview, one) for one in changed],
    )
    tx.execute_many(
        "UPDATE placement SET attachment = ?1 WHERE message_id = ?2 AND attachment <> ?1",
        [(read[one].has_attachment, one) for one in changed],
    )
    return changed


def identify(tx: Transaction, coming: Sequence[tuple[MessageId, Coming]]) -> None:
    """Give messages of which only the envelopes are here their headers, or their octets.

    Where that shows one to be another message that is here, it becomes that one in every mailbox.
    What is known by its header already, or gone, is left alone.
    """
    before = _before(tx, coming, "+header_digest = x''")
    coming = [(message_id, one) for message_id, one in coming if message_id in before]
    # A header may be that of octets beside it: it must not take their place.
    coming.sort(key=lambda item: item[1].blob_id is None)
    known = _Known(tx, [one for _, one in coming])
    named: dict[MessageId, Coming] = {}
    for message_id, one in coming:
        other = known.find(one)
        if other is not None and other != message_id:
            _merge(tx, message_id, other, one)
        else:
            other = message_id
            named[message_id] = one
        known.note(other, one)
    _name(tx, named, before)


class _Before(NamedTuple):
    """What is here of a message that more comes of."""

    words_id: int
    size: int
    has_attachment: int
    thread_id: int
    message_id: str
    subject: str
    sender_name: str
    sender_address: str

    def attached(self, one: Coming) -> bool:
        """Whether something is attached: of a header that is a guess, and the row may know."""
        return bool(self.has_attachment) if one.is_glanced else one.summary.has_attachment


_BEFORE = (
    "id, words_id, size, attachment, thread_id, message_id, subject, sender_name, sender_address"
)


def _before(
    tx: Transaction, coming: Sequence[tuple[MessageId, Coming]], which: str
) -> dict[MessageId, _Before]:
    """The rows of the messages of which more comes, so far as a condition holds for them."""
    ids = msgspec.json.encode([message_id for message_id, _ in coming]).decode()
    rows = tx.fetch(
        f"SELECT {_BEFORE} FROM message WHERE id IN (SELECT value FROM json_each(?)) AND {which}",
        (ids,),
    )
    return {MessageId(row[0]): _Before(*row[1:]) for row in rows}


def _merge(tx: Transaction, message_id: MessageId, other: MessageId, one: Coming) -> None:
    """Let every placement of a message be one of another that it turned out to be."""
    complete(tx, [(other, one)])
    rows = tx.fetch("SELECT id FROM placement WHERE message_id = ?", (message_id,))
    give(tx, kept(tx, other), [PlacementId(row[0]) for row in rows])
    drop_unplaced(tx, [message_id])


def _name(
    tx: Transaction, named: Mapping[MessageId, Coming], before: Mapping[MessageId, _Before]
) -> None:
    """Write what headers say that envelopes did not, or not in the same way.

    An index is written for each column of it that is named, changed or not: so what did not change
    is not named.
    """
    joining = {
        message_id: one
        for message_id, one in named.items()
        if one.summary.references or one.summary.message_id != before[message_id].message_id
    }
    threads = dict(
        zip(
            joining,
            thread.join(
                tx,
                [
                    (before[message_id].thread_id, one.summary.message_id, one.summary.references)
                    for message_id, one in joining.items()
                ],
            ),
            strict=True,
        )
    )
    tx.execute_many(
        "UPDATE message SET blob_id = ?, header = ?, header_digest = ?, recipients = ?, size = ?,"
        " attachment = ?, preview = ? WHERE id = ?",
        [
            (
                one.blob_id,
                one.summary.header or None,
                one.summary.digest,
                one.summary.recipients,
                one.size,
                before[message_id].attached(one),
                one.summary.preview,
                message_id,
            )
            for message_id, one in named.items()
        ],
    )
    renamed = [
        (message_id, one.summary)
        for message_id, one in named.items()
        if (one.summary.message_id, one.summary.subject, *one.summary.sender)
        != before[message_id][-4:]
    ]
    tx.execute_many(
        "UPDATE message SET message_id = ?, subject = ?, sender_name = ?, sender_address = ?"
        " WHERE id = ?",
        [(row.message_id, row.subject, *row.sender, message_id) for message_id, row in renamed],
    )
    tx.execute_many(
        "UPDATE placement SET sort_sender = ?, sort_subject = ? WHERE message_id = ?",
        [(row.sort_sender, row.sort_subject, message_id) for message_id, row in renamed],
    )
    moved = [
        (thread_id, message_id)
        for message_id, thread_id in threads.items()
        if thread_id != before[message_id].thread_id
    ]
    for table, key in (("message", "id"), ("placement", "message_id")):
        tx.execute_many(
            f"UPDATE {table} SET thread_id = ?1 WHERE {key} = ?2 AND thread_id <> ?1", moved
        )
    _note_octets(
        tx, before, {local: one for local, one in named.items() if one.blob_id is not None}
    )
    _find_anew(tx, before, named)


def _find_anew(
    tx: Transaction, before: Mapping[MessageId, _Before], coming: Mapping[MessageId, Coming]
) -> None:
    for message_id, one in coming.items():
        words_id = before[message_id].words_id
        if one.is_glanced:
            tx.find_no_more(message_id, words_id)
            tx.find_later(message_id)
        else:
            tx.find_anew(message_id, words_id, one.summary.words)


def _note_octets(
    tx: Transaction, before: Mapping[MessageId, _Before], coming: Mapping[MessageId, Coming]
) -> None:
    """Say in the placements of messages whose octets are here now what these are like."""
    for one in coming.values():
        if one.summary.report is not None:
            sending.note_report(tx, one.summary.report)
    changed: list[tuple[int, bool, MessageId]] = []
    same: list[tuple[MessageId]] = []
    for message_id, one in coming.items():
        attached = before[message_id].attached(one)
        if (one.size, attached) != (
            before[message_id].size,
            bool(before[message_id].has_attachment),
        ):
            changed.append((one.size, attached, message_id))
        else:
            same.append((message_id,))
    tx.execute_many(
        "UPDATE placement SET size = ?, attachment = ?, wanted = 0 WHERE message_id = ?", changed
    )
    tx.execute_many("UPDATE placement SET wanted = 0 WHERE message_id = ?", same)


def digests(tx: Transaction, message_ids: Sequence[MessageId]) -> dict[MessageId, bytes]:
    """The digests of the header blocks of those of the messages that are here."""
    return dict(
        tx.fetch(
            "SELECT id, header_digest FROM message WHERE id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(message_ids).decode(),),
        )
    )


def whole(tx: Transaction, message_ids: Sequence[MessageId]) -> set[MessageId]:
    """Those of the messages whose octets are here."""
    rows = tx.fetch(
        "SELECT id FROM message WHERE id IN (SELECT value FROM json_each(?))"
        " AND blob_id IS NOT NULL",
        (msgspec.json.encode(message_ids).decode(),),
    )
    return {MessageId(row[0]) for row in rows}


def without_header(tx: Transaction, message_ids: Sequence[MessageId]) -> dict[MessageId, int]:
    """Those of the messages of which only the envelope is here, and their sizes."""
    ids = msgspec.json.encode(message_ids).decode()
    return dict(
        tx.fetch(
            "SELECT id, size FROM message WHERE id IN (SELECT value FROM json_each(?))"
            " AND +header_digest = x''",
            (ids,),
        )
    )


def alike(tx: Transaction, message_ids: Sequence[str], of_sizes: Sequence[int]) -> set[str]:
    """Those of the Message-IDs whose messages may be here already, going by these and by sizes."""
    sizes = dict(zip(message_ids, of_sizes, strict=True))
    sizes.pop("", None)
    found = tx.fetch(
        "SELECT message_id, size FROM message WHERE message_id <> ''"
        " AND message_id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(sizes)).decode(),),
    )
    # By POP3 a message ends with a line end that it may not have had (RFC 1939 section 3).
    return {name for name, size in found if sizes[name] <= size <= sizes[name] + 2}


def is_same(tx: Transaction, message_id: MessageId, octets: bytes) -> bool:
    """Whether a message that is here as a whole is the one with these octets.

    By POP3 a message ends with a line end that it may not have had (RFC 1939 section 3).
    """
    row = tx.fetch_one("SELECT blob_id, size FROM message WHERE id = ?", (message_id,))
    if row is None or row[0] is None or abs(row[1] - len(octets)) > len(_LINE_END):
        return False
    here = blob.read(tx, row[0])
    return octets in {here, here + _LINE_END} or here == octets + _LINE_END


def with_octets(
    tx: Transaction, message_ids: Sequence[MessageId], octets: bytes
) -> MessageId | None:
    """Of messages with one header block the one with these octets; None where it is none of them.

    Of those that are not here as a whole the size tells.
    """
    sizes: dict[MessageId, int] = dict(
        tx.fetch(
            "SELECT id, size FROM message WHERE id IN (SELECT value FROM json_each(?))"
            " AND blob_id IS NULL",
            (msgspec.json.encode(message_ids).decode(),),
        )
    )
    for one in message_ids:
        if one not in sizes and is_same(tx, one, octets):
            return one
    return next((one for one in message_ids if sizes.get(one) == len(octets)), None)


def digest(tx: Transaction, message_id: MessageId) -> bytes:
    """The digest of the header block of a message; empty when that is not here, or gone."""
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
            "SELECT blob_id, words_id FROM message WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM placement WHERE message_id = ?1)",
            (message_id,),
        )
        if row is None:
            continue
        tx.find_no_more(message_id, row[1])
        tx.execute("DELETE FROM message WHERE id = ?", (message_id,))
        if row[0] is not None:
            blob.drop_unnamed(tx, [row[0]])


_INSERT = (
    "INSERT INTO message (id, blob_id, header, header_digest, message_id, subject, sender_name,"
    " sender_address, recipients, date_s, size, attachment, preview, thread_id, words_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


_INSERT_LISTED = (
    "INSERT INTO message (id, header_digest, message_id, subject, sender_name, sender_address,"
    " recipients, date_s, size, attachment, preview, thread_id, words_id)"
    " VALUES (?, x'', ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)"
)


def add_listed(tx: Transaction, listing: Listing) -> tuple[range, list[int]]:
    """Add messages of which only the envelopes are here; they wait for the word index.

    Returns:
        Their ids and their threads.
    """
    first = tx.reserve("message")
    ids = range(first, first + len(listing.uids))
    threads = thread.join_keys(tx, list(zip(ids, listing.thread_keys, strict=True)))
    words_ids = words.ids_for(tx, listing.dates_s)
    tx.execute_many(
        _INSERT_LISTED,
        zip(
            ids, listing.message_ids, listing.subjects, listing.sender_names,
            listing.sender_addresses, listing.recipients, listing.dates_s, listing.sizes,
            listing.have_attachment, threads, words_ids, strict=True,
        ),
    )  # fmt: skip
    words.wait_from(tx, MessageId(first))
    return ids, threads


def _add(tx: Transaction, first: int, adding: Sequence[Coming]) -> list[Kept]:
    ids = [MessageId(first + number) for number in range(len(adding))]
    threads = thread.join(
        tx,
        [
            (message_id, one.summary.message_id, one.summary.references)
            for message_id, one in zip(ids, adding, strict=True)
        ],
    )
    words_ids = words.ids_for(tx, [one.date_s for one in adding])
    tx.execute_many(
        _INSERT,
        map(_fields, ids, adding, threads, words_ids),
    )
    for message_id, words_id, one in zip(ids, words_ids, adding, strict=True):
        if one.words_come or one.is_glanced:
            tx.find_later(message_id)
        else:
            tx.find_by(message_id, words_id, one.summary.words)
        if one.summary.report is not None:
            sending.note_report(tx, one.summary.report)
    return [
        Kept(
            message_id,
            one.date_s,
            one.size,
            one.summary.has_attachment,
            thread_id,
            one.summary.sort_sender,
            one.summary.sort_subject,
            has_octets=one.blob_id is not None,
            is_new=True,
        )
        for message_id, thread_id, one in zip(ids, threads, adding, strict=True)
    ]


def _fields(
    message_id: MessageId, one: Coming, thread_id: int, words_id: int
) -> tuple[int | str | bytes | None, ...]:
    summary = one.summary
    return (
        message_id,
        one.blob_id,
        summary.header or None,
        summary.digest,
        summary.message_id,
        summary.subject,
        *summary.sender,
        summary.recipients,
        one.date_s,
        one.size,
        summary.has_attachment,
        summary.preview,
        thread_id,
        words_id,
    )


def _chunks(values: list[T]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(values), _CHUNK):
        yield tuple(values[start : start + _CHUNK])


def _marks(values: tuple[object, ...]) -> str:
    return ",".join("?" * len(values))
