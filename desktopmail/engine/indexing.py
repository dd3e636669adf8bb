"""What waits for the word index, indexed from its octets: after a crash, an upgrade, a repair.

A sync hands the words it worked out over in memory (`Store.index_words`); here is the way for those
that nobody has in memory any more, for those of which only the header was read as they came, and
for those whose octets do not come soon enough.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from desktopmail.door.ids import MessageId, PlacementId
from desktopmail.door.vocabulary import indexed
from desktopmail.door.words import spaced
from desktopmail.engine import reading
from desktopmail.engine.in_hand import MESSAGE, message_key
from desktopmail.engine.store import message, placement, words
from desktopmail.engine.summary import Rest, Words
from desktopmail.engine.waiting import unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.stored_rows import Place
    from desktopmail.net.ports import Ports

# So many are looked up at once, or as many as have headers of so many octets.
_BATCH_MESSAGES = 4000
_BATCH_OCTETS = 8 * 1024 * 1024
# So much is read in one piece: of smaller ones a fiftieth more time is spent on opening segments.
_CHUNK_MESSAGES = 200
_CHUNK_OCTETS = 2 * 1024 * 1024
# Words are written when they are so many characters, while others are read: see `Store`.
_WORDS_AT_ONCE = 2_000_000

_State = tuple[int | None, bytes]
_ENVELOPE: _State = (None, b"")


class _Waiting(NamedTuple):
    """A message that waits, with what is here of it.

    Attributes:
        header: Of one whose octets are not here; empty where only its envelope is.
        place: Where its octets are.
        octets: How many those are.
        state: Its blob and the digest of its header, which change when more of it comes.
    """

    message_id: MessageId
    header: bytes
    place: Place | None
    octets: int
    state: _State


async def index_waiting(store: Store, ports: Ports) -> None:
    """Index what waits now, the newest first; who adds messages has their words in memory.

    Raises:
        DoorError: The disk is full or failed; what was not indexed waits on.
    """
    last = await store.read(words.last_waiting)
    before: int | None = None
    while last:
        waiting = await store.read(
            partial(words.waiting, until=last, limit=_BATCH_MESSAGES, before=before)
        )
        if not waiting:
            return
        done = await _index(store, ports, [message_id for message_id, _ in waiting])
        before = waiting[done - 1][1]


async def index_octets(store: Store, ports: Ports) -> None:
    """Index those that wait and whose octets are here, in the order in which they came.

    Raises:
        DoorError: The disk is full or failed; what was not indexed waits on.
    """
    after = MessageId(0)
    while waiting := await store.read(partial(_with_octets, after)):
        done = await _index(store, ports, waiting)
        after = waiting[done - 1]
    await store.index_words()


async def index_without_octets(store: Store, ports: Ports, account_id: AccountId) -> None:
    """Index those messages of an account that wait for their octets, by what is here of them.

    Raises:
        DoorError: The disk is full or failed; what was not indexed waits on.
    """
    after = MessageId(0)
    while waiting := await store.read(partial(_without_octets, account_id, after)):
        done = await _index(store, ports, waiting)
        after = waiting[done - 1]


async def _index(store: Store, ports: Ports, waiting: Sequence[MessageId]) -> int:
    """Index the first of some messages; returns how many those were.

    Some are written while those after them are read.
    """
    batch, done = await store.read(partial(_load, waiting))
    with unwrapped():
        async with asyncio.TaskGroup() as group:
            writing: asyncio.Task[None] | None = None
            gathered: dict[MessageId, tuple[_State, Rest | Words | None]] = {}
            characters, left = 0, len(batch)
            placed = sum(one.place is not None for one in batch)
            for chunk in _chunks(batch):
                read = await _read(store, ports, chunk, placed)
                gathered.update(
                    (one.message_id, (one.state, read.get(one.message_id))) for one in chunk
                )
                characters += sum(map(_characters, read.values()))
                left -= len(chunk)
                if characters >= _WORDS_AT_ONCE or not left:
                    if writing is not None:
                        await writing
                    writing = group.create_task(store.write(partial(_keep, gathered)))
                    gathered, characters = {}, 0
    return done


def _chunks(batch: Sequence[_Waiting]) -> Iterator[Sequence[_Waiting]]:
    begin = octets = 0
    for end, one in enumerate(batch, 1):
        octets += one.octets + len(one.header)
        if octets >= _CHUNK_OCTETS or end - begin >= _CHUNK_MESSAGES or end == len(batch):
            yield batch[begin:end]
            begin, octets = end, 0


async def _read(
    store: Store, ports: Ports, chunk: Sequence[_Waiting], total: int
) -> dict[MessageId, Rest | Words]:
    """What was read of messages; nothing of those that are set aside, or here by their envelope.

    Args:
        store: Where they wait.
        ports: With or without a worker.
        chunk: Some of them.
        total: How many of all have their octets here.
    """
    known = [
        one
        for one in chunk
        if one.place is None
        and one.state != _ENVELOPE
        and not store.guard.is_aside(MESSAGE, message_key(one.header))
    ]
    headers = await reading.read(store.guard, ports, [(one.header, False) for one in known])
    placed = [(one.message_id, one.place) for one in chunk if one.place is not None]
    whole = await reading.read_stored(
        store.guard, ports, store.profile, [place for _, place in placed], total=total
    )
    found: dict[MessageId, Rest | Words] = {
        one.message_id: row.summary.words for one, row in zip(known, headers, strict=True)
    }
    for (message_id, _), row in zip(placed, whole, strict=True):
        if row is not None:
            found[message_id] = row
    return found


def _characters(one: Rest | Words) -> int:
    return one.words.characters if isinstance(one, Rest) else one.characters


def _with_octets(after: MessageId, tx: Transaction) -> list[MessageId]:
    rows = tx.fetch(
        "SELECT q.message_id FROM word_queue AS q CROSS JOIN message AS m ON m.id = q.message_id"
        " WHERE q.message_id > ? AND m.blob_id IS NOT NULL ORDER BY q.message_id LIMIT ?",
        (after, _BATCH_MESSAGES),
    )
    return [MessageId(row[0]) for row in rows]


def _without_octets(account_id: AccountId, after: MessageId, tx: Transaction) -> list[MessageId]:
    rows = tx.fetch(
        "SELECT message_id FROM word_queue AS q WHERE message_id > ? AND EXISTS ("
        " SELECT 1 FROM message AS m JOIN placement AS p ON p.message_id = m.id"
        " JOIN mailbox AS b ON b.id = p.mailbox_id"
        " WHERE m.id = q.message_id AND m.blob_id IS NULL AND b.account_id = ?)"
        " ORDER BY message_id LIMIT ?",
        (after, account_id, _BATCH_MESSAGES),
    )
    return [MessageId(row[0]) for row in rows]


def _load(waiting: Sequence[MessageId], tx: Transaction) -> tuple[list[_Waiting], int]:
    """The first of some messages, as many as fit into a batch, and how many those are."""
    batch: list[_Waiting] = []
    size = done = 0
    for message_id in waiting:
        done += 1
        row = tx.fetch_one(
            "SELECT m.blob_id, m.header_digest, m.header, b.segment, b.position, b.octets"
            " FROM message AS m LEFT JOIN blob AS b ON b.id = m.blob_id WHERE m.id = ?",
            (message_id,),
        )
        if row is None:
            continue  # it was removed meanwhile
        blob_id, digest, header, segment, position, octets = row
        header = bytes(header or b"")
        place = None if blob_id is None else (segment, position)
        batch.append(_Waiting(message_id, header, place, octets or 0, (blob_id, bytes(digest))))
        size += len(header)
        if size >= _BATCH_OCTETS:
            break
    return batch, done


def _keep(read: Mapping[MessageId, tuple[_State, Rest | Words | None]], tx: Transaction) -> None:
    """Index messages, but for those of which more came meanwhile: that has other words."""
    found: dict[MessageId, Words] = {}
    shown: dict[MessageId, Rest] = {}
    for message_id, blob_id, digest, *columns in tx.fetch(
        "SELECT id, blob_id, header_digest, subject, sender_name, sender_address, recipients"
        " FROM message WHERE id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(read)).decode(),),
    ):
        state, one = read[message_id]
        if (blob_id, digest) != state:
            continue
        if isinstance(one, Rest):
            shown[message_id] = one
            found[message_id] = one.words
        else:
            found[message_id] = one or _of_row(*columns)
    _show(shown, tx)
    words.add_waiting(tx, found)


def _show(read: Mapping[MessageId, Rest], tx: Transaction) -> None:
    changed = message.show(tx, read)
    rows = tx.fetch(
        "SELECT id FROM placement WHERE message_id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(changed).decode(),),
    )
    placement.touch(tx, [PlacementId(row[0]) for row in rows])


def _of_row(subject: str, name: str, address: str, recipients: str) -> Words:
    """The words of a message of which only the envelope is here: those of its row."""
    return Words(
        subject=indexed(spaced(subject)),
        sender=indexed(spaced(f"{name} {address}")),
        recipients=indexed(spaced(recipients)),
        body="",
        files="",
    )
