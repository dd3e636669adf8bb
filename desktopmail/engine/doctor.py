"""The doctor: whether the store is sound, and what can be put right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from desktopmail.door.lost import AT_A_SERVER
from desktopmail.door.octets import OctetsLostError
from desktopmail.door.rows import SendingState
from desktopmail.door.sqlite import DAMAGE
from desktopmail.engine import quarantine
from desktopmail.engine.content import sha256
from desktopmail.engine.in_hand import ACCOUNT, MESSAGE
from desktopmail.engine.indexing import index_waiting
from desktopmail.engine.labels import messages as messages_in_words
from desktopmail.engine.store import aside, blob, salvage, words
from desktopmail.engine.store.blob import UNNAMED

if TYPE_CHECKING:
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

_BATCH = 500
_COUNTED = (
    " SELECT m.id AS mailbox_id, count(p.id) AS total, coalesce(sum(p.flags & 1 = 0), 0) AS unread,"
    " coalesce(sum(p.size), 0) AS octets FROM mailbox AS m"
    " LEFT JOIN placement AS p ON p.mailbox_id = m.id AND p.shown = 1 GROUP BY m.id"
)
_COUNTS = (
    f"SELECT c.mailbox_id FROM ({_COUNTED}) AS c"  # noqa: S608 - our own text
    " LEFT JOIN mailbox_total AS t ON t.mailbox_id = c.mailbox_id WHERE t.mailbox_id IS NULL"
    " OR t.total <> c.total OR t.unread <> c.unread OR t.octets <> c.octets"
)
_UNFOUND = (
    "SELECT count(*) FROM message AS m WHERE NOT EXISTS"
    " (SELECT 1 FROM words_docsize AS w WHERE w.id = m.words_id)"
    " AND NOT EXISTS (SELECT 1 FROM word_queue AS q WHERE q.message_id = m.id)"
)
_NEEDED = (
    f"SELECT b.id FROM blob AS b WHERE NOT ({UNNAMED})"  # noqa: S608 - the same
    " AND b.id IN (SELECT value FROM json_each(?))"
)


class Finding(NamedTuple):
    """Something that is or was wrong.

    Attributes:
        sentence: What.
        is_damage: It is damage, and still there.
    """

    sentence: str
    is_damage: bool = False


async def examine(store: Store, ports: Ports, *, repair: bool) -> list[Finding]:
    """Look at everything."""
    salvaged, store.salvaged = store.salvaged, None
    findings = list(map(Finding, salvaged.sentences())) if salvaged is not None else []
    broken = await _structure(store, repair=repair)
    if broken:
        return findings + broken  # the rest cannot be looked at
    findings += await _counts(store, repair=repair)
    findings += await _octets(store, repair=repair)
    findings += await _index(store, ports, repair=repair)
    findings += await _aside(store, ports, repair=repair)
    return findings


async def _structure(store: Store, *, repair: bool) -> list[Finding]:
    """What SQLite itself finds; it cannot be put right while it is in use."""
    findings = [Finding(one, is_damage=True) for one in await store.read(_integrity)]
    if findings and repair:
        salvage.ask_for(store.profile)
        findings.append(
            Finding(
                "It is put together anew of what can be read when the program starts next; look at"
                " it once more then."
            )
        )
    return findings


def _integrity(tx: Transaction) -> list[str]:
    try:
        said = [row[0] for row in tx.fetch("PRAGMA integrity_check(20)") if row[0] != "ok"]
        broken = tx.fetch("PRAGMA foreign_key_check")
    except DAMAGE as error:
        said, broken = [str(error)], []
    findings = [f"The database is damaged: {one}." for one in said]
    lost = [] if findings else tx.missing()
    if lost:
        findings.append(f"The database is damaged, it lacks: {', '.join(lost)}.")
    if broken:
        findings.append(
            "1 row names another that is not there."
            if len(broken) == 1
            else f"{len(broken)} rows name others that are not there."
        )
    return findings


async def _counts(store: Store, *, repair: bool) -> list[Finding]:
    wrong = [row[0] for row in await store.read(lambda tx: tx.fetch(_COUNTS))]
    if not wrong:
        return []
    if not repair:
        return [Finding(f"Mailboxes whose counts are wrong: {len(wrong)}.", is_damage=True)]

    def step(tx: Transaction) -> None:
        tx.execute(
            "INSERT OR REPLACE INTO mailbox_total (mailbox_id, total, unread, octets)" + _COUNTED
        )
        for mailbox_id in wrong:
            tx.touch_messages(mailbox_id)

    await store.write(step)
    return [Finding(f"Mailboxes whose counts were wrong, and are right now: {len(wrong)}.")]


async def _aside(store: Store, ports: Ports, *, repair: bool) -> list[Finding]:
    """What the engine died of, and somebody said to leave: asked about once more."""
    every = await store.read(aside.every)
    items = [one for one in every if one.kind in {MESSAGE, ACCOUNT}]  # the others can be undone
    if not items:
        return []
    left = "1 thing is" if len(items) == 1 else f"{len(items)} things are"
    found = f"{left} left alone, because the program ended at it again and again"
    if not repair:
        return [Finding(f"{found}.")]
    now_s = ports.clock.now().timestamp()
    for item in sorted(items, key=lambda one: (one.kind, one.key)):
        await store.write(partial(quarantine.set_aside, item, now_s))
    return [Finding(f"{found}: it is asked about once more.")]


async def _octets(store: Store, *, repair: bool) -> list[Finding]:
    """Read every content: what is missing or is not what its name says is named.

    Repaired is what a server still has: it is fetched again at the next sync.
    """
    last = 0
    wrong: list[int] = []
    while True:
        last, bad = await store.read(partial(_read_blobs, last))
        wrong += bad
        if not last:
            break
    needed = await store.read(partial(_needed, wrong))
    if repair and wrong:
        await store.write(partial(_drop_unneeded, wrong))
    if not needed:
        return []
    count = await store.read(partial(_messages_of, needed))
    waiting = await store.read(partial(_waiting_of, needed))
    findings = []
    if waiting:
        said = f"The octets of {messages_in_words(waiting)} in the outbox cannot be read any more"
        findings.append(Finding(f"{said}: take them back.", is_damage=True))
    found = f"The octets of {messages_in_words(count)} are missing or damaged"
    if not repair:
        return [*findings, Finding(f"{found}.", is_damage=True)] if count else findings
    fetched = await store.write(partial(_forget, needed))
    await store.read(_leave_damaged)
    left = count - fetched
    if fetched:
        again = "1 is" if fetched == 1 else f"{fetched} are"
        findings.append(Finding(f"{found}: {again} fetched again at the next sync."))
    if left:
        said = (
            f"The octets of {messages_in_words(left)} were here only, and cannot be read any more"
        )
        findings.append(Finding(f"{said}.", is_damage=True))
    return findings


def _leave_damaged(tx: Transaction) -> None:
    """Write nothing more into a file that is damaged, and put away what is no database any more."""
    tx.segments.begin_next()
    for number in tx.segments.numbers():
        tx.segments.set_aside(number)


def _read_blobs(after: int, tx: Transaction) -> tuple[int, list[int]]:
    rows = tx.fetch(
        "SELECT id, sha256, segment, position FROM blob WHERE id > ? ORDER BY id LIMIT ?",
        (after, _BATCH),
    )
    wrong = []
    for blob_id, digest, segment, position in rows:
        try:
            if sha256(tx.segments.read(segment, position)) != digest:
                wrong.append(blob_id)
        except OctetsLostError:
            wrong.append(blob_id)
    return (rows[-1][0] if rows else 0), wrong


def _needed(blob_ids: list[int], tx: Transaction) -> list[int]:
    """Those of the contents that a message or the outbox names."""
    return [row[0] for row in tx.fetch(_NEEDED, (msgspec.json.encode(blob_ids).decode(),))]


def _drop_unneeded(blob_ids: list[int], tx: Transaction) -> None:
    blob.drop_unnamed(tx, blob_ids)


def _waiting_of(blob_ids: list[int], tx: Transaction) -> int:
    """How many messages of the outbox have one of these contents, and are still to be sent."""
    row = tx.fetch_one(
        "SELECT count(*) FROM sending WHERE state <> ?"
        " AND blob_id IN (SELECT value FROM json_each(?))",
        (SendingState.DONE.value, msgspec.json.encode(blob_ids).decode()),
    )
    return int(row[0]) if row is not None else 0


def _messages_of(blob_ids: list[int], tx: Transaction) -> int:
    row = tx.fetch_one(
        "SELECT count(*) FROM message WHERE blob_id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(blob_ids).decode(),),
    )
    return int(row[0]) if row is not None else 0


_OF_BLOBS = (
    "SELECT m.id, m.blob_id FROM message AS m WHERE m.blob_id IN (SELECT value FROM json_each(?))"
)


def _forget(blob_ids: list[int], tx: Transaction) -> int:
    """Let messages that a server has be fetched again; returns how many those are."""
    rows = tx.fetch(
        f"{_OF_BLOBS} AND {AT_A_SERVER}",
        (msgspec.json.encode(blob_ids).decode(),),
    )
    for message_id, _ in rows:
        tx.execute("UPDATE message SET blob_id = NULL WHERE id = ?", (message_id,))
        tx.execute(
            "UPDATE placement SET wanted = 1 WHERE message_id = ? AND uid IS NOT NULL",
            (message_id,),
        )
    blob.drop_unnamed(tx, [blob_id for _, blob_id in rows])
    return len(rows)


async def _index(store: Store, ports: Ports, *, repair: bool) -> list[Finding]:
    """Build the word index again, from the messages themselves."""
    unfound = await store.read(lambda tx: int(tx.fetch(_UNFOUND)[0][0]))
    if not repair:
        await store.index_words()  # of mail that is coming right now
        waiting = await store.read(words.count_waiting)
        if not waiting and not unfound:
            return []
        said = f"Messages that are not in the word index: {waiting + unfound}."
        return [Finding(said, is_damage=unfound > 0)]
    await store.write(words.queue_all)
    await index_waiting(store, ports)
    if not unfound:
        return []
    return [Finding(f"Messages that were not in the word index, and are right now: {unfound}.")]
