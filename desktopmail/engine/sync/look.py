"""A look at one mailbox: the whole decision tree on UIDVALIDITY, UIDNEXT, EXISTS, HIGHESTMODSEQ.

    UIDVALIDITY   unknown before     fetch everything
                  another one        detach all, fetch the headers, meet what is known again
                  not told           as another one, unless the UIDs are of this connection
                  the same           UIDNEXT or HIGHESTMODSEQ smaller, counts contradict: suspect
    changes       QRESYNC            the SELECT tells what changed and what vanished
                  CONDSTORE          FETCH CHANGEDSINCE; a listing of UIDs when the count disagrees
                  plain              FETCH of all UIDs and FLAGS
    new           UID >= UIDNEXT     fetched, newest first

Suspect means: list all UIDs and look again; a listing that contradicts EXISTS deletes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.rows import Role
from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.sync import filed, keywords, meet, moved_here, search, uidl, vanish
from desktopmail.engine.sync.fetch import Fetcher
from desktopmail.engine.sync.moved_here import Told
from desktopmail.engine.sync.refusals import Refusals
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.search_key import EVERYTHING
from desktopmail.wire.imap.select import QResync
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from desktopmail.door.ids import MailboxId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.ended_at import EndedAt
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.imap_answers import Selected
    from desktopmail.net.ports import Ports

_FLAG_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one mailbox.

    Attributes:
        headers_only: Leave the octets at the server, whatever the policy of the mailbox.
        same_connection: The UIDs here were told on this connection: also where the server gives no
            UIDVALIDITY they name the same messages (RFC 9051 section 2.3.1.1).
        between: Awaited between batches.
        ended_at: Where the connection ended before (`refusals`).
        take_vanished: Gives, and forgets, the UIDs that the server told unasked to be gone.
        opened: What the server said when the mailbox was opened, if it is open already.
    """

    store: Store
    ports: Ports
    client: ImapClient
    mailbox_id: MailboxId
    headers_only: bool
    same_connection: bool
    between: Callable[[], Awaitable[None]]
    ended_at: EndedAt
    take_vanished: Callable[[], UidSet]
    opened: Selected | None = None

    async def run(self) -> None:
        """Make the mailbox here what it is at the server.

        Raises:
            NetError: The server failed us; what was committed stays, and the next look goes on.
        """
        known = await self.store.read(lambda tx: mailbox.get(tx, self.mailbox_id))
        if self.headers_only:
            await self.store.write(lambda tx: mailbox.withhold(tx, known.id))
        selected = await self._select(known)
        await keywords.learn(self.store, known, selected)
        if self._is_valid(known, selected):
            await self._again(known, selected)
        else:
            self.take_vanished()  # those were UIDs of before
            await self.store.write(lambda tx: vanish.detach(tx, known.id))
            await self._first(known, selected)
        fetcher = self._fetcher(known, selected)
        if not self.headers_only:
            await fetcher.bodies()
        await fetcher.headers()

    def _is_valid(self, known: Mailbox, selected: Selected) -> bool:
        """Whether the UIDs here still name the messages that they did."""
        if known.uidvalidity != selected.uid_validity:
            return False
        return known.uidvalidity is not None or self.same_connection

    async def _select(self, known: Mailbox) -> Selected:
        if self.opened is not None:
            return self.opened
        resync = self._resync(known)
        if resync is not None:
            return await self.client.select(known.path, qresync=resync)
        return await self.client.select(known.path, condstore=self.client.offers("CONDSTORE"))

    def _resync(self, known: Mailbox) -> QResync | None:
        """From where on the SELECT tells what changed; None when it does not."""
        if known.uidvalidity and known.highestmodseq and "QRESYNC" in self.client.enabled:
            return QResync(known.uidvalidity, known.highestmodseq)
        return None

    def _fetcher(self, known: Mailbox, selected: Selected) -> Fetcher:
        return Fetcher(
            self.store,
            self.ports,
            self.client,
            known,
            uidvalidity=selected.uid_validity,
            with_modseq=selected.highest_modseq is not None,
            between=self.between,
            refusals=Refusals(known.id, selected.uid_validity, self.ended_at),
        )

    # Never seen before, or with UIDs that mean nothing any more

    async def _first(self, known: Mailbox, selected: Selected) -> None:
        uids = await self._all_uids(selected)
        here = await self.store.read(self._has_unmet)
        await self._remember(known, selected, uids, complete=False)
        fetcher = self._fetcher(known, selected)
        left = uids
        if here and known.role is Role.INBOX:
            met = await uidl.meet_known(fetcher, uids)
            left = UidSet.of(uid for uid in uids if uid not in met)
        moved = await self.store.read(lambda tx: moved_here.likely(tx, known, left, {}))
        headers_first = left if here else moved
        await fetcher.rows(left, since_s=self._since_s(known), headers_first=headers_first)
        await self._remember(known, selected, uids, complete=True)
        await self.store.write(lambda tx: vanish.finish_cycle(tx, known.id))

    async def _all_uids(self, selected: Selected) -> UidSet:
        if not selected.exists:
            return UidSet()
        return await search.uids(self.client, EVERYTHING)

    def _has_unmet(self, tx: Transaction) -> bool:
        """Whether messages are here that wait to be met: in this mailbox, or filed by POP3."""
        rows = tx.fetch(
            "SELECT 1 FROM placement WHERE mailbox_id = ? AND uid IS NULL LIMIT 1",
            (self.mailbox_id,),
        )
        return bool(rows) or filed.is_first_look(tx, mailbox.get(tx, self.mailbox_id))

    # Seen before

    async def _again(self, known: Mailbox, selected: Selected) -> None:
        following = known.uidnext or 1
        if not known.complete:
            # An earlier first look was cut short: what is missing is whatever is not here.
            await self._in_full(known, selected, {})
            return
        if _went_back(known, selected):
            await self._in_full(known, selected, {})
            return
        await self._changes(known, selected, following)
        told: dict[Uid, Told] = {}
        new = await self._new_uids(selected, following, told)
        if not await self._agrees(known, selected, new):
            await self._in_full(known, selected, told)
            return
        moved = await self.store.read(lambda tx: moved_here.likely(tx, known, new, told))
        await self._fetcher(known, selected).rows(
            new, since_s=self._since_s(known), headers_first=moved
        )
        await self._remember(known, selected, new, complete=True)
        await self.store.write(lambda tx: vanish.finish_cycle(tx, known.id))

    async def _changes(self, known: Mailbox, selected: Selected, following: int) -> None:
        """Take over changed flags, and what is told to be gone."""
        vanished = selected.vanished | self.take_vanished()
        if self._resync(known) is not None:
            await self._update(selected.changed, vanished, known.id)
            return
        if vanished:
            await self._update((), vanished, known.id)
        if following <= 1:
            return
        span = UidSet.span(1, following - 1)
        modseq = selected.highest_modseq
        if modseq is not None and known.highestmodseq is not None:
            if modseq != known.highestmodseq:
                await self._fetch_flags(known.id, span, since=known.highestmodseq)
            return
        uids = await self._fetch_flags(known.id, span)
        await self.store.write(partial(self._unlink_missing, known.id, uids, following))

    async def _update(
        self, answers: tuple[FetchResponse, ...], vanished: UidSet, mailbox_id: MailboxId
    ) -> None:
        def step(tx: Transaction) -> None:
            here = [Uid(one.uid) for one in placement.of_mailbox(tx, mailbox_id) if one.uid]
            vanish.unlink(tx, mailbox_id, vanished.within(here))
            meet.update(tx, mailbox_id, answers)

        if answers or vanished:
            await self.store.write(step)

    async def _fetch_flags(
        self, mailbox_id: MailboxId, span: UidSet, *, since: int | None = None
    ) -> set[int]:
        """Take over the flags of a span; returns the UIDs that were told."""
        items: tuple[Item, ...] = (Item.UID, Item.FLAGS)
        if since is not None:
            items = (*items, Item.MODSEQ)
        told: set[int] = set()
        batch: list[FetchResponse] = []
        async for answer in self.client.uid_fetch(span, items, changed_since=since):
            if not isinstance(answer, FetchResponse) or answer.uid is None:
                continue
            told.add(answer.uid)
            batch.append(answer)
            if len(batch) >= _FLAG_BATCH:
                await self.store.write(partial(_update, mailbox_id, batch))
                batch = []
        if batch:
            await self.store.write(partial(_update, mailbox_id, batch))
        return told

    def _unlink_missing(
        self, mailbox_id: MailboxId, told: set[int], following: int, tx: Transaction
    ) -> None:
        here = {
            one.uid
            for one in placement.of_mailbox(tx, mailbox_id)
            if one.uid is not None and one.uid < following
        }
        hidden = set(vanish.gone(tx, mailbox_id))
        vanish.unlink(tx, mailbox_id, here - told - hidden)

    async def _agrees(self, known: Mailbox, selected: Selected, new: UidSet) -> bool:
        """Whether as many messages are here as the server has, new ones left out.

        Where UIDNEXT is not told, what is new is not known for sure: then the count cannot be held
        against it.
        """
        here = await self.store.read(lambda tx: _present(tx, known.id))
        if selected.uid_next is None:
            return here <= selected.exists
        return here + len(new) == selected.exists

    async def _new_uids(self, selected: Selected, following: int, told: dict[Uid, Told]) -> UidSet:
        """What came since and is not here: what we moved here ourselves has its UIDs already.

        Args:
            selected: What the server said when the mailbox was opened.
            following: The UIDs of what came are this one or higher.
            told: Gets what else the server tells of what came, of as many as are asked about.
        """
        if selected.uid_next is not None and selected.uid_next <= following:
            return UidSet()
        items: tuple[Item, ...] = (Item.UID, Item.SIZE, Item.INTERNALDATE)
        if await self.store.read(partial(_has_from, self.mailbox_id, following)):
            items = (*items, Item.FLAGS)
        new: set[Uid] = set()
        batch: list[FetchResponse] = []
        async for answer in self.client.uid_fetch(UidSet.span(following), items):
            # "7:*" brings the last message even when its UID is below 7.
            if not isinstance(answer, FetchResponse) or (answer.uid or 0) < following:
                continue
            new.add(Uid(answer.uid or 0))
            if len(told) <= moved_here.MOST and answer.size is not None:
                told[Uid(answer.uid or 0)] = _told(answer.size, answer)
            if Item.FLAGS in items:
                batch.append(answer)
            if len(batch) >= _FLAG_BATCH:
                await self.store.write(partial(_update, self.mailbox_id, batch))
                batch = []
        if batch:
            await self.store.write(partial(_update, self.mailbox_id, batch))
        if Item.FLAGS in items:
            new -= await self.store.read(partial(_known_from, self.mailbox_id, following))
        return UidSet.of(new)

    async def _in_full(self, known: Mailbox, selected: Selected, told: Mapping[Uid, Told]) -> None:
        """Look at every UID: what is missing here is fetched, what is missing there is hidden.

        Args:
            known: The mailbox as it was here.
            selected: What the server said when it was opened.
            told: What else the server told of what is new.
        """
        uids = await self._all_uids(selected)
        there = set(uids)
        consistent = len(there) >= selected.exists

        def step(tx: Transaction) -> list[int]:
            here = {one.uid for one in placement.of_mailbox(tx, known.id) if one.uid is not None}
            hidden = vanish.gone(tx, known.id)
            vanish.relink(tx, [hidden[uid] for uid in hidden if uid in there])
            if consistent:  # else the answer contradicts itself, and nothing is hidden for it
                vanish.unlink(tx, known.id, here - there - set(hidden))
            return sorted(there - here)

        missing = await self.store.write(step)
        # What an earlier look was cut before it met is here all the same.
        here = not known.complete and await self.store.read(self._has_unmet)
        if there:
            await self._fetch_flags(known.id, UidSet.of([u for u in uids if u not in missing]))
        new = UidSet.of([Uid(uid) for uid in missing])
        likely = await self.store.read(lambda tx: moved_here.likely(tx, known, new, told))
        await self._fetcher(known, selected).rows(
            new, since_s=self._since_s(known), headers_first=new if here else likely
        )
        await self._remember(known, selected, uids, complete=True)
        if consistent:
            await self.store.write(lambda tx: vanish.finish_cycle(tx, known.id))

    async def _remember(
        self, known: Mailbox, selected: Selected, uids: UidSet, *, complete: bool
    ) -> None:
        highest = max(uids, default=0)
        uidnext = selected.uid_next or max(highest + 1, known.uidnext or 1)
        if complete and highest:
            uidnext = max(uidnext, highest + 1)

        def step(tx: Transaction) -> None:
            mailbox.know(
                tx,
                known.id,
                uidvalidity=selected.uid_validity,
                uidnext=uidnext,
                highestmodseq=selected.highest_modseq,
                complete=complete,
            )
            tx.touch_mailboxes(known.account_id)

        await self.store.write(step)

    def _since_s(self, known: Mailbox) -> float | None:
        """From which arrival on octets are fetched with the rows; None for none at all."""
        if self.headers_only:
            return None
        return known.policy.since_s(self.ports.clock.now().timestamp())


def _update(mailbox_id: MailboxId, answers: list[FetchResponse], tx: Transaction) -> None:
    meet.update(tx, mailbox_id, answers)


def _told(size: int, answer: FetchResponse) -> Told:
    arrived = answer.internal_date
    return Told(size, None if arrived is None else int(arrived.timestamp()))


def _went_back(known: Mailbox, selected: Selected) -> bool:
    """Whether numbers that only grow are smaller than before: of a server that was restored."""
    uidnext, modseq = selected.uid_next, selected.highest_modseq
    return (uidnext is not None and uidnext < (known.uidnext or 1)) or (
        modseq is not None and modseq < (known.highestmodseq or 0)
    )


def _has_from(mailbox_id: MailboxId, uid: int, tx: Transaction) -> bool:
    rows = tx.fetch(
        "SELECT 1 FROM placement WHERE mailbox_id = ? AND uid >= ? LIMIT 1", (mailbox_id, uid)
    )
    return bool(rows)


def _known_from(mailbox_id: MailboxId, uid: int, tx: Transaction) -> set[Uid]:
    rows = tx.fetch(
        "SELECT uid FROM placement WHERE mailbox_id = ? AND uid >= ?", (mailbox_id, uid)
    )
    return {Uid(row[0]) for row in rows}


def _present(tx: Transaction, mailbox_id: MailboxId) -> int:
    row = tx.fetch_one(
        "SELECT count(*) FROM placement WHERE mailbox_id = ? AND uid IS NOT NULL"
        " AND gone_cycle IS NULL",
        (mailbox_id,),
    )
    return int(row[0]) if row is not None else 0
