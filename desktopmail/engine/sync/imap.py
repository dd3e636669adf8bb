"""IMAP: one connection for an account, which is brought up to date and then waits for news."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.changes import OperationsChanged
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.engine.errors import door_error, is_loopback
from desktopmail.engine.indexing import index_octets, index_without_octets
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, operation, placement
from desktopmail.engine.store.account import Account
from desktopmail.engine.sync import hits, keywords, mailboxes, not_given, quota, vanish
from desktopmail.engine.sync.ended_at import EndedAt
from desktopmail.engine.sync.fetch import Fetcher
from desktopmail.engine.sync.look import Look
from desktopmail.engine.sync.opening import Opening
from desktopmail.engine.sync.refusals import ENDS, Refusals
from desktopmail.engine.sync.renamed import Recognition
from desktopmail.engine.sync.replay import Replay
from desktopmail.engine.sync.telling import UidsVoidError, UnmetError
from desktopmail.engine.waiting import DateWatch, wait_awake
from desktopmail.net.deadline import deadline
from desktopmail.net.errors import ClosedError, NetError, RefusedError, TimedOutError
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.select import ExistsResponse
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.status import StatusItem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.ids import AccountId, MailboxId, MessageId, PlacementId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.mailboxes import Listed
    from desktopmail.engine.sync.worker import Worker
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.imap_answers import Selected
    from desktopmail.wire.imap.client_events import Malformed
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.search_key import SearchKey

# Well under the 29 minutes after which a server may hang up (RFC 9051 section 5.4), and under the
# five after which many routers forget a connection.
IDLE_S = 240.0
# A connection that was silent for so long is asked for a sign of life before anything else, and has
# so long for it: together with the time to connect again a person waits for 30 s at most.
PROBE_AFTER_S = 20.0
PROBE_TIMEOUT_S = 15.0
_FETCH_CHUNK = 100
# How often a mailbox is looked at where another device expunges in it again and again.
_LOOKS = 5
# What it is told then (RFC 2180 section 4.1.2, RFC 9051 section 7.1).
_EXPUNGED = "expungeissued"
_Errand = Callable[[Account], Awaitable[None]]
# Deflating costs a round trip to begin with, and the first screen comes first.
_DEFLATE_AT_BATCH = 2


class ImapSync:
    """The work for one IMAP account."""

    service = "imap"

    def __init__(self, store: Store, connector: Connector) -> None:
        self._store = store
        self._connector = connector
        self._ports = connector.ports
        self._client: ImapClient | None = None
        self._account_id: AccountId | None = None
        self._quota_at_s: float | None = None
        self._heard_s = 0.0
        self._batches = 0
        self._news = asyncio.Event()
        self._lost = asyncio.Event()
        self._vanished: dict[str, list[UidSet]] = {}
        self._ended_at = EndedAt(ENDS)
        self._opening = Opening(None)
        self._looked_at: set[str] = set()  # on this connection
        self._void: set[str] = set()  # made anew at the server, and not looked at since
        self._watch = DateWatch(connector.ports.clock)
        self._errands: deque[tuple[_Errand, asyncio.Future[None]]] = deque()
        self._is_void_again = False  # the UIDs of the Inbox, when it was opened for idling
        self._has_to_tell = True  # something may stand in the journal

    # The cycle

    async def run(self, account: Account, *, headers_only: bool = False) -> None:
        """Tell the server what was changed here, then look at everything.

        Raises:
            NetError: The server failed us; everything that was committed stays.
            DoorError: The store cannot be written, or there is no password.
        """
        deaf = self._store.listen(self._hear)
        try:
            await self._cycle(account, headers_only=headers_only)
        except NetError as error:
            self._give_up(door_error(error))
            await self._ended_at.save(self._store, account.id)
            await self._index_rest(account)  # what is listed is found while the server is away
            raise
        except DoorError as error:
            self._give_up(error)
            raise
        finally:
            deaf()
        if not headers_only:  # else not everything was asked for
            self._ended_at.all_came()
        await self._ended_at.save(self._store, account.id)
        await self._index_rest(account)  # what the server did not give, or has not to give any more

    def _hear(self, change: AnyChange) -> None:
        if isinstance(change, OperationsChanged):
            self._has_to_tell = True

    async def _index_rest(self, account: Account) -> None:
        """Index what was left for its octets and has not got them."""
        await index_octets(self._store, self._ports)
        await index_without_octets(self._store, self._ports, account.id)

    async def _cycle(self, account: Account, *, headers_only: bool) -> None:
        await self._ended_at.load(self._store, account.id)
        await self._probe()
        client = await self._connect(account, opening=True)
        self._account_id = account.id
        self._news.clear()
        await self._run_errands(account)
        await self._replay(account)
        listed = self._opening.take_listed() or await mailboxes.ask(client)
        await self._recognise_renamed(account, client, listed)
        await self._store.write(lambda tx: mailboxes.keep(tx, account.id, listed))
        await self._replay(account)  # a mailbox may have become known by now
        await self._follow_date(account)
        await self._review_not_given(account)
        for box in await self._to_look_at(account, client, listed):
            await self._look(account, box, headers_only=headers_only)
            # While it is open: where each SELECT tells another UIDVALIDITY, later is too late.
            if await self._is_any_pending(account):
                await self._replay(account)
        await self._replay(account)
        await self._review_not_given(account)
        await self._ask_quota(account)

    async def rest(self, wake: asyncio.Event, seconds: float) -> None:
        """Idle on the Inbox until there is something to do."""
        client = self._client
        clock = self._ports.clock
        seconds = min(seconds, await self._until_due_s())
        self._heard_s = clock.monotonic()
        if client is None or not client.is_usable or not client.offers("IDLE"):
            await wait_awake((wake,), clock, seconds)
            return
        if not await self._open_inbox(client):
            await wait_awake((wake,), clock, seconds)
            return
        until = clock.monotonic() + seconds
        ends = (wake, self._news, self._lost)
        while clock.monotonic() < until and not any(event.is_set() for event in ends):
            if client is not self._client:
                return  # it was left meanwhile
            left = min(IDLE_S, until - clock.monotonic())
            try:
                async with client.idle():
                    await wait_awake(ends, clock, left)
                self._heard_s = clock.monotonic()
            except RefusedError:  # some servers offer it and do not let us
                await wait_awake(ends, clock, left)
                await self._probe()

    async def _until_due_s(self) -> float:
        """How long what was refused has to wait before it is told again."""
        account_id, now_s = self._account_id, self._ports.clock.now().timestamp()
        if account_id is None:
            return math.inf
        due_s = await self._store.read(lambda tx: operation.next_due_s(tx, account_id, now_s))
        return math.inf if due_s is None else due_s - now_s

    async def _probe(self) -> None:
        """Ask a connection that has been silent for a sign of life, and leave one that is dead.

        It may have been suspended, forgotten by a router, or be of a network that we left.
        """
        client, clock = self._client, self._ports.clock
        if client is None or not client.is_usable:
            return
        if clock.monotonic() - self._heard_s < PROBE_AFTER_S:
            return
        try:
            async with deadline(PROBE_TIMEOUT_S, "The connection died while it was silent."):
                await client.noop()
        except (TimedOutError, ClosedError):
            await client.aclose()  # the next step connects again
        self._heard_s = clock.monotonic()

    async def _open_inbox(self, client: ImapClient) -> bool:
        """Open the Inbox for idling, and see whether something came since it was looked at.

        Returns:
            Whether it is of use: not where its UIDs became void again since the last time, as at a
            server that tells another UIDVALIDITY each time. It would be asked in a storm.
        """
        if client.mailbox == "INBOX":
            self._is_void_again = False
            return True
        try:
            selected = await self._select(client, "INBOX")
        except UidsVoidError:
            is_again, self._is_void_again = self._is_void_again, True
            self._news.set()
            return not is_again
        self._is_void_again = False
        known = await self._store.read(
            lambda tx: tx.fetch(
                "SELECT uidnext FROM mailbox WHERE account_id = ? AND path = 'INBOX'",
                (self._account_id,),
            )
        )
        if known and selected.uid_next not in {None, known[0][0]}:
            self._news.set()
        return True

    async def leave(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        try:
            if client is not None:
                await client.logout()
        finally:  # who waits is told, also when this is cancelled
            self._give_up(
                DoorError(
                    "The connection ended before it was done.", remedy="Try again.", code="closed"
                )
            )

    async def fetch_octets(self, placement_ids: Sequence[PlacementId], worker: Worker) -> None:
        """Fetch the octets of messages before anything else.

        Raises:
            DoorError: The server did not give them, or a person has to do something first.
        """

        async def fetch(account: Account) -> None:
            await self._fetch_demanded(account, placement_ids)

        await self._first_of_all(fetch, worker)

    async def search(
        self, keys: Mapping[MailboxId, SearchKey], worker: Worker
    ) -> dict[MailboxId, hits.Found | DoorError]:
        """Search mailboxes at the server, before anything else.

        Returns:
            Of each what was found, or why it could not be searched.

        Raises:
            DoorError: There is no connection, or a person has to do something first.
        """
        answers: dict[MailboxId, hits.Found | DoorError] = {}

        async def look(account: Account) -> None:
            for mailbox_id, key in keys.items():
                try:
                    answers[mailbox_id] = await self._search(account, mailbox_id, key)
                except RefusedError as error:
                    answers[mailbox_id] = door_error(error)

        await self._first_of_all(look, worker)
        return answers

    async def _first_of_all(self, errand: _Errand, worker: Worker) -> None:
        """Have something done on the connection before anything else, and wait for its end."""
        if worker.held_by is not None:
            raise worker.held_by
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._errands.append((errand, future))
        worker.wake()
        await future

    # Steps

    async def _follow_date(self, account: Account) -> None:
        """See what of the last days was left at the server under a date that was wrong."""
        if self._watch.has_jumped():
            now_s = self._ports.clock.now().timestamp()
            await self._store.write(lambda tx: mailbox.want_recent(tx, account.id, now_s))

    async def _review_not_given(self, account: Account) -> None:
        """See what is due of what the server did not give, and what of it came or went."""
        if (await self._store.read(lambda tx: accounts.get(tx, account.id))).learned.not_given:
            now_s = self._ports.clock.now().timestamp()
            await self._store.write(lambda tx: not_given.review(tx, account.id, now_s))

    async def _ask_quota(self, account: Account) -> None:
        now_s = self._ports.clock.monotonic()
        if self._quota_at_s is not None and now_s - self._quota_at_s < quota.EVERY_S:
            return
        found = await quota.ask(await self._connect(account))
        self._quota_at_s = now_s
        await self._store.write(lambda tx: accounts.set_quota(tx, account.id, found))

    async def _connect(self, account: Account, *, opening: bool = False) -> ImapClient:
        if self._client is not None and self._client.is_usable:
            return self._client
        client = await self._connector.imap(account, told=self._told)
        self._client = client
        self._lost.clear()
        self._heard_s = self._ports.clock.monotonic()
        self._quota_at_s = None
        self._batches = 0
        self._looked_at.clear()
        client.ended = lambda _error: self._lost.set()
        self._opening = Opening(client)
        if opening:
            inbox = await self._store.read(partial(_is_new_inbox, account.id))
            await self._opening.ask_together(inbox=inbox)
        else:
            await self._opening.enable()
        return client

    def _told(self, value: UntaggedResponse | Malformed) -> None:
        """Hear what the server says unasked; what vanished is kept until it is written down."""
        client = self._client
        if isinstance(value, VanishedResponse) and client is not None and client.mailbox:
            vanish.keep_told(self._vanished.setdefault(client.mailbox, []), value.uids)
        if isinstance(value, VanishedResponse | ExpungeResponse | ExistsResponse | FetchResponse):
            self._news.set()

    async def _select(self, client: ImapClient, path: str) -> Selected:
        """Open a mailbox for what the journal, or a person, wants to know or say, or to idle on it.

        Whatever is open was opened by this or by a look: what is said next relies on its UIDs.

        Raises:
            UidsVoidError: Its UIDVALIDITY is another one than that of the UIDs here.
        """
        self._opening.forget()
        selected = await client.select(path, condstore=client.offers("CONDSTORE"))
        account_id = self._account_id
        looked_at = path in self._looked_at
        if await self._store.read(lambda tx: _are_void(tx, account_id, path, selected, looked_at)):
            self._looked_at.discard(path)
            self._void.add(path)
            await self._store.write(lambda tx: _detach(tx, account_id, path))
            raise UidsVoidError(path)
        for box in await self._store.read(partial(_called, account_id, path)):
            await keywords.learn(self._store, box, selected)
        return selected

    async def _recognise_renamed(
        self, account: Account, client: ImapClient, listed: Sequence[Listed]
    ) -> None:
        async def select(path: str) -> Selected:
            self._opening.forget()
            return await client.select(path, condstore=client.offers("CONDSTORE"))

        await Recognition(self._store, client, account.id, select).run(listed)

    async def _to_look_at(
        self, account: Account, client: ImapClient, listed: Sequence[Listed]
    ) -> list[Mailbox]:
        """The mailboxes that may have changed: the Inbox first, then by use."""
        known = {
            one.path: one
            for one in await self._store.read(lambda tx: mailbox.of_account(tx, account.id))
        }
        found: list[Mailbox] = []
        for one in sorted(listed, key=lambda row: (row.role is not Role.INBOX, row.path)):
            box = known.get(one.path)
            if box is None or not box.selectable:
                continue
            if box.hidden and not await self._store.read(
                partial(operation.leaves_mailbox, mailbox_id=box.id)
            ):
                continue  # one that is deleted here is looked at while its messages have to leave
            numbers = one.numbers
            if not numbers and box.complete and one.role is not Role.INBOX:
                with contextlib.suppress(RefusedError):  # it went away a moment ago
                    answer = await client.status(one.path, mailboxes.status_items(client))
                    numbers = mailboxes.numbers_of(answer)
            if await self._store.read(partial(_may_differ, box, numbers)):
                found.append(box)
        return found

    async def _look(self, account: Account, box: Mailbox, *, headers_only: bool) -> None:
        client = await self._connect(account)
        for left in reversed(range(_LOOKS)):
            try:
                await self._look_once(account, client, box, headers_only=headers_only)
            except RefusedError as error:
                if not client.is_usable or error.code != _EXPUNGED or not left:
                    self._refused(client, box, error)
                    return
            else:
                self._looked_at.add(box.path)
                return

    async def _look_once(
        self, account: Account, client: ImapClient, box: Mailbox, *, headers_only: bool
    ) -> None:
        self._void.discard(box.path)

        async def between() -> None:
            await self._between(account, box)

        def take_vanished() -> UidSet:
            return UidSet.union(self._vanished.pop(box.path, ()))

        look = Look(
            self._store, self._ports, client, box.id, headers_only,
            box.path in self._looked_at, between, self._ended_at, take_vanished,
            self._opening.take(box.path),
        )  # fmt: skip
        await look.run()
        await index_octets(self._store, self._ports)

    def _refused(self, client: ImapClient, box: Mailbox, error: RefusedError) -> None:
        """Take that a mailbox cannot be looked at: of the Inbox that is the end of the cycle.

        One of the others does not stop the rest.
        """
        if not client.is_usable or box.role is Role.INBOX:
            raise DoorError(error.sentence, remedy=error.remedy, code="refused") from error

    async def _between(self, account: Account, box: Mailbox) -> None:
        """Let a person's changes and demands overtake a long fetch; deflate what is long."""
        self._batches += 1
        if self._batches == _DEFLATE_AT_BATCH and self._client is not None:
            await _compress(self._client)
        # To ask the store is to wait for what is being stored: not before the journal changed.
        waiting, self._has_to_tell = self._has_to_tell, False
        if waiting:
            waiting = await self._is_any_pending(account)
        if not waiting and not self._errands:
            return
        await self._run_errands(account)
        await self._replay(account)
        if self._client is not None and self._client.mailbox != box.path:
            with contextlib.suppress(UidsVoidError):
                await self._select(self._client, box.path)
        if box.path in self._void:
            raise DoorError(
                f"{box.path} was made anew at the server while it was read.",
                remedy="It is read again by itself.",
                code="uidvalidity",
            )

    async def _is_any_pending(self, account: Account) -> bool:
        return await self._store.read(lambda tx: operation.is_any_pending(tx, account.id))

    async def _replay(self, account: Account) -> None:
        client = await self._connect(account)

        async def select(path: str) -> None:
            if client.mailbox != path:
                await self._select(client, path)

        replay = Replay(self._store, self._ports, client, account, select)
        try:
            await self._identify_what_moves(account, client, select)
            await replay.run()
        except UnmetError:
            pass  # the look of this cycle meets it, and the journal is told again behind each look
        except UidsVoidError:
            # The look that follows meets the messages again, and the journal is told after it.
            self._news.set()
        finally:
            if replay.changes_mailboxes:
                self._opening.forget()

    async def _identify_what_moves(
        self, account: Account, client: ImapClient, select: Callable[[str], Awaitable[None]]
    ) -> None:
        """Fetch the headers of what is to be moved or copied, where only envelopes are here.

        By their digests it is proved that they arrived.
        """
        moving = await self._store.read(lambda tx: operation.moving_without_header(tx, account.id))
        for mailbox_id, rows in moving.items():
            box = await self._store.read(partial(_box, mailbox_id))
            wanted = [
                (Uid(uid), placement_id, message_id) for uid, placement_id, message_id in rows
            ]
            with contextlib.suppress(RefusedError):  # the replay says what cannot be done
                await select(box.path)
                await self._fetcher(client, box).headers_of(wanted)

    async def _run_errands(self, account: Account) -> None:
        while self._errands:
            errand, future = self._errands[0]
            if not future.done():  # who waited may have gone
                try:
                    await errand(account)
                except RefusedError as error:
                    if self._client is None or not self._client.is_usable:
                        raise
                    if not future.done():
                        future.set_exception(door_error(error))
            self._errands.popleft()
            if not future.done():
                future.set_result(None)

    def _give_up(self, error: DoorError) -> None:
        """Nothing of what is waited for comes about."""
        while self._errands:
            _, future = self._errands.popleft()
            if not future.done():
                future.set_exception(error)

    async def _search(self, account: Account, mailbox_id: MailboxId, key: SearchKey) -> hits.Found:
        client = await self._connect(account)
        box = await self._store.read(partial(_box, mailbox_id))
        if client.mailbox != box.path or box.uidvalidity is None:
            try:
                selected = await self._select(client, box.path)
            except UidsVoidError:
                box = await self._store.read(partial(_box, mailbox_id))
                selected = await self._select(client, box.path)
            box = await self._store.write(partial(hits.begin, mailbox_id, selected))
        return await hits.find(self._fetcher(client, box), key)

    def _fetcher(self, client: ImapClient, box: Mailbox) -> Fetcher:
        return Fetcher(
            self._store,
            self._ports,
            client,
            box,
            uidvalidity=box.uidvalidity,
            with_modseq=False,
            between=_nothing,
            refusals=Refusals(box.id, box.uidvalidity, self._ended_at),
        )

    async def _fetch_demanded(self, account: Account, placement_ids: Sequence[PlacementId]) -> None:
        client = await self._connect(account)

        def find(tx: Transaction) -> dict[MailboxId, list[tuple[Uid, PlacementId, MessageId]]]:
            found: dict[MailboxId, list[tuple[Uid, PlacementId, MessageId]]] = {}
            for one in placement.get(tx, placement_ids):
                if one.uid is not None and tx.fetch(
                    "SELECT 1 FROM message WHERE id = ? AND blob_id IS NULL", (one.message_id,)
                ):
                    row = (Uid(one.uid), one.id, one.message_id)
                    found.setdefault(one.mailbox_id, []).append(row)
            return found

        for mailbox_id, rows in (await self._store.read(find)).items():
            box = await self._store.read(partial(_box, mailbox_id))
            if client.mailbox != box.path:
                try:
                    await self._select(client, box.path)
                except UidsVoidError:
                    continue  # the look that follows finds them, octets and all
            fetcher = self._fetcher(client, box)
            for start in range(0, len(rows), _FETCH_CHUNK):
                await fetcher.contents(rows[start : start + _FETCH_CHUNK])


async def _compress(client: ImapClient) -> None:
    """Deflate what goes over a network (RFC 4978), where the server can.

    The mail of our benchmarks shrinks to 0.6 (small messages) or 0.74 (with files), for 4 ms of
    processor a megabyte: on this machine itself that only costs. The password has gone before, so
    no length of it is in the stream; TLS itself never compresses here.
    """
    if is_loopback(client.stream.peer_host) or not client.offers("COMPRESS=DEFLATE"):
        return
    with contextlib.suppress(RefusedError):  # some servers offer more than they have
        await client.compress()


def _is_new_inbox(account_id: AccountId, tx: Transaction) -> bool:
    """Whether the Inbox was never looked at, and nothing has to be told before it is."""
    rows = tx.fetch(
        "SELECT 1 FROM mailbox WHERE account_id = ? AND path = 'INBOX' AND uidvalidity IS NOT NULL",
        (account_id,),
    )
    return not rows and not operation.pending(tx, account_id)


def _are_void(
    tx: Transaction, account_id: AccountId | None, path: str, selected: Selected, looked_at: bool
) -> bool:
    rows = tx.fetch(
        "SELECT uidvalidity FROM mailbox WHERE account_id = ? AND path = ?", (account_id, path)
    )
    if rows and selected.uid_validity is None:
        return rows[0][0] is not None or not looked_at
    return bool(rows) and rows[0][0] not in {None, selected.uid_validity}


def _called(account_id: AccountId | None, path: str, tx: Transaction) -> list[Mailbox]:
    rows = tx.fetch("SELECT id FROM mailbox WHERE account_id = ? AND path = ?", (account_id, path))
    return [mailbox.get(tx, row[0]) for row in rows]


def _detach(tx: Transaction, account_id: AccountId | None, path: str) -> None:
    for row in tx.fetch(
        "SELECT id FROM mailbox WHERE account_id = ? AND path = ?", (account_id, path)
    ):
        vanish.void(tx, row[0])


def _may_differ(box: Mailbox, numbers: dict[StatusItem, int], tx: Transaction) -> bool:
    """Whether a mailbox has to be opened: its numbers are not those that are known here."""
    if not numbers or not box.complete or box.highestmodseq is None:
        return True  # without mod-sequences changed flags cannot be told from outside
    if tx.fetch(
        "SELECT 1 FROM placement WHERE mailbox_id = ? AND (gone_cycle IS NOT NULL"
        " OR (wanted = 1 AND uid IS NOT NULL)) LIMIT 1",
        (box.id,),
    ):
        return True
    return (
        numbers.get(StatusItem.UIDVALIDITY) != box.uidvalidity
        or numbers.get(StatusItem.UIDNEXT) != box.uidnext
        or numbers.get(StatusItem.HIGHESTMODSEQ) != box.highestmodseq
        or numbers.get(StatusItem.MESSAGES) != _here(tx, box.id)
    )


def _here(tx: Transaction, mailbox_id: MailboxId) -> int:
    rows = tx.fetch(
        "SELECT count(*) FROM placement WHERE mailbox_id = ? AND uid IS NOT NULL"
        " AND gone_cycle IS NULL",
        (mailbox_id,),
    )
    return int(rows[0][0])


def _box(mailbox_id: MailboxId, tx: Transaction) -> Mailbox:
    return mailbox.get(tx, mailbox_id)


async def _nothing() -> None:
    pass
