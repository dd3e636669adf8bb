"""Sending as a person asks for it: into the outbox, once more, or back out of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import SendingState
from desktopmail.engine import quarantine
from desktopmail.engine.in_hand import ACCOUNT, SENDING, Item
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import blob, sending
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from desktopmail.door.commands import ReportWish, SendMessage
    from desktopmail.door.ids import SendingId
    from desktopmail.engine.store.sending import Sending
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.working import Working
    from desktopmail.net.ports import Clock

_WISHES = frozenset({"success", "failure", "delay", "never"})
_WAITING = frozenset({SendingState.FAILED, SendingState.QUEUED})


class Sender:
    """Puts messages into the outbox and has it go on.

    Args:
        store: Where the outbox is.
        working: What sends.
        clock: When it was asked for.
    """

    def __init__(self, store: Store, working: Working, clock: Clock) -> None:
        self._store = store
        self._working = working
        self._clock = clock

    async def send(self, command: SendMessage) -> Outcome:
        """Put a finished message into the outbox.

        Raises:
            DoorError: It has no recipient, or a wish for reports that there is not.
        """
        if not command.recipients:
            raise DoorError(
                "The message has no recipient.", remedy="Name one.", code="no-recipient"
            )
        _refuse_bad_wish(command.report)
        message = Message.parse(command.octets)
        is_aside = self._store.guard.is_aside(ACCOUNT, command.account_id)
        queue = partial(_queue, command, message, self._now_s(), is_aside=is_aside)
        made = await self._store.write(queue)
        self._working.wake_outbox(command.account_id)
        return Outcome(ids=(made,), label=f"“{message.subject}” is on its way")

    async def retry(self, sending_id: SendingId) -> Outcome:
        """Try a failed message again now; nothing is to be done where it is tried, or was sent.

        Raises:
            DoorError: The server may have it; or its account is set aside.
        """
        one = await self._store.read(partial(_get, sending_id))
        if not self._working.is_offline:
            await self._working.need(one.account_id)
        label = await self._store.write(partial(_retry, sending_id, self._now_s()))
        self._working.release_outbox(one.account_id)
        return Outcome(label=label)

    async def cancel(self, sending_id: SendingId) -> Outcome:
        """Take a message back.

        Raises:
            DoorError: The server may have it already.
        """
        subject = await self._store.write(partial(_cancel, sending_id))
        return Outcome(label=f"“{subject}” taken back")

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _get(sending_id: SendingId, tx: Transaction) -> Sending:
    return sending.get(tx, sending_id)


def _queue(
    command: SendMessage, message: Message, now_s: float, tx: Transaction, *, is_aside: bool
) -> SendingId:
    account = accounts.get(tx, command.account_id)
    (blob_id,) = blob.put(tx, [command.octets])
    if command.again:
        queued = sending.last_of(tx, account.id, blob_id)
        if queued is not None:
            return queued
    made = sending.add(
        tx,
        command.account_id,
        message_id=message.message_id or "",
        subject=message.subject,
        sender=command.sender,
        recipients=tuple(dict.fromkeys(command.recipients)),
        blob_id=blob_id,
        now_s=now_s,
        delay_s=command.delay_s,
        draft=command.draft,
        answers=command.answers,
        forwards=command.forwards,
        report=command.report,
    )
    if is_aside:
        quarantine.set_aside(Item(ACCOUNT, str(account.id)), now_s, tx)
    return made


def _retry(sending_id: SendingId, now_s: float, tx: Transaction) -> str:
    one = sending.get(tx, sending_id)
    if one.state is SendingState.UNSURE:
        raise DoorError(
            f"The server may have “{one.subject}” already: it cannot be tried again now.",
            remedy="You are asked what to do if that stays so.",
            code="wrong-state",
        )
    if one.state in _WAITING:
        if not one.recipients:  # the server refused all of them
            sending.set_results(tx, one.id, tuple(one.refused), {})
        sending.set_state(tx, one.id, SendingState.QUEUED, now_s)
        quarantine.settle(tx, Item(SENDING, str(one.id)))
    # An engine that was started for this tries what waits before it is told to.
    is_sent = one.state not in {*_WAITING, *sending.IN_FLIGHT}
    return f"“{one.subject}” was sent" if is_sent else ""


def _cancel(sending_id: SendingId, tx: Transaction) -> str:
    one = sending.get(tx, sending_id)
    if one.state not in _WAITING:
        raise DoorError(
            f"“{one.subject}” cannot be taken back: the server may have it already.",
            code="too-late",
        )
    sending.remove(tx, one.id)
    quarantine.settle(tx, Item(SENDING, str(one.id)))
    blob.drop_unnamed(tx, [one.blob_id])
    return one.subject


def _refuse_bad_wish(wish: ReportWish) -> None:
    wanted = set(wish.notify)
    if wanted - _WISHES or ("never" in wanted and len(wanted) > 1):
        raise DoorError(
            f"{', '.join(wish.notify)} cannot be reported: there are success, failure and delay,"
            " or never alone.",
            code="bad-report",
        )
