"""What waits for the word index, indexed from its octets: after a crash, an upgrade, a repair.

A sync hands the words it worked out over in memory (`Store.index_words`); here is the way for those
that nobody has in memory any more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.vocabulary import indexed
from desktopmail.door.words import spaced
from desktopmail.engine import reading
from desktopmail.engine.store import message, words
from desktopmail.engine.summary import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import MessageId
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

_BATCH_MESSAGES = 2000
_BATCH_OCTETS = 8 * 1024 * 1024

_Waiting = tuple["MessageId", bytes, bool]


async def index_waiting(store: Store, ports: Ports) -> None:
    """Index what waits now, the newest first; who adds messages has their words in memory.

    Raises:
        DoorError: The disk is full or failed; what was not indexed waits on.
    """
    last = await store.read(words.last_waiting)
    before: int | None = None
    while last:
        batch, before = await store.read(partial(_load, last, before))
        if not batch:
            return
        found = await reading.read(
            store.guard, ports, [(octets, is_whole) for _, octets, is_whole in batch]
        )
        rows = {one[0]: row.summary.words for one, row in zip(batch, found, strict=True)}
        rows |= await store.read(partial(_of_envelopes, list(rows)))
        await store.write(partial(_keep, rows))


def _load(
    until: MessageId, before: int | None, tx: Transaction
) -> tuple[list[_Waiting], int | None]:
    """Some of those that wait, with their octets or their header, and where they end."""
    batch: list[_Waiting] = []
    size = 0
    for message_id, words_id in words.waiting(tx, until, _BATCH_MESSAGES, before=before):
        before = words_id
        octets = _octets(tx, message_id)
        is_whole = octets is not None
        if octets is None:
            octets = _header(tx, message_id)
        batch.append((message_id, octets, is_whole))
        size += len(octets)
        if size >= _BATCH_OCTETS:
            break
    return batch, before


def _octets(tx: Transaction, message_id: MessageId) -> bytes | None:
    try:
        return message.octets(tx, message_id)
    except KeyError:
        return None  # damaged: the doctor says so, and here nothing can be found in it


def _header(tx: Transaction, message_id: MessageId) -> bytes:
    row = tx.fetch_one("SELECT header FROM message WHERE id = ?", (message_id,))
    return bytes(row[0]) if row is not None and row[0] is not None else b""


def _of_envelopes(message_ids: Sequence[MessageId], tx: Transaction) -> dict[MessageId, Words]:
    """The words of messages of which only the envelope is here: those of their rows."""
    return {
        message_id: Words(
            subject=indexed(spaced(subject)),
            sender=indexed(spaced(f"{name} {address}")),
            recipients=indexed(spaced(recipients)),
            body="",
            files="",
        )
        for message_id, subject, name, address, recipients in tx.fetch(
            "SELECT id, subject, sender_name, sender_address, recipients FROM message"
            " WHERE id IN (SELECT value FROM json_each(?)) AND +header_digest = x''",
            (msgspec.json.encode(message_ids).decode(),),
        )
    }


def _keep(rows: dict[MessageId, Words], tx: Transaction) -> None:
    words.add_waiting(tx, rows)
