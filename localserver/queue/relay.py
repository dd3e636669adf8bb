"""The queue that delivers: takes mail for elsewhere, tries, tries again, warns, and reports."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.mail import Ret
from desktopmail.wire.smtp.rcpt import Notify
from localserver.queue.attempt import Outcome
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.queue.report import Action, Fate, make_report
from localserver.queue.route import Hop, NoRouteError, hops
from localserver.queue.schedule import Schedule
from localserver.queue.table import Later
from localserver.smtp.trace import return_path
from localserver.store.errors import StoreError
from localserver.store.interface import Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from localserver.context import ServerContext
    from localserver.queue.attempt import Attempts
    from localserver.queue.interface import QueueItem
    from localserver.queue.route import Resolver
    from localserver.queue.table import Due, Queued, QueueTable
    from localserver.store.database import Database

_RECEIVED = re.compile(rb"^Received:", re.MULTILINE | re.IGNORECASE)
_MOST_HOPS: Final = 100  # RFC 5321 section 6.3: "at least 100"
_AT_ONCE: Final = 8
_LONGEST_SLEEP_S: Final = 60.0


class RelayQueue:
    """An `Outbound` and `QueueAdmin` that delivers.

    Args:
        context: The server, for its users, store, clock and entropy.
        database: Holds the queue.
        table: Reads and writes it.
        attempts: Connects.
        resolver: Finds the servers of a domain.
        smarthost: Takes everything, when there is one.
        schedule: When to try.
    """

    def __init__(
        self,
        context: ServerContext,
        database: Database,
        table: QueueTable,
        attempts: Attempts,
        resolver: Resolver,
        *,
        smarthost: Hop | None = None,
        schedule: Schedule | None = None,
    ) -> None:
        self._context = context
        self._database = database
        self._table = table
        self._attempts = attempts
        self._resolver = resolver
        self._smarthost = smarthost
        self._schedule = schedule or Schedule()
        self._wake = asyncio.Event()
        self._idle = asyncio.Lock()
        self._closed = False

    # -- Outbound

    async def submit(self, message: Outgoing) -> None:
        """Keep a message, and wake the worker."""
        await self._add(message)

    async def aclose(self) -> None:
        """Let the round under way end; the rest waits on the disk."""
        self._closed = True
        self._wake.set()
        async with self._idle:
            await self._database.aclose()

    # -- QueueAdmin

    def waiting(self) -> list[QueueItem]:
        """Return everything that waits, oldest first."""
        return self._table.waiting()

    def octets(self, message: int) -> bytes | None:
        """Return a waiting message, None when there is none of that number."""
        due = self._table.load(message, self._context.ports.clock.now())
        return None if due is None else due.message.octets

    async def retry(self, message: int | None = None) -> int:
        """Make one message, or all, due now."""
        count = await self._table.make_due(message, self._context.ports.clock.now())
        self._changed(message)
        self._wake.set()
        return count

    async def release(self, message: int) -> int:
        """Let a held message go."""
        now = self._context.ports.clock.now()
        count = await self._table.make_due(message, now, release=True)
        self._changed(message)
        self._wake.set()
        return count

    async def drop(self, message: int, *, bounce: bool = False) -> int:
        """Remove a message, with or without a report to its sender."""
        if bounce:
            due = self._table.load(message, self._context.ports.clock.now())
            if due is not None:
                outcome = Outcome("5.7.1", "The administrator removed it from the queue.")
                fates = [
                    self._fate(each, outcome, Action.FAILED, due)
                    for each in due.recipients
                    if _wants(each, Notify.FAILURE)
                ]
                await self._report(due, fates)
        count = await self._table.drop(message)
        self._changed(message)
        return count

    # -- the worker

    async def work(self) -> None:
        """Deliver what is due, sleep until more is, until the queue is closed."""
        while not self._closed:
            self._wake.clear()
            await self.run_due()
            try:
                async with asyncio.timeout(self._pause_s()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def run_due(self) -> int:
        """Deliver what is due now; returns how many messages were tried."""
        async with self._idle:
            if self._closed:
                return 0
            batch = self._table.due(self._context.ports.clock.now())
            gate = asyncio.Semaphore(_AT_ONCE)

            async def one(due: Due) -> None:
                async with gate:
                    await self._deliver(due)

            async with asyncio.TaskGroup() as group:
                for due in batch:
                    group.create_task(one(due))
            return len(batch)

    def _pause_s(self) -> float:
        following = self._table.next_try()
        if following is None:
            return _LONGEST_SLEEP_S
        wait_s = (following - self._context.ports.clock.now()).total_seconds()
        return min(max(wait_s, 0.05), _LONGEST_SLEEP_S)

    async def _deliver(self, due: Due) -> None:
        outcomes: dict[int, Outcome] = {}
        if len(_RECEIVED.findall(due.message.octets, 0, 65536)) > _MOST_HOPS:
            loop = Outcome("5.4.6", "The message travels in a circle.")
            outcomes = {each.position: loop for each in due.recipients}
        else:
            for domain, recipients in _by_domain(due.recipients, self._smarthost).items():
                outcomes |= await self._try(due, domain, recipients)
        await self._settle(due, outcomes)

    async def _try(self, due: Due, domain: str, recipients: Sequence[Queued]) -> dict[int, Outcome]:
        try:
            route = [self._smarthost] if self._smarthost else await hops(domain, self._resolver)
        except NoRouteError as error:
            return {each.position: Outcome(error.status, str(error)) for each in recipients}
        return await self._attempts.send(due.message, recipients, route)

    # -- what follows

    async def _settle(self, due: Due, outcomes: dict[int, Outcome]) -> None:
        now = self._context.ports.clock.now()
        hopeless = self._schedule.is_hopeless(due.arrived, now)
        late = self._schedule.is_late(due.arrived, now)
        done: list[int] = []
        later: list[Later] = []
        fates: list[Fate] = []
        for each in due.recipients:
            outcome = outcomes[each.position]
            if outcome.delivered:
                done.append(each.position)
                if not outcome.reports and _wants(each, Notify.SUCCESS):
                    fates.append(self._fate(each, outcome, Action.RELAYED, due))
            elif outcome.hopeless or hopeless:
                done.append(each.position)
                if _wants(each, Notify.FAILURE):
                    fates.append(self._fate(each, outcome, Action.FAILED, due))
            else:
                warn = late and not each.warned
                if warn and _wants(each, Notify.DELAY):
                    fates.append(self._fate(each, outcome, Action.DELAYED, due))
                next_try = self._schedule.next_try(each.tries + 1, now)
                later.append(Later(each.position, next_try, outcome.text, each.warned or warn))
        # The report first: after a crash between the two it is sent twice, never not at all.
        await self._report(due, fates)
        await self._table.settle(due.id, done, later)
        self._changed(due.id)

    def _fate(self, each: Queued, outcome: Outcome, action: Action, due: Due) -> Fate:
        return Fate(
            each.recipient.address,
            action,
            # What was temporary each time is permanent for whoever reads the report.
            "5" + outcome.status[1:] if action is Action.FAILED else outcome.status,
            each.recipient.orcpt,
            outcome.host,
            outcome.text,
            self._schedule.gives_up_at(due.arrived) if action is Action.DELAYED else None,
        )

    async def _report(self, due: Due, fates: Sequence[Fate]) -> None:
        sender = due.message.sender
        context = self._context
        if not fates:
            return
        if not sender:
            # A report that cannot be delivered is not reported: bounces never loop (RFC 3464 §2).
            for fate in fates:
                context.log.warning("A report for %s was lost: %s", fate.recipient, fate.diagnostic)
            return
        report = make_report(
            fates,
            sender=sender,
            reporter=context.config.domain,
            original=due.message.octets,
            # RFC 8689 section 5: no more of such a message than its header goes back.
            full=due.message.ret is not Ret.HEADERS and not due.message.requiretls,
            most_octets=context.config.max_message_octets,
            envid=due.message.envid,
            date=context.ports.clock.now(),
            token=context.ports.entropy.token(12),
            arrived=due.arrived,
            tls_optional=due.message.tls_optional,
        )
        for user in context.users.resolve(sender):
            try:
                octets = return_path(None) + report
                await context.store.deliver(
                    [Delivery(user.name, octets, sender="", recipient=sender)]
                )
            except StoreError as error:
                context.log.warning("A report for %s could not be stored: %s", user.name, error)
        if not context.users.is_local(sender):
            identifier = context.ports.entropy.token(9).hex()
            bounced = OutgoingRecipient(sender)
            await self._add(
                Outgoing(
                    identifier, "", (bounced,), report,
                    smtputf8=not sender.isascii(), requiretls=due.message.requiretls,
                )
            )  # fmt: skip

    async def _add(self, message: Outgoing) -> None:
        number = await self._table.add(message, self._context.ports.clock.now())
        self._changed(number)
        self._wake.set()

    def _changed(self, message: int | None) -> None:
        self._context.changes.tell("queue", id=message)


def _by_domain(recipients: Sequence[Queued], smarthost: Hop | None) -> dict[str, list[Queued]]:
    groups: dict[str, list[Queued]] = {}
    for each in recipients:
        domain = "" if smarthost else each.recipient.address.rpartition("@")[2].lower()
        groups.setdefault(domain, []).append(each)
    return groups


def _wants(each: Queued, what: Notify) -> bool:
    notify = each.recipient.notify
    if notify is None:
        # Without NOTIFY: failures are reported, and delays may be (RFC 3461 section 4.1).
        return what is not Notify.SUCCESS
    return what in notify
