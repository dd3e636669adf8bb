"""The outbox of an account: each state of a message is stored before its step is taken.

A message is never sent twice: from the moment its final dot may have been written, only evidence
that the server has it, or a person, moves it on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktopmail.door.interface import DoorError
from desktopmail.door.octets import OctetsLostError
from desktopmail.door.rows import UNSURE_SENDING, Flag, Kind, Role, SendingState
from desktopmail.engine import journal, summary
from desktopmail.engine.backoff import delay_s
from desktopmail.engine.errors import NEEDS_A_PERSON, door_error
from desktopmail.engine.in_hand import SENDING
from desktopmail.engine.store import (
    account as accounts,
)
from desktopmail.engine.store import (
    blob,
    mailbox,
    message,
    operation,
    person,
    placement,
    problem,
    question,
    sending,
)
from desktopmail.engine.store.operation import Arguments
from desktopmail.engine.waiting import wait
from desktopmail.mime import seven_bit
from desktopmail.net.errors import NetError, RefusedError
from desktopmail.net.smtp_delivery import Delivery, SendOptions, SendStep
from desktopmail.net.smtp_report import AmbiguousSendError
from desktopmail.wire.smtp.mail import Ret
from desktopmail.wire.smtp.rcpt import Notify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from desktopmail.door.ids import AccountId, SendingId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.sending import Sending
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.smtp import SmtpClient
    from desktopmail.net.smtp_report import RecipientResult, SendReport
    from desktopmail.wire.smtp.extensions import Extensions

UNSURE_CHOICES = (
    ("leave", "Leave it: look again later"),
    ("sent", "It arrived: file it as sent"),
    ("again", "Send it again"),
    ("drop", "Forget it"),
)
_WAITING = (SendingState.QUEUED, SendingState.UNSURE)
# A server that files what it submits does so within moments; until then there is nothing to ask.
_EVIDENCE_AFTER_S = 30.0
_RETRY_CAP_S = 3600.0
_OUT_OF_ORDER = 503
_AFTER_A_FULL_DISK_S = 30.0
_CANNOT_BE_READ = "Its octets cannot be read any more: the store is damaged. Write it once more."

_log = logging.getLogger("desktopmail.engine")


class Outbox:
    """Sends what is queued, for as long as `run` runs.

    Args:
        store: Where the states are.
        connector: Makes the connections.
        account_id: Whose outbox it is.
        filed: Called when a copy waits to be put into Sent at the server.
    """

    def __init__(
        self,
        store: Store,
        connector: Connector,
        account_id: AccountId,
        *,
        filed: Callable[[], None],
    ) -> None:
        self._store = store
        self._connector = connector
        self._ports = connector.ports
        self._account_id = account_id
        self._filed = filed
        self._wake = asyncio.Event()
        # Why nothing is tried before a person has done something; None: nothing stops us.
        self._held_by: str | None = None
        # A person may act while a login is under way that fails in the old way.
        self._releases = self._releases_before = 0

    def wake(self) -> None:
        """Look at once whether there is something to send."""
        self._wake.set()

    def release(self) -> None:
        """Go on: a person has done something about the login that was refused."""
        self._held_by = None
        self._releases += 1
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, and wait for the next."""
        while True:
            self._wake.clear()
            try:
                wait_s = await self.send_due()
            except DoorError as error:  # the store cannot be written: nothing goes out unrecorded
                _log.warning("the outbox waits: %s", error.sentence)
                wait_s = _AFTER_A_FULL_DISK_S
            await wait(self._wake, self._ports.clock, wait_s)

    async def send_due(self) -> float | None:
        """Send everything that is due; returns the seconds until the next is, or None."""
        self._releases_before = self._releases
        account = await self._store.read(lambda tx: accounts.get(tx, self._account_id))
        await self._follow_clock()
        await self._begin_again()
        await self._resolve_unsure(account)
        due = deque([one for one in await self._queued() if self._due_s(one) <= 0])
        # One login that is refused is enough: each further one might lock the account.
        while due and self._held_by is None:
            await self._deliver(account, due)
        waits = [self._due_s(one) for one in await self._queued()]
        if self._held_by is not None:
            waits = [due_s for due_s in waits if due_s > 0]
            if due:
                await self._store.write(partial(sending.explain, tuple(due), self._held_by))
        if await self._in_states(SendingState.UNSURE):
            waits.append(_EVIDENCE_AFTER_S)
        return max(0.1, min(waits)) if waits else None

    async def _follow_clock(self) -> None:
        """See that nothing waits for a time that was meant by a clock since set back."""
        now_s = self._now_s()
        waiting = await self._in_states(*_WAITING)
        if any(one.changed_s > now_s for one in waiting):
            await self._store.write(
                lambda tx: sending.follow_clock(tx, self._account_id, now_s, _WAITING)
            )

    async def _begin_again(self) -> None:
        """Queue what an earlier run of this outbox left half way: its final dot was not written.

        That run was ended in the middle of a connection, by going offline or by a full disk.
        """
        for one in await self._in_states(*sending.IN_FLIGHT):
            await self._set(one.id, SendingState.QUEUED)

    async def _queued(self) -> list[Sending]:
        return await self._in_states(SendingState.QUEUED)

    async def _in_states(self, *states: SendingState) -> list[Sending]:
        return await self._store.read(lambda tx: sending.in_states(tx, self._account_id, states))

    def _due_s(self, one: Sending) -> float:
        return max(one.not_before_s, one.retry_s) - self._now_s()

    def _now_s(self) -> float:
        return self._ports.clock.now().timestamp()

    # Messages on one connection

    async def _deliver(self, account: Account, due: deque[Sending]) -> None:
        """Send what is due, for as long as one connection takes it; at least the first."""
        first = await self._next(due)
        if first is None:
            return
        try:
            client = await self._connector.smtp(account)
        except (NetError, DoorError) as error:
            await self._failed(first[0], error)
            return
        try:
            await self._learn_offer(client, account)
            await self._send_all(client, first, due)
        except BaseException:
            await client.aclose()  # going offline waits for nobody's goodbye
            raise
        await client.quit()

    async def _learn_offer(self, client: SmtpClient, account: Account) -> None:
        """Remember what decides how the next message is encoded, where it is news."""
        offer = tuple(word for word in ("8BITMIME", "SMTPUTF8") if word in client.extensions)
        if offer == account.learned.submission:
            return

        def step(tx: Transaction) -> None:
            learned = accounts.get(tx, account.id).learned
            accounts.learn(tx, account.id, replace(learned, submission=offer))
            tx.touch_accounts()

        await self._store.write(step)

    async def _next(self, due: deque[Sending]) -> tuple[Sending, bytes] | None:
        """Begin the next one that was not taken back in the meantime; with its octets."""
        while due:
            one = due.popleft()
            octets = await self._begin(one)
            if octets is not None:
                return one, octets
        return None

    async def _send_all(
        self, client: SmtpClient, first: tuple[Sending, bytes], due: deque[Sending]
    ) -> None:
        taken: dict[Delivery, Sending] = {}

        async def deliveries() -> AsyncIterator[Delivery]:
            following: tuple[Sending, bytes] | None = first
            while following is not None:
                one, octets = following
                delivery = await self._delivery(one, octets, client.extensions)
                taken[delivery] = one
                with self._store.guard.hold(SENDING, one.id):
                    yield delivery
                following = await self._next(due)

        async for delivery, outcome in client.send_all(deliveries()):
            await self._end(taken.pop(delivery), outcome)

    # One message

    async def _delivery(self, one: Sending, octets: bytes, offered: Extensions) -> Delivery:
        if "8BITMIME" not in offered and not octets.isascii():
            # It was written for a server that took it, or elsewhere. What cannot be converted goes
            # as it is: nearly every server takes it, and a signature stays whole.
            converted = await self._ports.executor.run(seven_bit.convert, octets)
            octets = converted or octets

        refused: list[RecipientResult] = []

        async def on_state(step: SendStep) -> None:
            if step is SendStep.DATA:
                await self._set(one.id, SendingState.TRANSMITTING)
            elif step is SendStep.FINAL_DOT:
                await self._leave_unsure(one, refused)

        return Delivery(one.sender, one.recipients, octets, _options(one), on_state, refused.extend)

    async def _end(self, one: Sending, outcome: SendReport | NetError) -> None:
        match outcome:
            case AmbiguousSendError():
                await self._leave_unsure(one, outcome.settled, outcome.sentence)
            case RefusedError():
                await self._give_up(one, outcome.sentence)
            case NetError():
                # No final dot was written, so nothing can have been delivered.
                await self._failed(one, outcome)
            case _:
                await self._settle(one, outcome)

    async def _leave_unsure(
        self, one: Sending, settled: Sequence[RecipientResult], problem: str | None = None
    ) -> None:
        """Keep what was said of some recipients before nobody knew any more about the others."""
        got_it = {result.recipient for result in settled if result.accepted}
        said = {result.recipient: result.reply for result in settled if not result.accepted}
        left = tuple(
            address
            for address in one.recipients
            if address not in got_it and (address not in said or said[address].temporary)
        )
        refused = _refused_for_good(one) | {address: str(reply) for address, reply in said.items()}

        def step(tx: Transaction) -> None:
            if settled:
                sending.set_results(tx, one.id, left, refused)
            sending.set_state(tx, one.id, SendingState.UNSURE, self._now_s(), problem=problem)

        await self._store.write(step)

    async def _begin(self, one: Sending) -> bytes | None:
        """Have it be on its way; None where it was taken back, or cannot be read any more."""

        def step(tx: Transaction) -> bytes | None:
            row = tx.fetch_one("SELECT state FROM sending WHERE id = ?", (one.id,))
            if row is None or row[0] != SendingState.QUEUED.value:
                return None
            try:
                octets = blob.read(tx, one.blob_id)
            except OctetsLostError as error:
                _log.error("message %d of the outbox is not sent: %s", one.id, error)
                sending.set_state(
                    tx, one.id, SendingState.FAILED, self._now_s(), problem=_CANNOT_BE_READ
                )
                return None
            sending.set_state(tx, one.id, SendingState.CONNECTING, self._now_s(), tried=True)
            return octets

        return await self._store.write(step)

    async def _set(self, sending_id: SendingId, state: SendingState) -> None:
        await self._store.write(lambda tx: sending.set_state(tx, sending_id, state, self._now_s()))

    async def _settle(self, one: Sending, report: SendReport) -> None:
        """Part the recipients: taken, refused for good, and to be tried again."""
        refused = _refused_for_good(one)
        remaining = []
        # The others go with the next transaction, at once (RFC 5321 section 4.5.3.1.10).
        full = report.accepted
        for result in report.refused:
            # "503 MAIL comes first" only follows from what refused the message as a whole, and one
            # whose RCPT was taken was refused with it.
            follows = result.reply.positive or (
                result.reply.code == _OUT_OF_ORDER and not report.accepted
            )
            said = report.reply if follows else result.reply
            too_many = report.accepted and said.too_many_recipients
            if said.temporary or too_many:
                remaining.append(result.recipient)
                full = full and too_many
            else:
                refused[result.recipient] = str(said)

        def step(tx: Transaction) -> None:
            sending.set_results(tx, one.id, tuple(remaining), refused)
            problem.settle(tx, one.account_id, "smtp")  # it answers: what kept us off is over
            if report.accepted:
                accept(tx, one, self._now_s(), whole=not remaining)
            if remaining:
                retry_s = self._now_s()
                if not full:
                    retry_s += self._retry_in_s(one)
                sending.set_state(
                    tx, one.id, SendingState.QUEUED, self._now_s(),
                    problem=f"The server said: {report.reply}", retry_s=retry_s,
                )  # fmt: skip
            elif refused and not report.accepted:
                sending.set_state(
                    tx, one.id, SendingState.FAILED, self._now_s(), problem=_refusal(refused)
                )
            elif refused:
                _report_refused(tx, one, refused, self._now_s())

        await self._store.write(step)
        self._filed()

    def _retry_in_s(self, one: Sending) -> float:
        return delay_s(one.tries + 1, self._ports.entropy, first_s=30.0, cap_s=_RETRY_CAP_S)

    async def _failed(self, one: Sending, error: NetError | DoorError) -> None:
        """Keep it queued: what failed may work the next time, and nothing was delivered.

        Where a person has to do something first, everything waits for that.
        """
        known = door_error(error) if isinstance(error, NetError) else error
        needs_a_person = known.code in NEEDS_A_PERSON
        is_held = needs_a_person and self._releases == self._releases_before
        self._held_by = known.sentence if is_held else None

        def step(tx: Transaction) -> None:
            retry_s = 0.0 if needs_a_person else self._now_s() + self._retry_in_s(one)
            sending.set_state(
                tx, one.id, SendingState.QUEUED, self._now_s(),
                problem=known.sentence, retry_s=retry_s,
            )  # fmt: skip
            problem.report(
                tx, one.account_id, "smtp", known.sentence, known.remedy, self._now_s(),
                code=known.code,
            )  # fmt: skip

        await self._store.write(step)

    async def _give_up(self, one: Sending, why: str) -> None:
        def step(tx: Transaction) -> None:
            problem.settle(tx, one.account_id, "smtp")
            sending.set_state(tx, one.id, SendingState.FAILED, self._now_s(), problem=why)

        await self._store.write(step)

    # After the server took it

    async def _resolve_unsure(self, account: Account) -> None:
        """Look for evidence that the server has what it did not acknowledge; else ask."""
        for one in await self._in_states(SendingState.UNSURE):
            await self._store.write(partial(self._resolve, account, one))
        self._filed()

    def _resolve(self, account: Account, one: Sending, tx: Transaction) -> None:
        if _came_from_a_server(tx, one) or _was_reported(tx, one):
            _arrived(tx, one, self._now_s())
            return
        if self._now_s() - one.changed_s < _EVIDENCE_AFTER_S:
            return
        subject = one.subject or "a message without subject"
        question.ask(
            tx,
            UNSURE_SENDING,
            f"“{subject}” waited to be sent when this copy of the mail was made. Did it arrive?"
            if one.problem == sending.COPIED
            else f"The connection to {account.outgoing.host} ended before it said whether it took"
            f" “{subject}”. Did it arrive?",
            UNSURE_CHOICES,
            account_id=one.account_id,
            subject_id=one.id,
            asked_s=self._now_s(),
        )


def accept(tx: Transaction, one: Sending, now_s: float, *, whole: bool) -> None:
    """File the copy and tidy up, in the step that stores the acceptance.

    The copy in Sent stands here at once; for IMAP an operation brings it to the server, and the
    sending is done when that is proved. One that goes on to other recipients is filed once.
    """
    account = accounts.get(tx, one.account_id)
    if not tx.fetch("SELECT 1 FROM sending WHERE id = ? AND filed = 1", (one.id,)):
        if one.sender:
            file_copy(tx, account, one, now_s)
        else:  # a receipt is no letter: nobody looks for it among those
            tx.execute("UPDATE sending SET filed = 1 WHERE id = ?", (one.id,))
        _mark_answered(tx, one)
    if whole:
        filing = operation.files(tx, one.id)
        state = SendingState.FILING if filing else SendingState.DONE
        sending.set_state(tx, one.id, state, now_s)
    question.settle(tx, UNSURE_SENDING, one.id)


def _arrived(tx: Transaction, one: Sending, now_s: float) -> None:
    """The server has what it did not acknowledge; not for those that it had refused before."""
    put_off = tuple(address for address in one.recipients if address in one.refused)
    refused = _refused_for_good(one)
    accept(tx, one, now_s, whole=not put_off)
    if put_off:
        sending.set_results(tx, one.id, put_off, refused)
        sending.set_state(tx, one.id, SendingState.QUEUED, now_s)
    elif refused:
        _report_refused(tx, one, refused, now_s)


def decide(tx: Transaction, sending_id: SendingId, choice: str, now_s: float) -> None:
    """Do what a person decided about an unsure message; needs no connection."""
    one = sending.get(tx, sending_id)
    if one.state is not SendingState.UNSURE:
        return
    match choice:
        case "sent":
            _arrived(tx, one, now_s)
        case "again":
            sending.set_state(tx, one.id, SendingState.QUEUED, now_s)
        case "drop":
            sending.remove(tx, one.id)
            blob.drop_unnamed(tx, [one.blob_id])
        case _:
            sending.set_state(tx, one.id, SendingState.UNSURE, now_s, problem=one.problem)


def _options(one: Sending) -> SendOptions:
    """What is to be reported of a message; a server without DSN is not asked (RFC 3461)."""
    wish = one.report
    if not wish.notify and wish.whole is None:
        return SendOptions()
    return SendOptions(
        ret=None if wish.whole is None else Ret.FULL if wish.whole else Ret.HEADERS,
        envid=one.envelope_id,
        notify=frozenset(Notify[name.upper()] for name in wish.notify) or None,
    )


def file_copy(tx: Transaction, account: Account, one: Sending, now_s: float) -> None:
    """Put a sent message into Sent; for IMAP, have it brought to the server too."""
    target = mailbox.find_role(tx, account.id, Role.SENT)
    if target is None:
        target = mailbox.get(tx, mailbox.add(tx, account.id, "Sent", role=Role.SENT, local=True))
    octets = blob.read(tx, one.blob_id)
    row = summary.of_message(octets)
    kept = message.keep(tx, row, blob_id=one.blob_id, size=len(octets), arrived_s=int(now_s))
    made = placement.add(tx, target.id, kept, uid=None, flags=Flag.SEEN, arrived_s=int(now_s))
    person.count(tx, [row], sent=True)
    placement.touch(tx, [made])
    tx.execute("UPDATE sending SET filed = 1 WHERE id = ?", (one.id,))
    if account.kind is not Kind.IMAP or target.local:
        return
    filing = operation.add(
        tx,
        account.id,
        "append",
        Arguments(target=target.id, sending=one.id),
        f"File “{one.subject}” in {target.path}",
    )
    operation.add_targets(tx, filing, [(made, Flag.SEEN, None)])


def _mark_answered(tx: Transaction, one: Sending) -> None:
    answers = sending.get(tx, one.id).answers  # it may have been moved while this was on its way
    if answers is not None and placement.get(tx, [answers]):  # else it was deleted
        flag = Flag.FORWARDED if one.forwards else Flag.ANSWERED
        journal.store_flags(tx, [answers], add=flag)
    if one.draft is not None:
        journal.expunge(tx, [one.draft], label="Remove the sent draft")


def _came_from_a_server(tx: Transaction, one: Sending) -> bool:
    """Whether a message with this Message-ID was fetched from a server, any of ours.

    Where we filed one of this name ourselves (it was accepted for other recipients before, or sent
    twice on purpose), finding it proves nothing; neither does a draft, wherever it was moved, nor
    what came before it was to be sent: that is the one that is sent on.
    """
    if not one.message_id or tx.fetch(
        "SELECT 1 FROM sending WHERE message_id = ? AND filed = 1", (one.message_id,)
    ):
        return False
    return bool(
        tx.fetch(
            "SELECT 1 FROM message AS m WHERE m.message_id = ?1 AND ("
            " EXISTS (SELECT 1 FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
            "  WHERE p.message_id = m.id AND p.uid IS NOT NULL AND p.flags & 16 = 0"
            "  AND p.arrived_s >= ?2 AND b.role <> 'drafts')"
            " OR EXISTS (SELECT 1 FROM pop_seen AS s WHERE s.message_id = m.id"
            "  AND s.first_seen_s >= ?2))",
            (one.message_id, one.since_s),
        )
    )


def _was_reported(tx: Transaction, one: Sending) -> bool:
    """Whether a report says what became of it for one who may have it, be it that it failed there.

    One end of a message counts for all whom the server took with it. About those who were put off,
    or had it before, a report proves nothing; nor does one of a message that was sent twice on
    purpose: it may be about the other.
    """
    if tx.fetch("SELECT 1 FROM sending WHERE message_id = ? AND id <> ?", (one.message_id, one.id)):
        return False
    told = sending.reported(tx, one.id)
    return any(address.lower() in told for address in one.recipients if address not in one.refused)


def _refused_for_good(one: Sending) -> dict[str, str]:
    return {address: said for address, said in one.refused.items() if address not in one.recipients}


def _report_refused(tx: Transaction, one: Sending, refused: dict[str, str], now_s: float) -> None:
    """Say who does not get a message that the others get."""
    remedy = "Check the address, and send it to them again."
    problem.report(tx, one.account_id, "smtp", _refusal(refused), remedy, now_s)


def _refusal(refused: dict[str, str]) -> str:
    address, said = next(iter(refused.items()))
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return f"The server refused {address}{more}: {said}"
