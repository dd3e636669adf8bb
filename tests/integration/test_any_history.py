"""Whatever happens to messages, the store agrees with itself: totals, threads, words and queue."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.ids import AccountId, MailboxId, MessageId, PlacementId
from desktopmail.door.rows import Flag
from desktopmail.engine import summary
from desktopmail.engine.indexing import index_octets, index_waiting
from desktopmail.engine.store import blob, mailbox, message, placement, thread
from desktopmail.net.ports import system_ports
from tests.helpers.store import add_account, mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction

STEPS = 100
# Each finds rows that contradict others.
CONTRADICTIONS = (
    "SELECT * FROM mailbox_total AS t WHERE (total, unread, octets) IS NOT (SELECT count(*),"
    " coalesce(sum(flags & 1 = 0), 0), coalesce(sum(size), 0) FROM placement"
    " WHERE mailbox_id = t.mailbox_id AND shown = 1)",
    "SELECT p.id FROM placement AS p JOIN message AS m ON m.id = p.message_id"
    " WHERE (p.thread_id, p.size, p.attachment, p.date_s)"
    " IS NOT (m.thread_id, m.size, m.attachment, m.date_s)",
    "SELECT p.id FROM placement AS p JOIN message AS m ON m.id = p.message_id"
    " WHERE p.wanted = 1 AND m.blob_id IS NOT NULL",
    "SELECT id FROM message WHERE id NOT IN (SELECT message_id FROM placement)",
    "SELECT rowid FROM words WHERE rowid NOT IN (SELECT words_id FROM message)",
    "SELECT message_id FROM word_queue WHERE message_id NOT IN (SELECT id FROM message)",
    "SELECT id FROM message WHERE (words_id IN (SELECT rowid FROM words))"
    " = (id IN (SELECT message_id FROM word_queue))",
    "SELECT * FROM placement_tag WHERE placement_id NOT IN (SELECT id FROM placement)",
)


@dataclass
class History:
    """What may happen to messages, by chance."""

    chance: random.Random
    mails: list[bytes] = field(default_factory=list)
    listed: dict[MessageId, bytes] = field(default_factory=dict)

    def goes_on(self, tx: Transaction) -> None:
        for _ in range(self.chance.randint(1, 6)):
            boxes = [MailboxId(row[0]) for row in tx.fetch("SELECT id FROM mailbox ORDER BY id")]
            ids = [PlacementId(row[0]) for row in tx.fetch("SELECT id FROM placement ORDER BY id")]
            some = self.chance.sample(ids, min(len(ids), self.chance.randint(1, 4)))
            happens = (self.come, self.come, self.are_listed, self.are_read, self.change)
            one = self.chance.choice(happens if some else happens[:2])
            one(tx, self.chance.choice(boxes), some)

    def come(self, tx: Transaction, box: MailboxId, _some: list[PlacementId]) -> None:
        coming = [self._coming(tx, self._mail()) for _ in range(self.chance.randint(1, 5))]
        for one in message.keep_all(tx, coming):
            self._place(tx, box, one)

    def are_listed(self, tx: Transaction, box: MailboxId, _some: list[PlacementId]) -> None:
        for octets in [self._mail() for _ in range(self.chance.randint(1, 3))]:
            row = summary.of_header(_header(octets))
            row = row._replace(header=b"", digest=b"", references=row.references[-1:])
            one = message.keep(tx, row, blob_id=None, size=len(octets), arrived_s=1)
            self.listed[one.id] = octets
            self._place(tx, box, one)

    def are_read(self, tx: Transaction, _box: MailboxId, _some: list[PlacementId]) -> None:
        read = [one for one in self.listed if self.chance.random() < 0.6]
        coming = [(one, self._coming(tx, self.listed.pop(one))) for one in read]
        message.identify(tx, coming)

    def change(self, tx: Transaction, box: MailboxId, some: list[PlacementId]) -> None:
        match self.chance.randint(0, 7):
            case 0:
                placement.set_flags(tx, some[0], self.chance.choice([Flag.NONE, Flag.SEEN]))
            case 1:
                placement.copy(tx, some[0], box)
            case 2 | 3:
                placement.remove(tx, some)
            case 4:
                placement.show(tx, some, shown=self.chance.random() < 0.5)
            case 5:
                placement.relocate(tx, some, box)
            case 6:
                placement.set_tags(tx, some[0], self.chance.sample(["a", "b", "c"], 2))
            case _:
                self._change_more(tx, box, some)

    def _change_more(self, tx: Transaction, box: MailboxId, some: list[PlacementId]) -> None:
        if self.chance.random() < 0.2:
            mailbox.remove(tx, box)
            mailbox.add(tx, AccountId(1), f"after {box}")
            return
        placed = placement.get(tx, some)
        placement.rename(tx, placed[0], message.kept(tx, placed[-1].message_id))

    def _mail(self) -> bytes:
        if self.mails and self.chance.random() < 0.25:
            return self.chance.choice(self.mails)
        number = len(self.mails) + 1
        count = self.chance.choice((0, 0, 1, 2, 3))
        references = [f"<{self.chance.randint(1, number + 3)}@example.org>" for _ in range(count)]
        name = number if self.chance.random() < 0.9 else self.chance.randint(1, number)
        made = mail(name, body=f"zebra {number}", references=" ".join(references))
        self.mails.append(made)
        return made

    def _coming(self, tx: Transaction, octets: bytes) -> message.Coming:
        """As a whole, by its header alone, or with its octets not read yet."""
        kind = self.chance.choice(("whole", "header", "glanced"))
        row = summary.of_header(_header(octets))
        if kind == "header":
            return message.Coming(row, None, len(octets), 1, words_come=self.chance.random() < 0.5)
        row = summary.of_message(octets) if kind == "whole" else row._replace(header=b"")
        return message.Coming(row, blob.put(tx, [octets])[0], len(octets), 1)

    def _place(self, tx: Transaction, box: MailboxId, one: message.Kept) -> None:
        flags = self.chance.choice([Flag.NONE, Flag.SEEN])
        wanted = not one.has_octets
        placement.add(tx, box, one, uid=None, flags=flags, arrived_s=1, wanted=wanted)


def _header(octets: bytes) -> bytes:
    return octets[: octets.index(b"\r\n\r\n") + 4]


def contradictions(tx: Transaction) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for text in CONTRADICTIONS:
        found += [(text, row) for row in tx.fetch(text)]
    keys = dict(tx.fetch("SELECT key, thread_id FROM thread_key"))
    for name, thread_id in tx.fetch("SELECT message_id, thread_id FROM message"):
        if keys.get(thread.key_of(name)) != thread_id:
            found.append(("thread", name, thread_id))
    return found


def unfound(tx: Transaction) -> list[tuple[object, ...]]:
    """Messages that are found by what is in them and not here, or the other way round."""
    return tx.fetch(
        "SELECT id FROM message WHERE (blob_id IS NOT NULL)"
        " <> (words_id IN (SELECT rowid FROM words WHERE words MATCH 'zebra'))"
    )


class _FailsError(Exception):
    pass


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_to_messages_the_store_agrees_with_itself(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    history = History(chance)

    def fails(tx: Transaction) -> None:
        History(random.Random(seed), list(history.mails)).goes_on(tx)
        raise _FailsError

    async with open_store(tmp_path) as store:
        await store.write(add_account)
        for _ in range(STEPS):
            await store.write(history.goes_on, words_later=chance.random() < 0.5)
            assert await store.read(contradictions) == []
            if chance.random() < 0.1:
                with pytest.raises(_FailsError):
                    await store.write(fails, words_later=True)
            if chance.random() < 0.2:
                await store.index_words()
            if chance.random() < 0.1:
                await index_octets(store, system_ports())
        await store.index_words()
        await index_waiting(store, system_ports())
        assert await store.read(contradictions) == []
        assert await store.read(unfound) == []
