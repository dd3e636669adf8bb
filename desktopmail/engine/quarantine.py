"""Three deaths of the engine within a minute: what it died of is set aside, a person is asked."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from desktopmail import whole_file
from desktopmail.door.attach import DEATHS_WITHIN_S, MAX_DEATHS
from desktopmail.door.ids import AccountId, OperationId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, SendingState
from desktopmail.engine import undo
from desktopmail.engine.guard import ASIDE_FIELD
from desktopmail.engine.in_hand import ACCOUNT, KINDS, MESSAGE, OPERATION, SENDING, Item
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import (
    aside,
    blob,
    mailbox,
    operation,
    placement,
    question,
    sending,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.question import Question
    from desktopmail.engine.store.store import Store, Transaction

QUESTION = "quarantine"
#: What a door is told that asks for the work of an account that is set aside.
CODE = "set-aside"
RETRY, LEAVE, DISCARD = "retry", "leave", "discard"
_WHY = "The program ended three times within a minute at this."

_log = logging.getLogger("desktopmail.engine")


class Death(msgspec.Struct, frozen=True):
    """A sudden end of the engine.

    Attributes:
        at_s: When the next one noticed.
        crashed: By a fault of the process itself, not by somebody who killed it.
        items: What it had in hand.
    """

    at_s: float
    crashed: bool
    items: tuple[Item, ...] = ()


def suspects(deaths: Sequence[Death]) -> list[Item]:
    """What the last deaths have in common: the most particular of it.

    Who kills the engine from outside does not tell of an account or an operation: those were in
    hand because something always is. A message is in hand for so short a time that it counts.
    """
    if len(deaths) < MAX_DEATHS:
        return []
    blamed = [
        {item for item in death.items if death.crashed or item.kind == MESSAGE}
        for death in deaths[-MAX_DEATHS:]
    ]
    common = set.intersection(*blamed)
    for kind in KINDS:
        found = [item for item in deaths[-1].items if item in common and item.kind == kind]
        if found:
            return found
    return []


class Quarantine:
    """Notes deaths, and sets aside what they have in common.

    Args:
        store: Of the profile; its guard keeps off what is set aside.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._profile = store.profile

    async def begin(self, now_s: float, *, deaths_seen: int = 0) -> None:
        """Look how the engine before ended, before any work begins.

        Args:
            now_s: The time.
            deaths_seen: How many deaths whoever started us has seen within a minute.

        Raises:
            DoorError: So many deaths as are too many, and nothing that they have in common.
        """
        crash = _take(self._profile.crash)
        deaths = _load(self._profile.deaths)
        if self._store.guard.left or crash:
            if crash:
                _log.error("the engine before this one crashed:\n%s", crash)
            deaths.append(Death(now_s, bool(crash), self._store.guard.left))
        deaths = [one for one in deaths if now_s - one.at_s < DEATHS_WITHIN_S][-MAX_DEATHS:]
        found = suspects(deaths)
        for item in found:
            _log.error("set aside after %d deaths: %s %s", MAX_DEATHS, item.kind, item.key)
            await self._store.write(partial(set_aside, item, now_s))
        _save(self._profile.deaths, [] if found else deaths)
        await self._sweep()
        await self.reload()
        if deaths_seen >= MAX_DEATHS and not found:
            raise DoorError(
                f"The engine ended by itself {MAX_DEATHS} times within a minute, and is not"
                " started again for now.",
                remedy=f"Look into {self._profile.log}, and try again in a minute.",
                code="engine-dies",
            )

    async def _sweep(self) -> None:
        """Remove what was kept of messages that nothing stands in for any more."""
        kept = list(self._profile.aside.glob("*.eml"))
        if not kept:
            return
        keys = await self._store.read(_stand_ins)
        for path in kept:
            if path.stem not in keys:
                path.unlink()

    async def reload(self) -> None:
        """Have the guard keep off what is set aside now."""
        self._store.guard.aside = frozenset(await self._store.read(aside.every))


def _stand_ins(tx: Transaction) -> set[str]:
    """The keys of the messages that something stands in for."""
    rows = tx.fetch(
        "SELECT header FROM message WHERE blob_id IS NULL AND instr(header, ?) > 0",
        (f"{ASIDE_FIELD}: ".encode(),),
    )
    return {_value_of(bytes(row[0])) for row in rows}


def _value_of(header: bytes) -> str:
    value = header.partition(f"{ASIDE_FIELD}: ".encode())[2].partition(b"\r\n")[0]
    return value.decode("latin-1")  # whoever wrote a message may have put such a field into it


def set_aside(item: Item, now_s: float, tx: Transaction) -> None:
    """Keep the engine off something, and ask what is to become of it.

    Of what is set aside already it is asked again, where somebody said to leave it.
    """
    what = {
        MESSAGE: _set_message,
        OPERATION: _set_operation,
        SENDING: _set_sending,
        ACCOUNT: _set_account,
    }[item.kind](tx, item, now_s)
    if what is None:
        return  # it is done, or gone
    text, account_id, last = what
    question.ask(
        tx,
        QUESTION,
        f"The program ended three times within a minute {text}. It is left alone for now.",
        ((RETRY, "Try again"), last),
        account_id=account_id,
        subject_id=aside.add(tx, item),
        asked_s=now_s,
    )


_What = tuple[str, AccountId | None, tuple[str, str]]


def _set_message(_tx: Transaction, _item: Item, _now_s: float) -> _What:
    return "while it read a message", None, (LEAVE, "Leave it aside")


def _set_operation(tx: Transaction, item: Item, _now_s: float) -> _What | None:
    first = None
    for operation_id in _operations(tx, item):
        operation.set_state(tx, operation_id, "failed", problem=_WHY)
        first = first or operation.get(tx, operation_id)
    if first is None:
        return None
    return f"while it told a server: {first.label}", first.account_id, (DISCARD, "Discard it")


def _set_sending(tx: Transaction, item: Item, now_s: float) -> _What | None:
    rows = tx.fetch("SELECT subject, state, account_id FROM sending WHERE id = ?", (item.key,))
    if not rows or rows[0][1] != SendingState.QUEUED.value:
        return None  # sent, or unsure: that is asked about already
    sending.set_state(tx, SendingId(int(item.key)), SendingState.FAILED, now_s, problem=_WHY)
    return f"while it sent “{rows[0][0]}”", rows[0][2], (DISCARD, "Discard it")


def _set_account(tx: Transaction, item: Item, _now_s: float) -> _What | None:
    if not tx.fetch("SELECT 1 FROM account WHERE id = ?", (item.key,)):
        return None
    account = accounts.get(tx, AccountId(int(item.key)))
    accounts.set_state(tx, account.id, ConnectionState.FAILED, problem=_WHY)
    waiting = sending.in_states(tx, account.id, (SendingState.QUEUED,))
    sending.explain(waiting, why_aside(account), tx)
    return f"while it worked for {account.name}", account.id, (LEAVE, "Leave it aside")


def why_aside(account: Account) -> str:
    """Why nothing is done for an account that is set aside."""
    return (
        f"{account.name} is left alone for now: the program ended three times within a minute while"
        " it worked for it."
    )


def settle(tx: Transaction, item: Item) -> None:
    """Take a question back: a person has decided about this elsewhere."""
    number = aside.number(tx, item)
    if number is not None:
        aside.take_back(tx, item)
        question.settle(tx, QUESTION, number)


def decide(tx: Transaction, asked: Question, choice: str, now_s: float) -> None:
    """Do what a person decided about something that is set aside."""
    item = aside.get(tx, asked.subject_id or 0)
    if item is None or choice == LEAVE:
        return
    aside.take_back(tx, item)
    match item.kind:
        case "message":
            _fetch_again(tx, item, now_s)
        case "operation":
            for operation_id in _operations(tx, item):
                one = operation.get(tx, operation_id)
                if one is None or one.state != "failed":
                    continue  # somebody tried it again meanwhile
                if choice == RETRY:
                    operation.set_state(tx, operation_id, "pending")
                else:
                    undo.revert(tx, one)
        case "sending":
            # What was tried again from the outbox meanwhile may have been sent.
            rows = tx.fetch(
                "SELECT blob_id FROM sending WHERE id = ? AND state = 'failed'", (item.key,)
            )
            if choice == RETRY and rows:
                sending_id = SendingId(int(item.key))
                sending.set_state(tx, sending_id, SendingState.QUEUED, now_s)
            elif rows:
                sending.remove(tx, SendingId(int(item.key)))
                blob.drop_unnamed(tx, [rows[0][0]])
        case _:
            pass  # its work begins as soon as the guard lets it


def _fetch_again(tx: Transaction, item: Item, now_s: float) -> None:
    """Forget what stands in for a message, and have octets fetched that were left for it."""
    rows = tx.fetch(
        "SELECT id FROM message WHERE blob_id IS NULL AND instr(header, ?) > 0",
        (f"{ASIDE_FIELD}: {item.key}\r\n".encode(),),
    )
    for row in rows:
        places = tx.fetch("SELECT id, mailbox_id FROM placement WHERE message_id = ?", (row[0],))
        tx.execute("DELETE FROM pop_seen WHERE message_id = ?", (row[0],))
        for place, mailbox_id in places:
            tx.execute("UPDATE mailbox SET complete = 0 WHERE id = ?", (mailbox_id,))
            placement.remove(tx, [place])
    for account in accounts.every(tx):
        mailbox.release(tx, account.id, now_s)


def _operations(tx: Transaction, item: Item) -> list[OperationId]:
    """The operations of a group that was told together: "FIRST-LAST"."""
    first, _, last = item.key.partition("-")
    rows = tx.fetch(
        "SELECT o.id FROM operation AS o JOIN operation AS f ON f.id = ?1"
        " WHERE o.id BETWEEN ?1 AND ?2 AND o.account_id = f.account_id AND o.kind = f.kind"
        " AND o.state <> 'done'",
        (int(first), int(last or first)),
    )
    return [OperationId(row[0]) for row in rows]


def _take(path: Path) -> str:
    """What a crash left to read, once."""
    try:
        text = path.read_text("utf-8", "replace")
        path.write_text("")
    except FileNotFoundError:
        return ""
    return text


def _load(path: Path) -> list[Death]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Death])
    except FileNotFoundError:
        return []
    except msgspec.MsgspecError:
        return []  # cut short by the next death: it begins anew


def _save(path: Path, deaths: Sequence[Death]) -> None:
    if not deaths and not path.exists():
        return
    try:
        whole_file.replace(path, msgspec.json.encode(list(deaths)))
    except OSError as error:
        _log.warning("%s cannot be written: %s", path, error.strerror)
