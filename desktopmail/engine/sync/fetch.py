"""Fetching messages of an open mailbox: the first screen first, then budgeted batches.

Newest first; while one batch is parsed and stored, the next is on its way (see `pipeline`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.changes import MailArrived, Progress
from desktopmail.door.ids import MessageId, PlacementId
from desktopmail.engine import reading
from desktopmail.engine.reading import Read
from desktopmail.engine.store import blob, mailbox, message, placement
from desktopmail.engine.sync import incoming, meet
from desktopmail.engine.sync.flags import mask_of, tags_of
from desktopmail.engine.sync.incoming import Incoming, Parsed
from desktopmail.engine.sync.pipeline import BATCH_OCTETS, Pipeline
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.section import HEADER, WHOLE
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from desktopmail.engine.guard import Guard
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.summary import Summary
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports

FIRST_SCREEN = 50
# Rows alone are small: with each step of the store its log takes every page that was touched, so
# that two thousand in one step cost a fifth less than in steps of five hundred.
HEADER_BATCH = 2000
# So many whole messages are asked for at first; then as many as are about a batch in octets.
WHOLE_BATCH = 200
LEAST_WHOLE_BATCH = 20
MOST_WHOLE_BATCH = 1000
# Up to here whole messages are fetched at once; beyond, all rows come first and contents after.
MAX_WHOLE_AT_ONCE = 20_000

_ROW = (Item.UID, Item.FLAGS, Item.INTERNALDATE, Item.SIZE)
_HEADER_ITEMS = (*_ROW, BodyItem(HEADER))
_WHOLE_ITEMS = (*_ROW, BodyItem(WHOLE))


_Wanted = tuple[Uid, PlacementId, MessageId]
_Content = tuple[PlacementId, MessageId, bytes]
# None: the message is set aside.
_Parsed = tuple[_Content, Read | None]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches into one mailbox, which is open on the client.

    Attributes:
        uidvalidity: Under which its UIDs are told now.
        between: Awaited between batches: whoever waits for the connection gets it.
    """

    store: Store
    ports: Ports
    client: ImapClient
    mailbox: Mailbox
    uidvalidity: int | None
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
        came = 0
        by_header = since_s != 0 or headers_first or total > MAX_WHOLE_AT_ONCE
        if by_header or rest:
            async with self._into_mailbox() as pipeline:
                came = await self._batch(pipeline, first, _HEADER_ITEMS, since_s)
            self._progress(len(first), total, came, finished=len(first) >= total)
        else:
            rest = first
        items = _HEADER_ITEMS if by_header else _WHOLE_ITEMS
        size = HEADER_BATCH if by_header else WHOLE_BATCH
        async with self._into_mailbox() as pipeline:
            at = 0
            while at < len(rest):
                await self.between()
                chunk = rest[at : at + size]
                octets = await self._batch(pipeline, chunk, items, since_s)
                at += len(chunk)
                came += octets
                if at < len(rest):
                    self._progress(total - len(rest) + at, total, came)
                if not by_header:
                    size = _following(len(chunk), octets)
        if rest:
            self._progress(total, total, came, finished=True)

    async def bodies(self) -> None:
        """Fetch the octets that are wanted and not here, newest first, until none is left."""
        total = await self.store.read(self._count_wanted)
        if not total:
            return
        waiting: dict[PlacementId, None] = {}  # asked for, and not stored yet
        done, came, size = 0, 0, WHOLE_BATCH
        async with self._into_messages(waiting) as pipeline:
            while chunk := await self.store.read(partial(self._wanted, waiting, size)):
                await self.between()
                octets = await self._contents(pipeline, chunk)
                done += len(chunk)
                came += octets
                self._progress(done, max(total, done), came)
                size = _following(len(chunk), octets)
        self._progress(total, total, came, finished=True)

    async def contents(self, chunk: Sequence[_Wanted]) -> None:
        """Fetch the octets of these placements, and give them to their messages."""
        async with self._into_messages({}) as pipeline:
            await self._contents(pipeline, chunk)

    async def _contents(
        self, pipeline: Pipeline[_Content, list[_Parsed]], chunk: Sequence[_Wanted]
    ) -> int:
        """Fetch octets; returns how many came."""
        targets = {uid: (placed, local) for uid, placed, local in chunk}
        total = 0
        async for answer in self.client.uid_fetch(UidSet.of(targets), (Item.UID, BodyItem(WHOLE))):
            if not isinstance(answer, FetchResponse) or answer.uid not in targets:
                continue
            content = answer.section(WHOLE)
            if content is not None:
                await pipeline.put((*targets[answer.uid], content), len(content))
                total += len(content)
        return total

    def _into_messages(self, waiting: dict[PlacementId, None]) -> Pipeline[_Content, list[_Parsed]]:
        """Where octets go that messages wait for; takes what is stored off `waiting`."""

        def keep(tx: Transaction, parsed: list[_Parsed]) -> None:
            read = [
                (one, row.summary, row.content)
                for one, row in parsed
                if row is not None and row.content is not None
            ]
            blobs = blob.put_all(tx, [content for _, _, content in read])
            for ((placed, local, octets), row, _), blob_id in zip(read, blobs, strict=True):
                _attach(tx, placed, local, row, blob_id, len(octets))
            for (placed, _, _), unread in parsed:
                if unread is None:  # the header stays without its body until a person decides
                    tx.execute("UPDATE placement SET wanted = 0 WHERE id = ?", (placed,))
                    mailbox.withhold(tx, self.mailbox.id)
                waiting.pop(placed, None)

        return Pipeline(self.store, partial(_parse, self.store.guard, self.ports), keep)

    def _into_mailbox(self) -> Pipeline[Incoming, list[Parsed]]:
        """Where messages go that are not here yet."""
        mailbox_id, account_id = self.mailbox.id, self.mailbox.account_id

        def keep(tx: Transaction, parsed: list[Parsed]) -> None:
            if mailbox.get(tx, mailbox_id).uidvalidity != self.uidvalidity:
                return  # it was made anew while these were on their way: their UIDs mean nothing
            fresh = meet.place(tx, mailbox_id, parsed)
            if fresh:
                tx.tell(MailArrived(account_id=account_id, message_ids=tuple(fresh)))

        parse = partial(incoming.parse, self.store.guard, self.ports)
        return Pipeline(self.store, parse, keep, messages=HEADER_BATCH)

    async def _batch(
        self,
        pipeline: Pipeline[Incoming, list[Parsed]],
        uids: Sequence[Uid],
        items: tuple[Item | BodyItem, ...],
        since_s: float | None,
    ) -> int:
        """Fetch messages by one command; returns how many octets of them came."""
        if self.with_modseq:
            items = (*items, Item.MODSEQ)
        octets = 0
        async for answer in self._answers(uids, items):
            one = self._incoming(answer, since_s)
            if one is not None:
                await pipeline.put(one, len(one.octets))
                octets += len(one.octets)
        return octets

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

    def _count_wanted(self, tx: Transaction) -> int:
        row = tx.fetch_one(
            "SELECT count(*) FROM placement WHERE mailbox_id = ? AND wanted = 1 AND uid IS NOT NULL"
            " AND gone_cycle IS NULL",
            (self.mailbox.id,),
        )
        return int(row[0]) if row is not None else 0

    def _wanted(
        self, waiting: dict[PlacementId, None], most: int, tx: Transaction
    ) -> list[_Wanted]:
        """The next to be asked for; they are on `waiting` from now on.

        What the server was asked for and does not give stays there, and is not asked for again.
        """
        rows = tx.fetch(
            "SELECT uid, id, message_id FROM placement INDEXED BY placement_wanted"
            " WHERE mailbox_id = ? AND wanted = 1 AND uid IS NOT NULL AND gone_cycle IS NULL"
            " ORDER BY date_s DESC LIMIT ?",
            (self.mailbox.id, len(waiting) + most),
        )
        found = [
            (Uid(row[0]), PlacementId(row[1]), MessageId(row[2]))
            for row in rows
            if row[1] not in waiting
        ][:most]
        waiting.update((placed, None) for _, placed, _ in found)
        return found

    def _progress(self, done: int, total: int, octets: int, *, finished: bool = False) -> None:
        self.store.tell(
            Progress(
                account_id=self.mailbox.account_id,
                work=f"sync {self.mailbox.path}",
                label=self.mailbox.path,
                done=done,
                total=total,
                octets=octets,
                finished=finished,
            )
        )


async def _parse(guard: Guard, ports: Ports, contents: Sequence[_Content]) -> list[_Parsed]:
    """Read contents, but for those that are set aside."""
    aside = {one[0] for one in contents if guard.stand_in(one[2]) is not None}
    wanted = [(octets, True) for placed, _, octets in contents if placed not in aside]
    found = iter(await reading.read(guard, ports, wanted))
    return [(one, None if one[0] in aside else next(found)) for one in contents]


def _following(messages: int, octets: int) -> int:
    """How many messages to ask for next, so that they are about a batch."""
    fit = BATCH_OCTETS * messages // max(octets, 1)
    return max(LEAST_WHOLE_BATCH, min(MOST_WHOLE_BATCH, fit))


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
