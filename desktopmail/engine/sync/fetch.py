"""Fetching messages of an open mailbox: the first screen first, then budgeted batches.

Every batch is one transaction, newest first, so a kill costs at most one batch. While one batch is
parsed and stored, the next is on its way.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.changes import MailArrived, Progress
from desktopmail.door.ids import MessageId, PlacementId
from desktopmail.engine import summary
from desktopmail.engine.store import blob, message, placement
from desktopmail.engine.sync import incoming, meet
from desktopmail.engine.sync.flags import mask_of, tags_of
from desktopmail.engine.sync.incoming import Incoming
from desktopmail.engine.waiting import unwrapped
from desktopmail.wire.imap.fetch import BodyItem, FetchResponse, Item
from desktopmail.wire.imap.section import HEADER, WHOLE
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.summary import Summary
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports

FIRST_SCREEN = 50
HEADER_BATCH = 1000
WHOLE_BATCH = 200
BATCH_OCTETS = 8 * 1024 * 1024
# Up to here whole messages are fetched at once; beyond, all rows come first and contents after.
MAX_WHOLE_AT_ONCE = 20_000

_ROW = (Item.UID, Item.FLAGS, Item.INTERNALDATE, Item.SIZE)
_HEADER_ITEMS = (*_ROW, BodyItem(HEADER))
_WHOLE_ITEMS = (*_ROW, BodyItem(WHOLE))


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches into one mailbox, which is open on the client.

    Attributes:
        between: Awaited between batches: whoever waits for the connection gets it.
    """

    store: Store
    ports: Ports
    client: ImapClient
    mailbox: Mailbox
    with_modseq: bool
    between: Callable[[], Awaitable[None]]

    async def rows(self, uids: UidSet, *, since_s: float | None, headers_first: bool) -> None:
        """Fetch new messages; with their octets where that is wanted and no detour.

        Args:
            uids: Those that are not here.
            since_s: The octets of those that arrived then or later are wanted: 0 for all, None for
                none.
            headers_first: Their octets may be here already: look at the headers before.
        """
        newest = sorted(uids, reverse=True)
        total = len(newest)
        if not total:
            return
        first, rest = newest[:FIRST_SCREEN], newest[FIRST_SCREEN:]
        by_header = since_s != 0 or headers_first or total > MAX_WHOLE_AT_ONCE
        if by_header or rest:
            await self._batch(first, _HEADER_ITEMS, since_s=since_s, done=len(first), total=total)
        else:
            rest = first
        size = HEADER_BATCH if by_header else WHOLE_BATCH
        items = _HEADER_ITEMS if by_header else _WHOLE_ITEMS
        done = total - len(rest)
        for start in range(0, len(rest), size):
            await self.between()
            chunk = rest[start : start + size]
            done += len(chunk)
            await self._batch(chunk, items, since_s=since_s, done=done, total=total)

    async def bodies(self) -> None:
        """Fetch the octets that are wanted and not here, newest first, until none is left."""
        before: list[tuple[Uid, PlacementId, MessageId]] = []
        done = 0
        total = await self.store.read(self._count_wanted)
        while True:
            chunk = await self.store.read(self._wanted)
            if not chunk or chunk == before:  # the server does not give what is left
                break
            before = chunk
            await self.between()
            await self.contents(chunk)
            done += len(chunk)
            self._progress(done, max(total, done))
        if total:
            self._progress(total, total, finished=True)

    async def contents(self, chunk: Sequence[tuple[Uid, PlacementId, MessageId]]) -> None:
        """Fetch the octets of these placements, and give them to their messages."""
        targets = {uid: (placed, local) for uid, placed, local in chunk}
        items = (Item.UID, BodyItem(WHOLE))
        batch: list[tuple[PlacementId, MessageId, bytes]] = []
        octets = 0
        async for answer in self.client.uid_fetch(UidSet.of(targets), items):
            if not isinstance(answer, FetchResponse) or answer.uid not in targets:
                continue
            content = answer.section(WHOLE)
            if content is None:
                continue
            batch.append((*targets[answer.uid], content))
            octets += len(content)
            if octets >= BATCH_OCTETS:
                await self._complete(batch)
                batch, octets = [], 0
        if batch:
            await self._complete(batch)

    async def _complete(self, batch: list[tuple[PlacementId, MessageId, bytes]]) -> None:
        def parse() -> list[Summary]:
            return [summary.of_message(content) for _, _, content in batch]

        parsed = await self.ports.executor.run(parse)

        def step(tx: Transaction) -> None:
            blobs = blob.put(tx, [content for _, _, content in batch])
            for (placed, local, content), row, blob_id in zip(batch, parsed, blobs, strict=True):
                _attach(tx, placed, local, row, blob_id, len(content))

        await self.store.write(step)

    async def _batch(
        self,
        uids: Sequence[Uid],
        items: tuple[Item | BodyItem, ...],
        *,
        since_s: float | None,
        done: int,
        total: int,
    ) -> None:
        if self.with_modseq:
            items = (*items, Item.MODSEQ)
        octets = 0
        batch: list[Incoming] = []
        pending: asyncio.Task[int] | None = None
        with unwrapped():
            async with asyncio.TaskGroup() as group:
                async for answer in self._answers(uids, items):
                    one = self._incoming(answer, since_s)
                    if one is None:
                        continue
                    batch.append(one)
                    octets += len(one.octets)
                    if octets >= BATCH_OCTETS:
                        if pending is not None:
                            await pending  # one batch ahead of the store, not more
                        pending = group.create_task(self._store(batch))
                        batch, octets = [], 0
                if pending is not None:
                    await pending
                if batch:
                    await self._store(batch)
        self._progress(done, total, finished=done >= total)

    async def _answers(
        self, uids: Sequence[Uid], items: tuple[Item | BodyItem, ...]
    ) -> AsyncIterator[FetchResponse]:
        async for answer in self.client.uid_fetch(UidSet.of(uids), items):
            if isinstance(answer, FetchResponse):
                yield answer

    def _incoming(self, answer: FetchResponse, since_s: float | None) -> Incoming | None:
        whole, header = answer.section(WHOLE), answer.section(HEADER)
        content = whole if whole is not None else header
        if content is None or answer.uid is None:
            return None
        arrived = answer.internal_date or self.ports.clock.now()
        arrived_s = int(arrived.timestamp())
        flags = answer.flags or frozenset()
        return Incoming(
            octets=content,
            is_whole=whole is not None,
            size=answer.size if answer.size is not None else len(content),
            arrived_s=arrived_s,
            uid=answer.uid,
            flags=mask_of(flags),
            tags=tags_of(flags),
            modseq=answer.modseq or 0,
            wanted=since_s is not None and arrived_s >= since_s,
        )

    async def _store(self, batch: list[Incoming]) -> int:
        parsed = await self.ports.executor.run(incoming.parse, batch)
        mailbox_id, account_id = self.mailbox.id, self.mailbox.account_id

        def step(tx: Transaction) -> None:
            fresh = meet.place(tx, mailbox_id, parsed)
            if fresh:
                tx.tell(MailArrived(account_id=account_id, message_ids=tuple(fresh)))

        await self.store.write(step)
        return len(batch)

    def _count_wanted(self, tx: Transaction) -> int:
        row = tx.fetch_one(
            "SELECT count(*) FROM placement WHERE mailbox_id = ? AND wanted = 1 AND uid IS NOT NULL"
            " AND gone_cycle IS NULL",
            (self.mailbox.id,),
        )
        return int(row[0]) if row is not None else 0

    def _wanted(self, tx: Transaction) -> list[tuple[Uid, PlacementId, MessageId]]:
        rows = tx.fetch(
            "SELECT uid, id, message_id FROM placement INDEXED BY placement_wanted"
            " WHERE mailbox_id = ? AND wanted = 1 AND uid IS NOT NULL AND gone_cycle IS NULL"
            " ORDER BY date_s DESC LIMIT ?",
            (self.mailbox.id, WHOLE_BATCH),
        )
        return [(Uid(row[0]), PlacementId(row[1]), MessageId(row[2])) for row in rows]

    def _progress(self, done: int, total: int, *, finished: bool = False) -> None:
        self.store.tell(
            Progress(
                account_id=self.mailbox.account_id,
                work=f"sync {self.mailbox.path}",
                label=self.mailbox.path,
                done=done,
                total=total,
                finished=finished,
            )
        )


def _attach(
    tx: Transaction,
    placed: PlacementId,
    local: MessageId,
    row: Summary,
    blob_id: int,
    size: int,
) -> None:
    """Give octets to the message that waits for them; if they are another's, say so in the row."""
    known = tx.fetch_one("SELECT header_digest FROM message WHERE id = ?", (local,))
    if known is None:
        return  # it was removed meanwhile
    if known[0] == row.digest:
        message.complete(tx, local, row, blob_id, size)
    else:
        kept = message.keep(tx, row, blob_id=blob_id, size=size, arrived_s=0)
        tx.execute(
            "UPDATE placement SET message_id = ?, wanted = 0, size = ?, thread_id = ?,"
            " attachment = ? WHERE id = ?",
            (kept.id, size, kept.thread_id, kept.has_attachment, placed),
        )
        message.drop_unplaced(tx, [local])
    placement.touch(tx, [placed])
