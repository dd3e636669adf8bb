"""Messages on their way out; each state is stored before its step is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import ReportWish
from desktopmail.door.ids import AccountId, PlacementId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import SendingState
from desktopmail.mime.report import DeliveryReport, ReadReceipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desktopmail.door.sqlite import Fields
    from desktopmail.engine.store.store import Transaction

#: What is said of a message that waits in a copy of the store, and may have been sent since.
COPIED = "It waited to be sent when this copy of the mail was made."
#: States in which the process may die and nobody knows what the server has; see `recover`.
IN_FLIGHT = (SendingState.CONNECTING, SendingState.TRANSMITTING)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on its way out.

    Attributes:
        recipients: Those who have not been sent to yet.
        refused: Address to what the server said of it. One that is still to be sent to was put off:
            it does not have what the others may have.
        changed_s: When its state was stored.
        queued_s: When it was put into the outbox.
        problem: Why it is where it is, as a sentence.
    """

    id: SendingId
    account_id: AccountId
    state: SendingState
    message_id: str
    subject: str
    sender: str
    recipients: tuple[str, ...]
    refused: dict[str, str]
    blob_id: int
    not_before_s: float
    retry_s: float
    tries: int
    draft: PlacementId | None
    answers: PlacementId | None
    forwards: bool
    report: ReportWish
    changed_s: float
    queued_s: float
    problem: str | None

    @property
    def since_s(self) -> float:
        """What a server says arrived before that was there before it was sent."""
        return self.queued_s - CLOCKS_APART_S

    @property
    def envelope_id(self) -> str:
        """What reports call the message (ENVID, RFC 3461 section 4.4): printable ASCII."""
        name = self.message_id if self.message_id.isascii() else ""
        return name[:_MAX_ENVELOPE_ID] or f"sending-{self.id}"


class Told(msgspec.Struct, frozen=True):
    """What a report said of one recipient: an action of RFC 3464, or "read"."""

    state: str
    detail: str


_FINALITY = {"delayed": 0, "relayed": 1, "expanded": 1, "delivered": 2, "failed": 2, "read": 3}
#: Where the clock of a server is slower than ours by more, a person is asked once too often.
CLOCKS_APART_S = 300.0
_COLUMNS = (
    "id, account_id, state, message_id, subject, sender, recipients, refused, blob_id,"
    " not_before_s, retry_s, tries, draft, answers, forwards, report, changed_s, queued_s,"
    " problem"
)
# RFC 3461 section 4.4
_MAX_ENVELOPE_ID = 100


def add(
    tx: Transaction,
    account_id: AccountId,
    *,
    message_id: str,
    subject: str,
    sender: str,
    recipients: tuple[str, ...],
    blob_id: int,
    now_s: float,
    delay_s: float,
    draft: PlacementId | None,
    answers: PlacementId | None,
    forwards: bool,
    report: ReportWish | None = None,
) -> SendingId:
    """Put a message into the outbox."""
    tx.touch_outbox()
    return SendingId(
        tx.insert(
            "INSERT INTO sending (account_id, state, message_id, subject, sender, recipients,"
            " everybody, blob_id, queued_s, not_before_s, changed_s, draft, answers, forwards,"
            " report) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account_id,
                message_id,
                subject,
                sender,
                msgspec.json.encode(recipients).decode(),
                msgspec.json.encode(recipients).decode(),
                blob_id,
                now_s,
                now_s + delay_s,
                now_s,
                draft,
                answers,
                forwards,
                msgspec.json.encode(report or ReportWish()).decode(),
            ),
        )
    )


def last_of(tx: Transaction, account_id: AccountId, blob_id: int) -> SendingId | None:
    """The last sending of these octets from an account, whatever became of it, or None."""
    row = tx.fetch_one(
        "SELECT max(id) FROM sending WHERE account_id = ? AND blob_id = ?", (account_id, blob_id)
    )
    return None if row is None or row[0] is None else SendingId(row[0])


def get(tx: Transaction, sending_id: SendingId) -> Sending:
    """Return one.

    Raises:
        DoorError: It is gone.
    """
    row = tx.fetch_one(f"SELECT {_COLUMNS} FROM sending WHERE id = ?", (sending_id,))
    if row is None:
        raise DoorError(f"There is no message {sending_id} in the outbox.", code="no-sending")
    return _sending(row)


def in_states(
    tx: Transaction, account_id: AccountId, states: tuple[SendingState, ...]
) -> list[Sending]:
    """Those of an account in these states, oldest first."""
    marks = ",".join("?" * len(states))
    rows = tx.fetch(
        f"SELECT {_COLUMNS} FROM sending WHERE account_id = ? AND state IN ({marks}) ORDER BY id",
        (account_id, *(state.value for state in states)),
    )
    return [_sending(row) for row in rows]


def set_state(
    tx: Transaction,
    sending_id: SendingId,
    state: SendingState,
    now_s: float,
    *,
    problem: str | None = None,
    retry_s: float = 0.0,
    tried: bool = False,
) -> None:
    """Store a state before its step is taken."""
    tx.execute(
        "UPDATE sending SET state = ?, problem = ?, retry_s = ?, tries = tries + ?, changed_s = ?"
        " WHERE id = ?",
        (state.value, problem, retry_s, tried, now_s, sending_id),
    )
    tx.touch_outbox()


def explain(waiting: Iterable[Sending], problem: str, tx: Transaction) -> None:
    """Say why nothing is tried of what waits: a person has to do something first."""
    tx.execute_many(
        "UPDATE sending SET problem = ?, retry_s = 0 WHERE id = ? AND state = 'queued'",
        [(problem, one.id) for one in waiting],
    )
    tx.touch_outbox()


def follow_clock(
    tx: Transaction, account_id: AccountId, now_s: float, states: tuple[SendingState, ...]
) -> None:
    """Let what waits for a moment wait no longer than was meant: the clock was set back.

    A state that was stored in the future says by how much; what was to come so long after it comes
    so long after now.
    """
    marks = ",".join("?" * len(states))
    tx.execute(
        "UPDATE sending SET changed_s = ?1, not_before_s = not_before_s - (changed_s - ?1),"
        " retry_s = max(0, retry_s - (changed_s - ?1))"
        f" WHERE account_id = ?2 AND changed_s > ?1 AND state IN ({marks})",
        (now_s, account_id, *(state.value for state in states)),
    )


def follow(tx: Transaction, moved: Mapping[PlacementId, PlacementId]) -> None:
    """Let what waits here answer a message where it stands now."""
    rows = tx.fetch("SELECT id, answers FROM sending WHERE answers IS NOT NULL AND filed = 0")
    tx.execute_many(
        "UPDATE sending SET answers = ? WHERE id = ?",
        [(moved[answers], sending_id) for sending_id, answers in rows if answers in moved],
    )


def set_results(
    tx: Transaction, sending_id: SendingId, remaining: tuple[str, ...], refused: dict[str, str]
) -> None:
    """Store who is still to be sent to, and who was refused."""
    tx.execute(
        "UPDATE sending SET recipients = ?, refused = ? WHERE id = ?",
        (
            msgspec.json.encode(remaining).decode(),
            msgspec.json.encode(refused).decode(),
            sending_id,
        ),
    )


def note_report(tx: Transaction, report: DeliveryReport | ReadReceipt) -> None:
    """Keep what a report says of a message that was sent from here; others are nobody's."""
    names = [report.original_id]
    if isinstance(report, DeliveryReport):
        names.append(report.envelope_id)
        told = {
            (fate.original or fate.address).lower(): Told(
                fate.action, " ".join(filter(None, (fate.status, fate.diagnostic)))
            )
            for fate in report.fates
        }
    elif report.disposition == "displayed":
        told = {report.recipient.lower(): Told("read", "")}
    else:
        return
    for name in dict.fromkeys(filter(None, names)):
        rows = tx.fetch("SELECT id, everybody, results FROM sending WHERE message_id = ?", (name,))
        for sending_id, everybody, results in rows:
            asked = {one.lower() for one in msgspec.json.decode(everybody, type=list[str])}
            known = msgspec.json.decode(results, type=dict[str, Told])
            for address, what in told.items():
                # A report about somebody else is forged, or of a list that sent it on.
                if address in asked and _is_news(known.get(address), what):
                    known[address] = what
            tx.execute(
                "UPDATE sending SET results = ? WHERE id = ?",
                (msgspec.json.encode(known).decode(), sending_id),
            )
            tx.touch_outbox()


def reported(tx: Transaction, sending_id: SendingId) -> dict[str, Told]:
    """What reports said, by recipient in lower case."""
    (row,) = tx.fetch("SELECT results FROM sending WHERE id = ?", (sending_id,))
    return msgspec.json.decode(row[0], type=dict[str, Told])


def _is_news(before: Told | None, now: Told) -> bool:
    """Whether a report changes what is known: a delay does not undo a delivery."""
    return before is None or _FINALITY.get(now.state, 0) >= _FINALITY.get(before.state, 0)


def remove(tx: Transaction, sending_id: SendingId) -> None:
    """Take one out of the outbox."""
    tx.execute("DELETE FROM sending WHERE id = ?", (sending_id,))
    tx.touch_outbox()


def recover(tx: Transaction, now_s: float) -> None:
    """Put right what an engine that died left: nothing before the final dot was accepted."""
    for state in IN_FLIGHT:
        tx.execute(
            "UPDATE sending SET state = 'queued', changed_s = ? WHERE state = ?",
            (now_s, state.value),
        )
    tx.execute(
        "UPDATE sending SET state = 'done', changed_s = ? WHERE state = 'filing' AND NOT EXISTS ("
        " SELECT 1 FROM operation WHERE kind = 'append' AND state <> 'done'"
        " AND json_extract(arguments, '$.sending') = sending.id)",
        (now_s,),
    )
    tx.touch_outbox()


def _sending(row: Fields) -> Sending:
    return Sending(
        SendingId(row[0]),
        AccountId(row[1]),
        SendingState(row[2]),
        row[3],
        row[4],
        row[5],
        tuple(msgspec.json.decode(row[6], type=list[str])),
        msgspec.json.decode(row[7], type=dict[str, str]),
        row[8],
        row[9],
        row[10],
        row[11],
        row[12],
        row[13],
        bool(row[14]),
        msgspec.json.decode(row[15], type=ReportWish),
        row[16],
        row[17],
        row[18],
    )
