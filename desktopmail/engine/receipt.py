"""Answering the wish for a read receipt: only when a person says so, and once (RFC 8098)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag
from desktopmail.engine import journal
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import blob, mailbox, message, placement, sending
from desktopmail.mime import message_id, receipt
from desktopmail.mime.address import Mailbox
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from desktopmail.door.commands import AnswerReceipt
    from desktopmail.door.ids import AccountId, MessageId, PlacementId, SendingId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Transaction
    from desktopmail.net.ports import Ports

_ID_OCTETS = 16
_BOUNDARY_OCTETS = 12


def carry_out(tx: Transaction, command: AnswerReceipt, ports: Ports) -> Outcome:
    """Answer the wish, as `answer` does."""
    made = answer(tx, command, ports)
    if made is None:
        return Outcome(label="No read receipt is sent")
    return Outcome(ids=(made,), label="The read receipt is on its way")


def answer(tx: Transaction, command: AnswerReceipt, ports: Ports) -> SendingId | None:
    """Put the receipt into the outbox, or remember that none is to be sent.

    Either way the message gets $MDNSent, so that no program of this person asks again (RFC 3503);
    so do its copies in the account: one receipt is all that anybody gets (RFC 8098 section 3).

    Raises:
        DoorError: Nobody asked, it was answered already, or the message is not here.
    """
    placed = placement.get(tx, [command.placement_id])
    octets = message.octets(tx, placed[0].message_id) if placed else None
    if octets is None:
        raise DoorError("The message is not here as a whole.", code="no-octets")
    read = Message.parse(octets)
    wanted = receipt.wanted_by(read)
    if not wanted:
        raise DoorError("The sender asks for no read receipt.", code="no-receipt")
    box = mailbox.get(tx, placed[0].mailbox_id)
    copies = placement.get(tx, _copies(tx, placed[0].message_id, box.account_id))
    if any(one.flags & Flag.RECEIPT_SENT for one in copies):
        raise DoorError("The read receipt was answered already.", code="answered")
    journal.store_flags(tx, [one.id for one in copies], add=Flag.RECEIPT_SENT)
    if not command.send:
        return None
    account = accounts.get(tx, box.account_id)
    reader = _reader(tx, account, read)
    now = ports.clock.now()
    name = message_id.make(
        ports.entropy.token(_ID_OCTETS), reader.address.rpartition("@")[2] or "localhost"
    ).strip("<>")
    written = receipt.write(
        read,
        reader,
        date=now.astimezone(),
        message_id=name,
        boundary=ports.entropy.token(_BOUNDARY_OCTETS).hex(),
    )
    (blob_id,) = blob.put(tx, [written])
    return sending.add(
        tx,
        account.id,
        message_id=name,
        subject=Message.parse(written).subject,
        sender="",  # the null reverse-path: nobody answers a receipt (RFC 8098 section 3)
        recipients=tuple(dict.fromkeys(mailbox.address for mailbox in wanted)),
        blob_id=blob_id,
        now_s=now.timestamp(),
        delay_s=0.0,
        draft=None,
        answers=None,
        forwards=False,
    )


def _copies(tx: Transaction, message_id: MessageId, account_id: AccountId) -> list[PlacementId]:
    """Where a message stands in an account."""
    rows = tx.fetch(
        "SELECT p.id FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
        " WHERE p.message_id = ? AND b.account_id = ? AND p.shown = 1",
        (message_id, account_id),
    )
    return [row[0] for row in rows]


def _reader(tx: Transaction, account: Account, read: Message) -> Mailbox:
    """The address that the message came to, of those the account writes as."""
    own = {
        address.lower(): Mailbox(name, address)
        for name, address in tx.fetch(
            "SELECT name, address FROM identity WHERE account_id = ? ORDER BY position DESC",
            (account.id,),
        )
    }
    for one in (*read.to, *read.cc):
        if one.address.lower() in own:
            return own[one.address.lower()]
    return Mailbox(account.display_name, account.address)
