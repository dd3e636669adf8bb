"""POP3: what a maildrop holds is fetched once, and deleted only after it is durable here."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktopmail.door.changes import MailArrived, Progress
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.engine import reading
from desktopmail.engine.indexing import index_octets
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import blob, mailbox, message, placement, pop_seen
from desktopmail.engine.store.message import Coming
from desktopmail.engine.store.pop_seen import Seen, nameless
from desktopmail.engine.sync import incoming, leaving, not_given
from desktopmail.engine.sync import maildrop as maildrops
from desktopmail.engine.sync import uidl as uidls
from desktopmail.engine.sync.ended_at import EndedAt
from desktopmail.engine.sync.incoming import Incoming, Parsed
from desktopmail.engine.sync.pipeline import Pipeline
from desktopmail.engine.waiting import DateWatch, wait_awake
from desktopmail.mime.header import digest_of, header_end
from desktopmail.mime.message import Message
from desktopmail.net.errors import NetError
from desktopmail.wire.pop3.reply import Reply

if TYPE_CHECKING:
    import asyncio
    from collections.abc import (
        AsyncIterator,
        Callable,
        Container,
        Iterable,
        Mapping,
        Sequence,
    )

    from desktopmail.door.ids import MessageId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.guard import Guard
    from desktopmail.engine.reading import Reader
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.maildrop import Maildrop
    from desktopmail.net.pop3 import Pop3Client
    from desktopmail.net.ports import Ports

PROGRESS_MESSAGES = 100
PROGRESS_OCTETS = 2 * 1024 * 1024
# So often the connection has to end at a message before it is left out.
_ENDS = 3
# So many ids at most are back in a listing because they were given again, where only their messages
# as a whole could tell; more were missing in a listing that was cut short.
_BACK = 20
_ENDED = "the connection ended each time"


class Unlisted:
    """What was seen under ids that the server does not list, by header digest.

    Each counts once: two equal messages are two.
    """

    def __init__(self, seen: Iterable[Seen]) -> None:
        self._by_digest: dict[bytes, list[Seen]] = {}
        self._doubtful: dict[bytes, list[Seen]] = {}
        for one in seen:
            into = self._by_digest if one.named else self._doubtful
            into.setdefault(one.header_digest, []).append(one)

    def __bool__(self) -> bool:
        return bool(self._by_digest or self._doubtful)

    def names(self) -> set[str]:
        """The UIDLs of those that were not found."""
        left = (*self._by_digest.values(), *self._doubtful.values())
        return {one.uidl for some in left for one in some}

    def take(self, header: bytes, size: int | None) -> Seen | None:
        """Return one with this header block, and count it as found.

        Args:
            header: The header block, or the whole message.
            size: What has to agree too where the header names no message and that was deleted here;
                None: nothing would tell whether it is that one.
        """
        digest = bytes.fromhex(digest_of(header))
        found = self._by_digest.get(digest)
        if not found:
            return None
        at: int | None = -1
        if not Message.parse(header[: header_end(header)]).message_id:
            alike = (at for at, one in enumerate(found) if size is not None and one.size == size)
            at = next(alike, None)
        if at is None:
            return None
        one = found.pop(at)
        if not found:
            del self._by_digest[digest]
        return one

    def take_same(self, octets: bytes, tx: Transaction) -> Seen | None:
        """Return one with these octets, and count it as found; its header alone does not tell."""
        doubtful = self._doubtful.get(bytes.fromhex(digest_of(octets)), [])
        for at, one in enumerate(doubtful):
            if one.message_id is not None and message.is_same(tx, one.message_id, octets):
                return doubtful.pop(at)
        return None


class Pop3Sync:
    """Fetches the mail of one POP3 account, one session a cycle."""

    service = "pop3"

    def __init__(self, store: Store, connector: Connector) -> None:
        self._store = store
        self._connector = connector
        self._ports = connector.ports
        self._watch = DateWatch(connector.ports.clock)
        self._ended_at = EndedAt(_ENDS)

    async def rest(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait for the next session."""
        await wait_awake((wake,), self._ports.clock, seconds)

    async def leave(self) -> None:
        """Nothing is open between sessions."""

    async def run(self, account: Account, *, headers_only: bool = False) -> None:
        """One session: fetch what is new, then delete what may go.

        Args:
            account: Whose maildrop.
            headers_only: Of no meaning here: a message that stays at a POP3 server may be gone the
                next time.

        Raises:
            NetError: The server failed us; everything that was committed stays.
            DoorError: The store cannot be written, or there is no password.
        """
        del headers_only
        await self._ended_at.load(self._store, account.id)
        try:
            async with self._connector.maildrop(account.id):
                await self._session(account)
        except NetError:
            await self._ended_at.save(self._store, account.id)
            await index_octets(self._store, self._ports)  # what came of it is found all the same
            raise
        self._ended_at.all_came()
        await self._ended_at.save(self._store, account.id)
        # What was only glanced at: the server need not wait for that.
        await index_octets(self._store, self._ports)

    async def _session(self, account: Account) -> None:
        client = await self._connector.pop3(account)
        try:
            maildrop = await maildrops.look(client)
            maildrop.resting = not_given.resting(account, maildrop, self._now_s())
            self._leave_out_where_it_ends(maildrop)
            seen = await self._store.read(lambda tx: pop_seen.every(tx, account.id))
            seen = await self._trusted(client, account, maildrop, seen)
            seen = await self._told_by_uidls(client, account, maildrop, seen)
            here = Unlisted(one for uidl, one in seen.items() if uidl not in maildrop.listed)
            fresh = [
                number
                for number in sorted(maildrop.sizes.keys() - maildrop.resting - maildrop.ending)
                if number not in maildrop.uidls or maildrop.uidls[number] not in seen
            ]
            fresh = await self._recognised(client, account, maildrop, fresh, here)
            await self._fetch(client, account, maildrop, fresh, here)
            unlisted = here.names()
            known = seen.values()
            await self._store.write(
                lambda tx: pop_seen.note_unlisted(tx, account.id, known, unlisted)
            )
            if any(map(pop_seen.of_imap, seen)):
                await self._store.write(lambda tx: pop_seen.forget_imap(tx, account.id))
            await self._fetch_again(client, account, maildrop)
            called = await not_given.calls(client, maildrop)
            await self._store.write(
                lambda tx: not_given.note(tx, account, maildrop, called, self._ports)
            )
            deleted = await self._delete(client, account, maildrop)
            await client.quit()  # only now the server deletes what was marked
            if deleted:
                await self._store.write(lambda tx: pop_seen.forget(tx, account.id, deleted))
            not_given.raise_if_it_is_the_server(account, maildrop)
        finally:
            await client.aclose()

    def _leave_out_where_it_ends(self, maildrop: Maildrop) -> None:
        """Do not ask for messages at which the connection ended again and again.

        Some servers die of a message that they cannot read: all behind it would never come.
        """
        if not self._ended_at:
            return
        for number in maildrop.sizes.keys() - maildrop.resting:
            name = maildrop.name(number)
            if self._ended_at.is_to_be_left_out(name):
                maildrop.ending.add(number)
                maildrop.refused[number] = Reply(ok=False, text=_ENDED)
                if number in maildrop.uidls:  # once, where it can be noted when to ask again
                    self._ended_at.left_out(name)

    async def _trusted(
        self, client: Pop3Client, account: Account, maildrop: Maildrop, seen: dict[str, Seen]
    ) -> dict[str, Seen]:
        """Free the UIDLs that name another message than before, so that it is fetched.

        RFC 1939 section 7 forbids to use an id again, and servers that count do it all the same.
        An id is doubted where it comes with another size, or was not listed for a time. The header
        digest tells, where the server has TOP. Where it shows none, what is doubted is fetched and
        compared; so is what its header does not name and may be another message.
        """
        known = {n: seen[uidl] for n, uidl in maildrop.uidls.items() if uidl in seen}
        sizes = {one.uidl: maildrop.sizes[n] for n, one in known.items() if one.size is None}
        has_top = "TOP" in client.capabilities
        doubted = {n: one for n, one in known.items() if one.size not in {None, maildrop.sizes[n]}}
        back = {n: one for n, one in known.items() if one.unlisted}
        if has_top or len(back) <= _BACK:
            doubted |= back
        others, unsure = doubted, {}
        if has_top:
            reuses = account.learned.pop_reuses_uidls or maildrop.is_numbered
            same, others = await self._others(client, maildrop, known if reuses else doubted)
            others |= {n: doubted[n] for n in doubted.keys() - same.keys() - maildrop.ending}
            if others and not reuses:
                # It does that: one of the same size may be another message as well.
                left = {n: one for n, one in known.items() if n not in doubted}
                alike, more = await self._others(client, maildrop, left)
                same, others = same | alike, others | more
            unsure = _unsure(same, doubted, seen.values(), reuses=reuses or bool(others))
            same = {n: one for n, one in same.items() if n not in unsure}
            sizes |= {one.uidl: maildrop.sizes[n] for n, one in same.items() if n in doubted}
        freed = others | unsure
        if not freed and not sizes:
            return seen

        def step(tx: Transaction) -> dict[str, Seen]:
            pop_seen.resize(tx, account.id, sizes)
            for one in freed.values():
                # Its message stays known by its digest: it may stand there under another id.
                pop_seen.rename(
                    tx, account.id, one.uidl, nameless(one.header_digest, f"was {one.uidl}")
                )
            if others:
                learned = accounts.get(tx, account.id).learned
                accounts.learn(tx, account.id, replace(learned, pop_reuses_uidls=True))
            return pop_seen.every(tx, account.id)

        return await self._store.write(step)

    async def _others(
        self, client: Pop3Client, maildrop: Maildrop, known: dict[int, Seen]
    ) -> tuple[dict[int, Seen], dict[int, Seen]]:
        """Part messages by their headers: those that are what they were, and those that are not."""
        same: dict[int, Seen] = {}
        other: dict[int, Seen] = {}
        # What the server does not show stays what it was, and is not deleted for it.
        numbers = sorted(known.keys() - maildrop.ending)
        async for number, header in self._each(maildrop, numbers, client.top_many, {}):
            one = known[number]
            if bytes.fromhex(digest_of(header)) != one.header_digest:
                other[number] = one
                continue
            if one.message_id is None:  # it was deleted here, so its header alone can tell
                one = dataclasses.replace(one, named=bool(Message.parse(header).message_id))
            same[number] = one
        maildrop.unproved |= known.keys() - same.keys() - other.keys()
        return same, other

    async def _told_by_uidls(
        self, client: Pop3Client, account: Account, maildrop: Maildrop, seen: dict[str, Seen]
    ) -> dict[str, Seen]:
        """Name what came by IMAP as this server does, where its ids tell UIDVALIDITY and UID.

        Some of the messages prove it by their headers, or nothing is named.
        """
        names = filter(None, map(pop_seen.of_imap, seen))
        validities = {uidvalidity for uidvalidity, _ in names}
        if len(validities) != 1 or "TOP" not in client.capabilities:
            return seen
        (uidvalidity,) = validities
        fresh = {uidl: n for n, uidl in maildrop.uidls.items() if uidl not in seen}
        known: dict[int, Seen] = {}
        for uidl, uid in uidls.told(fresh, uidvalidity).items():
            one = seen.get(pop_seen.imap_name(uidvalidity, uid))
            if one is not None:
                known[fresh[uidl]] = one
        if len(known) <= uidls.SAMPLES:
            return seen

        async def look_at(samples: list[int]) -> int | None:
            same, other = await self._others(client, maildrop, {n: known[n] for n in samples})
            return None if other else len(same)

        if not await uidls.agree(sorted(known), look_at):
            return seen

        def step(tx: Transaction) -> dict[str, Seen]:
            for number, one in known.items():
                self._rename(account, maildrop, number, one, tx)
            return pop_seen.every(tx, account.id)

        return await self._store.write(step)

    async def _recognised(
        self,
        client: Pop3Client,
        account: Account,
        maildrop: Maildrop,
        fresh: list[int],
        here: Unlisted,
    ) -> list[int]:
        """Leave out what is here, by its header digest: without a download.

        Some servers give every message a new UIDL when a maildrop is moved or rebuilt, or have none
        at all; and what came by the other protocol has none here yet.
        """
        elsewhere = await self._store.read(lambda tx: pop_seen.unseen_here(tx, account.id))
        if not (here or elsewhere) or not fresh or "TOP" not in client.capabilities:
            return fresh
        renamed: dict[int, Seen] = {}
        met: dict[int, tuple[bytes, MessageId]] = {}
        async for number, header in self._each(maildrop, fresh, client.top_many, {}):
            digest = bytes.fromhex(digest_of(header))
            one = here.take(header, maildrop.size_that_tells(number))
            if one is not None:
                renamed[number] = one
            elif elsewhere.get(digest):
                met[number] = (digest, elsewhere[digest].pop())
        now_s = self._now_s()

        def step(tx: Transaction) -> None:
            for number, one in renamed.items():
                self._rename(account, maildrop, number, one, tx)
            pop_seen.add(
                tx,
                account.id,
                [
                    Seen(
                        maildrop.uidls.get(number) or nameless(digest, message_id),
                        message_id,
                        digest,
                        now_s,
                        size=maildrop.sizes[number],
                    )
                    for number, (digest, message_id) in met.items()
                ],
            )

        await self._store.write(step)
        return [number for number in fresh if number not in renamed and number not in met]

    def _rename(
        self, account: Account, maildrop: Maildrop, number: int, one: Seen, tx: Transaction
    ) -> None:
        name = maildrop.uidls.get(number)
        if name is None and pop_seen.of_imap(one.uidl) is None:
            return
        name = name or nameless(one.header_digest, one.uidl)
        pop_seen.rename(tx, account.id, one.uidl, name)
        pop_seen.resize(tx, account.id, {name: maildrop.sizes[number]})

    async def _fetch(
        self,
        client: Pop3Client,
        account: Account,
        maildrop: Maildrop,
        fresh: list[int],
        here: Unlisted,
    ) -> None:
        done = octets = told = 0
        self._progress(account, 0, len(fresh))

        def keep(tx: Transaction, rows: list[tuple[int, Parsed]]) -> None:
            self._keep(tx, account, maildrop, rows)

        parse = partial(_parse, self._store.guard, self._ports)
        glance = partial(parse, read=reading.glance)
        async with Pipeline(self._store, parse, keep, glance=glance) as pipeline:
            each = self._each(maildrop, fresh, client.retr_many, maildrop.refused)
            async for number, content in each:
                self._ended_at.came([maildrop.name(number)])
                # Without TOP it has to be fetched to see that it is known.
                one = here.take(content, maildrop.size_that_tells(number)) if here else None
                if one is None and here:  # nor does its header tell where that may be of two
                    one = await self._store.read(partial(here.take_same, content))
                if one is not None:
                    await self._store.write(partial(self._rename, account, maildrop, number, one))
                    continue
                came = Incoming(content, True, len(content), self._now_s())
                await pipeline.put((number, came), len(content))
                done += 1
                octets += len(content)
                if done % PROGRESS_MESSAGES == 0 or octets - told >= PROGRESS_OCTETS:
                    self._progress(account, done, len(fresh), octets=octets)
                    told = octets
        came_here = len(fresh) - len(maildrop.refused.keys() & set(fresh))
        self._progress(account, came_here, len(fresh), octets=octets, finished=True)

    async def _each(
        self,
        maildrop: Maildrop,
        numbers: Sequence[int],
        ask: Callable[..., AsyncIterator[tuple[int, bytes]]],
        refused: dict[int, Reply],
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Fetch messages, or their headers, and note where the connection ends.

        Args:
            maildrop: Theirs.
            numbers: Which, in order.
            ask: The call of the client.
            refused: Gets those that the server does not give; they keep no other from coming.
        """
        awaited = dict.fromkeys(numbers)
        try:
            async for number, octets in ask(numbers, on_refused=refused.__setitem__):
                del awaited[number]
                yield number, octets
        except NetError:
            at = next((number for number in awaited if number not in refused), None)
            if at is not None:
                self._ended_at.note([maildrop.name(at)], passing=at not in maildrop.uidls)
            raise

    async def _fetch_again(self, client: Pop3Client, account: Account, maildrop: Maildrop) -> None:
        """Fetch what the doctor found to be damaged here, where the server has it."""
        lost = await self._store.read(lambda tx: pop_seen.lost(tx, account.id))
        wanted = {n: lost[uidl] for n, uidl in maildrop.uidls.items() if uidl in lost}
        numbers = sorted(wanted.keys() - maildrop.resting - maildrop.ending)
        each = self._each(maildrop, numbers, client.retr_many, maildrop.refused)
        async for number, content in each:
            came = Incoming(content, True, len(content), self._now_s())
            (one,) = await incoming.parse(self._store.guard, self._ports, [came])
            await self._store.write(partial(_complete, wanted[number], one))

    def _keep(
        self,
        tx: Transaction,
        account: Account,
        maildrop: Maildrop,
        rows: list[tuple[int, Parsed]],
    ) -> None:
        """Store messages and their UIDLs in one transaction."""
        inbox = mailbox.find_role(tx, account.id, Role.INBOX)
        if inbox is None:
            raise DoorError(f"The account {account.name} has no Inbox.", code="no-mailbox")
        placed = incoming.place(tx, inbox.id, [one for _, one in rows])
        arrived = placement.get(tx, placed)
        messages = {one.id: one.message_id for one in arrived}
        pop_seen.add(
            tx,
            account.id,
            [
                Seen(
                    maildrop.uidls.get(number) or nameless(one.summary.digest, placement_id),
                    messages[placement_id],
                    one.summary.digest,
                    one.incoming.arrived_s,
                    size=maildrop.sizes[number],
                )
                for (number, one), placement_id in zip(rows, placed, strict=True)
            ],
        )
        tx.touch_mailboxes(account.id)
        tx.tell(MailArrived(account_id=account.id, message_ids=tuple(messages.values())))

    async def _delete(self, client: Pop3Client, account: Account, maildrop: Maildrop) -> list[str]:
        """Mark at the server what is to be deleted; everything named here was committed before."""
        before = await self._seen_before_s(account)
        seen = await self._store.read(lambda tx: pop_seen.every(tx, account.id))
        only_there = await self._store.read(lambda tx: pop_seen.without_octets(tx, account.id))
        wanted = {
            uidl
            for uidl, one in seen.items()
            if one.delete_wanted
            or (before is not None and one.first_seen_s <= before and uidl not in only_there)
        }
        numbers = [
            number
            for number, uidl in sorted(maildrop.uidls.items())
            if uidl in wanted and number not in maildrop.unproved
        ]
        if not numbers:
            return []
        refused = await client.dele_many(numbers)
        return [maildrop.uidls[number] for number in numbers if number not in refused]

    async def _seen_before_s(self, account: Account) -> float | None:
        """Until when a message was first seen that is to be deleted now; None: whenever it was."""
        # A date that jumps is believed when it still stands at the next session.
        jumped = self._watch.has_jumped()
        days = account.learned.pop_deletes_after_days
        if days is None:
            return None
        date_s = await self._store.write(partial(leaving.believed_s, account.id, self._now_s()))
        return None if jumped else date_s - days * leaving.DAY_S

    def _now_s(self) -> int:
        return int(self._ports.clock.now().timestamp())

    def _progress(
        self, account: Account, done: int, total: int, *, octets: int = 0, finished: bool = False
    ) -> None:
        self._store.tell(
            Progress(
                account_id=account.id,
                work="fetch",
                label=account.name,
                done=done,
                total=total,
                octets=octets,
                finished=finished,
            )
        )


def _unsure(
    same: Mapping[int, Seen], doubted: Container[int], seen: Iterable[Seen], *, reuses: bool
) -> dict[int, Seen]:
    """Of messages with the headers that they had, those that their octets have to tell.

    Args:
        same: By number.
        doubted: The numbers of those whose size is another one.
        seen: Everything that was seen of the maildrop.
        reuses: The server gives ids a second time. Of one that does not, what was deleted here
            comes with another size because that was estimated: it stays deleted.
    """
    times = Counter(one.header_digest for one in seen)
    return {
        number: one
        for number, one in same.items()
        if not one.named
        and (
            (number in doubted and (reuses or one.message_id is not None))
            or (one.message_id is not None and times[one.header_digest] > 1)
        )
    }


def _complete(message_id: MessageId, one: Parsed, tx: Transaction) -> None:
    """Give a message its octets, if these are its own."""
    if one.content is None or message.digest(tx, message_id) != one.summary.digest:
        return
    (blob_id,) = blob.put_all(tx, [one.content])
    size = len(one.incoming.octets)
    message.complete(tx, [(message_id, Coming(one.summary, blob_id, size, 0))])


async def _parse(
    guard: Guard,
    ports: Ports,
    batch: Sequence[tuple[int, Incoming]],
    *,
    read: Reader = reading.read,
) -> list[tuple[int, Parsed]]:
    parsed = await incoming.parse(guard, ports, [one for _, one in batch], read=read)
    return [(number, row) for (number, _), row in zip(batch, parsed, strict=True)]
