"""What waits for the word index, indexed from its octets: after a crash, an upgrade, a repair.

A sync hands the words it worked out over in memory (`Store.index_words`); here is the way for those
that nobody has in memory any more, and for those whose octets do not come soon enough.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from desktopmail.door.ids import MessageId
from desktopmail.door.vocabulary import indexed
from desktopmail.door.words import spaced
from desktopmail.engine import reading
from desktopmail.engine.store import message, words
from desktopmail.engine.summary import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

_BATCH_MESSAGES = 2000
_BATCH_OCTETS = 8 * 1024 * 1024

_State = tuple[int | None, bytes]
_ENVELOPE: _State = (None, b"")


class _Waiting(NamedTuple):
    """A message that waits, with what is here of it.

    Attributes:
        octets: All of it, or its header; empty where only its envelope is here.
        state: Its blob and the digest of its header, which change when more of it comes.
    """

    message_id: MessageId
    octets: bytes
    is_whole: bool
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
    """Index the first of some messages; returns how many those were."""
    batch, done = await store.read(partial(_load, waiting))
    known = [one for one in batch if one.state != _ENVELOPE]
    found = await reading.read(store.guard, ports, [(one.octets, one.is_whole) for one in known])
    read = {one.message_id: row.summary.words for one, row in zip(known, found, strict=True)}
    await store.write(partial(_keep, batch, read))
    return done


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
            "SELECT blob_id, header_digest, header FROM message WHERE id = ?", (message_id,)
        )
        if row is None:
            continue  # it was removed meanwhile
        octets = _octets(tx, message_id)
        is_whole = octets is not None
        if octets is None:
            octets = bytes(row[2] or b"")
        batch.append(_Waiting(message_id, octets, is_whole, (row[0], bytes(row[1]))))
        size += len(octets)
        if size >= _BATCH_OCTETS:
            break
    return batch, done


def _octets(tx: Transaction, message_id: MessageId) -> bytes | None:
    try:
        return message.octets(tx, message_id)
    except KeyError:
        return None  # damaged: the doctor says so, and here nothing can be found in it


def _keep(batch: Sequence[_Waiting], read: Mapping[MessageId, Words], tx: Transaction) -> None:
    """Index messages, but for those of which more came meanwhile: that has other words."""
    states = {one.message_id: one.state for one in batch}
    found: dict[MessageId, Words] = {}
    for message_id, blob_id, digest, *columns in tx.fetch(
        "SELECT id, blob_id, header_digest, subject, sender_name, sender_address, recipients"
        " FROM message WHERE id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(states)).decode(),),
    ):
        if (blob_id, digest) == states[message_id]:
            found[message_id] = read.get(message_id) or _of_row(*columns)
    words.add_waiting(tx, found)


def _of_row(subject: str, name: str, address: str, recipients: str) -> Words:
    """The words of a message of which only the envelope is here: those of its row."""
    return Words(
        subject=indexed(spaced(subject)),
        sender=indexed(spaced(f"{name} {address}")),
        recipients=indexed(spaced(recipients)),
        body="",
        files="",
    )
