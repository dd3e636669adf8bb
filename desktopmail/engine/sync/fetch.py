"""Fetching messages of an open mailbox: the first screen first, then budgeted batches.

Newest first; while one batch is parsed and stored, the next is on its way (see `pipeline`). A
mailbox too large to be fetched as it is listed is listed by the envelopes that its server has
ready; headers and contents come after.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from dataclasses import dataclass
from functools import partial
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, cast

from desktopmail.door.changes import MailArrived, Progress
from desktopmail.door.ids import MessageId, PlacementId
from desktopmail.engine import envelope_rows, reading
from desktopmail.engine.envelope_rows import Listing
from desktopmail.engine.indexing import index_without_octets
from desktopmail.engine.reading import Read
from desktopmail.engine.store import blob, mailbox, message, placement
from desktopmail.engine.store.message import Coming
from desktopmail.engine.sync import incoming, meet, not_given
from desktopmail.engine.sync.flags import stored_flags
from desktopmail.engine.sync.incoming import Incoming, Parsed
from desktopmail.engine.sync.pipeline import BATCH_OCTETS, Pipeline, is_enough
from desktopmail.net.errors import NetError, RefusedError
from desktopmail.wire.imap.fetch_item import BodyItem, Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.fetch_rows import FetchRows
from desktopmail.wire.imap.section import HEADER, WHOLE
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from desktopmail.engine.guard import Guard
    from desktopmail.engine.reading import Reader
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.refusals import Refusals
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports
    from desktopmail.wire.imap.section import Section

FIRST_SCREEN = 50
# Rows alone are small: with each step of the store its log takes every page that was touched, so
# that two thousand in one step cost a fifth less than in steps of five hundred. Where the network
# is fast, so that little is lost with it, five thousand cost another quarter less.
HEADER_BATCH = 2000
MOST_LISTED_BATCH = 5000
QUICKLY_S = 1.0
# So many whole messages are asked for at first; then as many as are about a batch in octets.
WHOLE_BATCH = 200
LEAST_WHOLE_BATCH = 20
MOST_WHOLE_BATCH = 1000
# Between two commands the server has nothing to do: where the network is fast, as much is asked for
# by one as comes within this time. Whoever wants the connection waits no longer for it.
MOST_WHOLE_OCTETS = 16 * 1024 * 1024
ASKED_S = 0.5
# So many of those whose octets are wanted are listed at once, and of so many octets.
LISTED_AT_ONCE = 10_000
LISTED_OCTETS = 32 * 1024 * 1024
# Up to here whole messages are fetched at once; beyond, all rows come first and contents after.
MAX_WHOLE_AT_ONCE = 20_000
# What is listed is put into the word index with its octets, once. What has not got them by then is
# put into it by what is here, and once more later: that costs more, but nobody waits an hour.
WORDS_AFTER_S = 60.0

_ROW = (Item.UID, Item.FLAGS, Item.INTERNALDATE, Item.SIZE)
_ENVELOPE_ITEMS = (*_ROW, Item.ENVELOPE, Item.BODY_STRUCTURE)
_HEADER_ITEMS = (*_ROW, BodyItem(HEADER))
_WHOLE_ITEMS = (*_ROW, BodyItem(WHOLE))


# Of the messages without a header, which are few mostly, those of one mailbox: to go through all of
# a mailbox for them would be a fifth of a look at it.
HEADERLESS = (
    "SELECT p.uid, p.id, m.id FROM message AS m INDEXED BY message_without_header"
    " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
    " WHERE m.header_digest = x'' AND m.id > ? AND p.mailbox_id = ? AND p.uid IS NOT NULL"
    " AND p.gone_cycle IS NULL ORDER BY m.id LIMIT ?"
)

# What is read of answers with envelopes.
_Reading = asyncio.Task[tuple[envelope_rows.Columns, list[int]]]
_Wanted = tuple[Uid, PlacementId, MessageId]
_Content = tuple[PlacementId, MessageId, bytes]
# None: the message is set aside.
_Parsed = tuple[PlacementId, MessageId, Read | None]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches into one mailbox, which is open on the client.

    Attributes:
        uidvalidity: Under which its UIDs are told now.
        between: Awaited between batches: whoever waits for the connection gets it.
        refusals: What its server does not give.
    """

    store: Store
    ports: Ports
    client: ImapClient
    mailbox: Mailbox
    uidvalidity: int | None
    with_modseq: bool
    between: Callable[[], Awaitable[None]]
    refusals: Refusals

    async def rows(self, uids: UidSet, *, since_s: float | None, headers_first: UidSet) -> None:
        """Fetch new messages; with their octets where that is wanted and no detour.

        Args:
            uids: Those that are not here.
            since_s: The octets of those that arrived then or later are wanted: 0 for all, None for
                none.
            headers_first: Those whose octets may be here already: their headers are looked at
                before.
        """
        newest = _newest_first(uids)
        total = len(newest)
        if not total:
            return
        came = 0
        may_all_be_here = len(headers_first) >= total
        by_header = since_s != 0 or may_all_be_here or total > MAX_WHOLE_AT_ONCE
        if headers_first and not by_header:
            looked_at = [uid for uid in newest if uid in headers_first]
            newest = [uid for uid in newest if uid not in headers_first]
            async with self._into_mailbox() as pipeline:
                came = await self._batch(pipeline, looked_at, _HEADER_ITEMS, since_s)
        if total > MAX_WHOLE_AT_ONCE and not may_all_be_here:
            rest = await self._list(newest, uids, since_s)
        elif by_header or len(newest) > FIRST_SCREEN:
            first, rest = newest[:FIRST_SCREEN], newest[FIRST_SCREEN:]
            async with self._into_mailbox() as pipeline:
                came = await self._batch(pipeline, first, _HEADER_ITEMS, since_s)
            self._progress(len(first), total, came)
            by_header = by_header or await self.store.read(partial(self._are_mostly_here, first))
        else:
            rest = newest
        items = _HEADER_ITEMS if by_header else _WHOLE_ITEMS
        size = HEADER_BATCH if by_header else WHOLE_BATCH
        async with self._into_mailbox() as pipeline:
            at = 0
            while at < len(rest):
                await self.between()
                chunk = rest[at : at + size]
                begun_s = self.ports.clock.monotonic()
                octets = await self._batch(pipeline, chunk, items, since_s)
                took_s = self.ports.clock.monotonic() - begun_s
                at += len(chunk)
                came += octets
                if at < len(rest):
                    self._progress(total - len(rest) + at, total, came)
                if not by_header:
                    size = _following(len(chunk), octets, took_s)
        await self._place_refused()
        self._progress(total, total, came, finished=True)

    async def _list(
        self, uids: Sequence[Uid], asked: UidSet, since_s: float | None
    ) -> Sequence[Uid]:
        """List messages by their envelopes; returns those that only a header can tell.

        Args:
            uids: Those that are asked for, in this order.
            asked: The same ones.
            since_s: See `rows`.
        """
        left: set[int] = set()
        items = (*_ENVELOPE_ITEMS, Item.MODSEQ) if self.with_modseq else _ENVELOPE_ITEMS
        async with self._into_list(asked, since_s, left) as pipeline:
            at, size = 0, FIRST_SCREEN
            while at < len(uids):
                await self.between()
                chunk = UidSet.of(uids[at : at + size])
                begun_s = self.ports.clock.monotonic()
                try:
                    async for answer in _in_pieces(self.client.uid_fetch_rows(chunk, items)):
                        if isinstance(answer, FetchRows):
                            # Most of a batch is read when the last of it comes.
                            rows = pipeline.begin(
                                reading.read_rows(self.store.guard, self.ports, answer)
                            )
                            await pipeline.put(rows, len(answer.octets))
                        else:
                            await pipeline.put(answer, 0)
                except RefusedError as error:
                    if not self.refusals.may_be_of_a_message(self.client, error):
                        raise
                    left.update(chunk)
                await pipeline.flush()
                at += len(chunk)
                self._progress(at, len(uids), 0)
                size = max(size, HEADER_BATCH)
                if self.ports.clock.monotonic() - begun_s < QUICKLY_S:
                    # The last ones are small: nothing comes any more while they are stored.
                    size = max(HEADER_BATCH, min(MOST_LISTED_BATCH, (len(uids) - at) // 2))
        return [uid for uid in uids if uid in left]

    async def headers(self) -> None:
        """Fetch the headers of what was listed by its envelope alone, newest first.

        Without them a message is not met again where it is moved, and has not all of its thread.
        """
        after, due = 0, self._words_due()
        async with self._into_headers() as pipeline:
            while chunk := await self.store.read(partial(self._headerless, after)):
                await self.between()
                due = await self._index_if(due)
                await self._sections(pipeline, chunk, HEADER)
                after = chunk[-1][2]

    async def headers_of(self, chunk: Sequence[_Wanted]) -> None:
        """Fetch the headers of these placements, and give them to their messages."""
        async with self._into_headers() as pipeline:
            await self._sections(pipeline, chunk, HEADER)

    async def bodies(self) -> None:
        """Fetch the octets that are wanted and not here, newest first, until none is left."""
        total = await self.store.read(self._count_wanted)
        if not total:
            return
        waiting: dict[PlacementId, None] = {}  # asked for, and not stored yet
        done, came, due = 0, 0, self._words_due()
        async with self._into_messages(waiting) as pipeline:
            # Many at a time: each look waits for what is being stored, and the network for it.
            while wanted := await self.store.read(partial(self._wanted, waiting)):
                for chunk in _batches(wanted):
                    await self.between()
                    due = await self._index_if(due)
                    came += await self._sections(pipeline, chunk, WHOLE)
                    done += len(chunk)
                    self._progress(done, max(total, done), came)
        await self._note_refused()
        self._progress(total, total, came, finished=True)

    def _words_due(self) -> float:
        return self.ports.clock.monotonic() + WORDS_AFTER_S

    async def _index_if(self, due: float) -> float:
        """Index what waits for more of it when that is due; returns when it is due again: never."""
        if self.ports.clock.monotonic() < due:
            return due
        await index_without_octets(self.store, self.ports, self.mailbox.account_id)
        return math.inf

    async def contents(self, chunk: Sequence[_Wanted]) -> None:
        """Fetch the octets of these placements, and give them to their messages.

        Raises:
            RefusedError: The server does not give one of them.
            NetError: The connection failed.
        """
        async with self._into_messages({}) as pipeline:
            await self._sections(pipeline, chunk, WHOLE)
        if self.refusals.errors:
            raise next(iter(self.refusals.errors.values()))

    async def _sections(
        self,
        pipeline: Pipeline[_Content, list[_Parsed]],
        chunk: Sequence[_Wanted],
        section: Section,
    ) -> int:
        """Fetch octets; returns how many came."""
        targets = {uid: (placed, local) for uid, placed, local in chunk}
        total = 0
        items = (Item.UID, BodyItem(section))
        async for answer in self.refusals.answers(self.client, list(targets), items):
            if answer.uid not in targets:
                continue
            content = answer.section(section)
            if content is not None:
                await pipeline.put((*targets[answer.uid], content), len(content))
                total += len(content)
        return total

    def _into_messages(self, waiting: dict[PlacementId, None]) -> Pipeline[_Content, list[_Parsed]]:
        """Where octets go that messages wait for; takes what is stored off `waiting`."""

        def keep(tx: Transaction, parsed: list[_Parsed]) -> None:
            read = [
                (placed, local, row.summary, row.content)
                for placed, local, row in parsed
                if row is not None and row.content is not None
            ]
            blobs = blob.put_all(tx, [content for *_, content in read])
            here = message.digests(tx, [local for _, local, _, _ in read])
            came = [
                (placed, local, Coming(row, blob_id, content.size, 0))
                for (placed, local, row, content), blob_id in zip(read, blobs, strict=True)
                if local in here  # else it was removed meanwhile
            ]
            message.identify(tx, [(local, one) for _, local, one in came if not here[local]])
            message.complete(
                tx, [(local, one) for _, local, one in came if here[local] == one.summary.digest]
            )
            for placed, local, one in came:
                if here[local] not in {b"", one.summary.digest}:
                    _replace(tx, placed, one)
            for placed, _, row, content in read:
                if not row.message_id:
                    meet.by_octets(tx, placed, content.octets)
            placement.touch(tx, [placed for placed, _, _ in came])
            for placed, _, unread in parsed:
                if unread is None:  # the header stays without its body until a person decides
                    tx.execute("UPDATE placement SET wanted = 0 WHERE id = ?", (placed,))
                    mailbox.withhold(tx, self.mailbox.id)
                waiting.pop(placed, None)

        parse = partial(_parse, self.store.guard, self.ports, is_whole=True)
        return Pipeline(
            self.store, parse, keep, messages=MOST_WHOLE_BATCH,
            glance=partial(parse, read=reading.glance),
        )  # fmt: skip

    def _into_headers(self) -> Pipeline[_Content, list[_Parsed]]:
        """Where headers go that rows wait for."""

        def keep(tx: Transaction, parsed: list[_Parsed]) -> None:
            sizes = message.without_header(tx, [local for _, local, _ in parsed])
            found = [
                (placed, local, Coming(row.summary, None, sizes[local], 0))
                for placed, local, row in parsed
                if row is not None and local in sizes
            ]
            message.identify(tx, [(local, one) for _, local, one in found])
            placement.touch(tx, [placed for placed, _, _ in found])

        parse = partial(_parse, self.store.guard, self.ports, is_whole=False)
        return Pipeline(self.store, parse, keep, messages=HEADER_BATCH)

    def _into_list(
        self, asked: UidSet, since_s: float | None, left: set[int]
    ) -> Pipeline[_Reading | FetchResponse, Listing]:
        """Where rows go that are made of envelopes; UIDs that these do not tell go into `left`."""
        mailbox_id, account_id = self.mailbox.id, self.mailbox.account_id

        async def parse(answers: Sequence[_Reading | FetchResponse]) -> Listing:
            pieces: list[envelope_rows.Columns] = []
            unread: list[int] = []
            rows: list[envelope_rows.Row] = []
            for one in answers:
                if not isinstance(one, FetchResponse):
                    columns, broken = await one
                    pieces.append(columns)
                    unread += broken
                elif (row := envelope_rows.of_answer(one)) is not None:
                    rows.append(row)
                elif one.uid is not None:
                    unread.append(one.uid)
            left.update(uid for uid in unread if uid in asked)
            listing = Listing.joined([*pieces, envelope_rows.columns_of(rows)])
            if len(asked.within(sorted(map(Uid, listing.uids)))) < len(listing.uids):
                listing = listing.where(uid in asked for uid in listing.uids)
            return listing.dated(int(self.ports.clock.now().timestamp()))

        def keep(tx: Transaction, listing: Listing) -> None:
            if mailbox.get(tx, mailbox_id).uidvalidity != self.uidvalidity:
                return  # it was made anew while these were on their way: their UIDs mean nothing
            alike = message.alike(tx, listing.message_ids, listing.sizes)
            if alike:
                is_left = [name in alike for name in listing.message_ids]
                left.update(compress(listing.uids, is_left))
                listing = listing.where(map(not_, is_left))
            fresh = meet.place_listed(
                tx, mailbox_id, listing, math.inf if since_s is None else since_s
            )
            if fresh:
                tx.tell(MailArrived(account_id=account_id, message_ids=tuple(fresh)))

        return Pipeline(self.store, parse, keep, messages=MOST_LISTED_BATCH)

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
        return Pipeline(
            self.store, parse, keep, messages=HEADER_BATCH,
            glance=partial(parse, read=reading.glance),
        )  # fmt: skip

    async def _batch(
        self,
        pipeline: Pipeline[Incoming, list[Parsed]],
        uids: Sequence[Uid],
        items: tuple[Item | BodyItem, ...],
        since_s: float | None,
        *,
        stand_in: bytes | None = None,
    ) -> int:
        """Fetch messages by one command; returns how many octets of them came.

        Args:
            pipeline: Where they go.
            uids: Which.
            items: What of each.
            since_s: See `rows`.
            stand_in: A header for those that come without any; None leaves them out.
        """
        if self.with_modseq:
            items = (*items, Item.MODSEQ)
        octets = 0
        async for answer in self.refusals.answers(self.client, uids, items):
            one = self._incoming(answer, since_s, stand_in)
            if one is not None:
                await pipeline.put(one, len(one.octets))
                octets += len(one.octets)
        return octets

    async def _place_refused(self) -> None:
        """Have rows of new messages that are not given: by their headers, or by a stand-in."""
        if not self.refusals.errors:
            return
        for items, stand_in in ((_HEADER_ITEMS, None), (_ROW, not_given.STAND_IN)):
            missing = await self.store.read(self._unplaced)
            async with self._into_mailbox() as pipeline:
                await self._batch(pipeline, missing, items, None, stand_in=stand_in)
        await self._note_refused()

    def _unplaced(self, tx: Transaction) -> list[Uid]:
        refused = list(self.refusals.errors)
        known = placement.by_uids(tx, self.mailbox.id, refused)
        return [uid for uid in refused if uid not in known]

    async def _note_refused(self) -> None:
        """Remember what was refused: it is asked for again, later and later."""
        said = self.refusals.take()
        if not said:
            return

        def step(tx: Transaction) -> None:
            refused = {
                one.id: said[Uid(uid)]
                for uid, one in placement.by_uids(tx, self.mailbox.id, list(said)).items()
            }
            not_given.note_placements(tx, self.mailbox.account_id, refused, self.ports)

        await self.store.write(step)

    def _incoming(
        self, answer: FetchResponse, since_s: float | None, stand_in: bytes | None
    ) -> Incoming | None:
        whole, header = answer.section(WHOLE), answer.section(HEADER)
        content = whole if whole is not None else header if header is not None else stand_in
        if content is None or answer.uid is None:
            return None
        arrived = answer.internal_date or self.ports.clock.now()
        arrived_s = int(arrived.timestamp())
        flags, tags = stored_flags(answer.flags or frozenset())
        return Incoming(
            octets=content,
            is_whole=whole is not None,
            size=answer.size if answer.size is not None else len(content),
            arrived_s=arrived_s,
            uid=answer.uid,
            flags=flags,
            tags=tags,
            modseq=answer.modseq or 0,
            wanted=since_s is not None and arrived_s >= since_s,
        )

    def _are_mostly_here(self, uids: Sequence[Uid], tx: Transaction) -> bool:
        """Whether these were met by their headers: what another device moved, or another account.

        Then the rest is looked at by its headers too, before any octets are fetched.
        """
        placed = placement.by_uids(tx, self.mailbox.id, uids).values()
        whole = message.whole(tx, [one.message_id for one in placed])
        return len(whole) * 2 > len(uids)

    def _count_wanted(self, tx: Transaction) -> int:
        row = tx.fetch_one(
            "SELECT count(*) FROM placement WHERE mailbox_id = ? AND wanted = 1 AND uid IS NOT NULL"
            " AND gone_cycle IS NULL",
            (self.mailbox.id,),
        )
        return int(row[0]) if row is not None else 0

    def _headerless(self, after: int, tx: Transaction) -> list[_Wanted]:
        """Some of those listed by envelopes; the newest were listed first, and have small ids."""
        rows = tx.fetch(HEADERLESS, (after, self.mailbox.id, HEADER_BATCH))
        return [(Uid(row[0]), PlacementId(row[1]), MessageId(row[2])) for row in rows]

    def _wanted(
        self, waiting: dict[PlacementId, None], tx: Transaction
    ) -> list[tuple[_Wanted, int]]:
        """The next to be asked for, with their sizes; they are on `waiting` from now on.

        What the server was asked for and does not give stays there, and is not asked for again.
        """
        rows = tx.fetch(
            "SELECT uid, id, message_id, size FROM placement INDEXED BY placement_wanted"
            " WHERE mailbox_id = ? AND wanted = 1 AND uid IS NOT NULL AND gone_cycle IS NULL"
            " ORDER BY date_s DESC LIMIT ?",
            (self.mailbox.id, len(waiting) + LISTED_AT_ONCE),
        )
        found: list[tuple[_Wanted, int]] = []
        octets = 0
        for uid, placed, local, size in rows:
            if placed not in waiting:
                found.append(((Uid(uid), PlacementId(placed), MessageId(local)), size))
                octets += size
                if len(found) >= LISTED_AT_ONCE or octets >= LISTED_OCTETS:
                    break
        waiting.update((placed, None) for (_, placed, _), _ in found)
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


async def _parse(
    guard: Guard,
    ports: Ports,
    contents: Sequence[_Content],
    *,
    is_whole: bool,
    read: Reader = reading.read,
) -> list[_Parsed]:
    """Read contents, but for those that are set aside."""
    aside = {one[0] for one in contents if guard.stand_in(one[2]) is not None}
    wanted = [(octets, is_whole) for placed, _, octets in contents if placed not in aside]
    found = iter(await read(guard, ports, wanted))
    return [
        (placed, local, None if placed in aside else next(found)) for placed, local, _ in contents
    ]


async def _in_pieces(
    answers: AsyncIterator[FetchRows | FetchResponse],
) -> AsyncIterator[FetchRows | FetchResponse]:
    """Put answers that came unread together, so that each piece is worth its way to the worker.

    Raises:
        NetError: As `answers` does; what came before is given out first.
    """
    gathered: list[bytes] = []
    octets, utf8 = 0, False
    cut: NetError | None = None
    try:
        async for answer in answers:
            if not isinstance(answer, FetchRows):
                yield answer
                continue
            # They came over one connection: a name is UTF-8 in all of them, or in none.
            gathered.append(answer.octets)
            octets, utf8 = octets + len(answer.octets), answer.utf8
            if octets >= reading.PIECE_OCTETS:
                yield FetchRows(b"".join(gathered), utf8)
                gathered, octets = [], 0
    except NetError as error:
        cut = error
    if gathered:
        yield FetchRows(b"".join(gathered), utf8)
    if cut is not None:
        raise cut


def _newest_first(uids: UidSet) -> Sequence[Uid]:
    """UIDs from the last to the first, as they stand in memory: a million are 4 MB, not 40."""
    newest = array("I", uids)  # of 32 bits (RFC 9051 section 9, nz-number)
    newest.reverse()
    return cast("Sequence[Uid]", newest)


def _batches(wanted: Sequence[tuple[_Wanted, int]]) -> Iterator[list[_Wanted]]:
    """What is asked for by one command."""
    batch: list[_Wanted] = []
    octets = 0
    for one, size in wanted:
        batch.append(one)
        octets += size
        if is_enough(octets, len(batch)) or len(batch) >= MOST_WHOLE_BATCH:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _following(messages: int, octets: int, took_s: float) -> int:
    """How many messages to ask for next: about a batch, or more where that comes in no time."""
    rate = octets / max(took_s, 0.001)
    wanted = max(BATCH_OCTETS, min(MOST_WHOLE_OCTETS, rate * ASKED_S))
    fit = int(wanted * messages / max(octets, 1))
    return max(LEAST_WHOLE_BATCH, min(MOST_WHOLE_BATCH, fit))


def _replace(tx: Transaction, placed: PlacementId, one: Coming) -> None:
    """Let a placement whose message has the octets of another be of that one."""
    for here in placement.get(tx, [placed]):
        kept = message.keep(
            tx, one.summary, blob_id=one.blob_id, size=one.size, arrived_s=here.arrived_s
        )
        placement.rename(tx, here, kept)
