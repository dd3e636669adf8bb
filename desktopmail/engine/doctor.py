"""The doctor: whether the store is sound, and what can be put right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.engine.content import sha256
from desktopmail.engine.indexing import index_waiting
from desktopmail.engine.store import words

if TYPE_CHECKING:
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

_BATCH = 500
_COUNTS = (
    "SELECT t.mailbox_id FROM mailbox_total AS t WHERE"
    " t.total <> (SELECT count(*) FROM placement WHERE mailbox_id = t.mailbox_id AND shown = 1)"
    " OR t.unread <> (SELECT count(*) FROM placement WHERE mailbox_id = t.mailbox_id AND shown = 1"
    "  AND flags & 1 = 0)"
)


async def examine(store: Store, ports: Ports, *, repair: bool) -> list[str]:
    """Look at everything; returns one sentence for each thing that is or was wrong."""
    findings = await store.read(_structure)
    findings += await _counts(store, repair=repair)
    findings += await _octets(store)
    findings += await _index(store, ports, repair=repair)
    return findings


def _structure(tx: Transaction) -> list[str]:
    """What SQLite itself finds."""
    said = [row[0] for row in tx.fetch("PRAGMA integrity_check(20)") if row[0] != "ok"]
    broken = tx.fetch("PRAGMA foreign_key_check")
    findings = [f"The database is damaged: {one}." for one in said]
    if broken:
        findings.append(f"{len(broken)} rows name others that are not there.")
    return findings


async def _counts(store: Store, *, repair: bool) -> list[str]:
    wrong = [row[0] for row in await store.read(lambda tx: tx.fetch(_COUNTS))]
    if not wrong:
        return []
    if not repair:
        return [f"The counts of {len(wrong)} mailboxes are wrong."]

    def step(tx: Transaction) -> None:
        tx.execute(
            "UPDATE mailbox_total SET (total, unread, octets) = (SELECT count(*),"
            " coalesce(sum(flags & 1 = 0), 0), coalesce(sum(size), 0) FROM placement AS p"
            " WHERE p.mailbox_id = mailbox_total.mailbox_id AND shown = 1)"
        )
        for mailbox_id in wrong:
            tx.touch_messages(mailbox_id)

    await store.write(step)
    return [f"The counts of {len(wrong)} mailboxes were wrong, and are right now."]


async def _octets(store: Store) -> list[str]:
    """Read every content: what is missing or is not what its name says is named."""
    last, wrong = 0, 0
    while True:
        last, bad = await store.read(partial(_read_blobs, last))
        wrong += bad
        if not last:
            break
    return [f"The octets of {wrong} messages are missing or damaged."] if wrong else []


def _read_blobs(after: int, tx: Transaction) -> tuple[int, int]:
    rows = tx.fetch(
        "SELECT id, sha256, segment, position FROM blob WHERE id > ? ORDER BY id LIMIT ?",
        (after, _BATCH),
    )
    wrong = 0
    for _, digest, segment, position in rows:
        try:
            wrong += sha256(tx.segments.read(segment, position)) != digest
        except KeyError:
            wrong += 1
    return (rows[-1][0] if rows else 0), wrong


async def _index(store: Store, ports: Ports, *, repair: bool) -> list[str]:
    """Build the word index again, from the messages themselves."""
    if not repair:
        await store.index_words()  # of mail that is coming right now
        waiting = await store.read(words.count_waiting)
        return [f"{waiting} messages are not in the word index."] if waiting else []
    await store.write(words.queue_all)
    await index_waiting(store, ports)
    return []
