"""Switching an account between POP3 and IMAP: its placements change, its messages stay.

What is here is recognised by header digests when the other protocol first looks, so nothing is
fetched again; what was marked here is told to an IMAP server, and nothing is cleared there. What
exists only here stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Role
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, operation, placement

if TYPE_CHECKING:
    from desktopmail.door.commands import ServerSettings
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


def refuse_unsettled(tx: Transaction, account_id: AccountId) -> None:
    """Stop before anything that only the old server knows would be left behind.

    Raises:
        DoorError: Changes wait for the server, or octets are there only.
    """
    waiting = len(operation.pending(tx, account_id))
    if waiting:
        raise DoorError(
            f"{waiting} changes have not reached the server yet.",
            remedy="Let them be told, or give them up, and switch then.",
            code="unsettled",
        )
    missing = tx.fetch(
        "SELECT count(*) FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
        " JOIN message AS m ON m.id = p.message_id"
        " WHERE b.account_id = ? AND p.gone_cycle IS NULL AND m.blob_id IS NULL",
        (account_id,),
    )[0][0]
    if missing:
        raise DoorError(
            f"{missing} messages are not here as a whole yet.",
            remedy="Fetch them first (sync without --headers-only), and switch then.",
            code="unsettled",
        )


def switch(tx: Transaction, account_id: AccountId, kind: Kind, incoming: ServerSettings) -> None:
    """Have an account fetch its mail the other way from now on."""
    account = accounts.get(tx, account_id)
    if account.kind is not kind:
        if kind is Kind.POP3:
            _leave_imap(tx, account_id)
        else:
            _leave_pop3(tx, account_id)
    accounts.set_kind(tx, account_id, kind, incoming)
    tx.touch_mailboxes(account_id)


def only_here(tx: Transaction, account_id: AccountId) -> int:
    """How many messages of an IMAP account its server does not have."""
    row = tx.fetch_one(
        "SELECT count(*) FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
        " WHERE b.account_id = ? AND p.uid IS NULL AND p.shown = 1 AND NOT EXISTS ("
        "  SELECT 1 FROM operation_target AS t JOIN operation AS o ON o.id = t.operation_id"
        "  WHERE o.state <> 'done' AND (t.placement_id = p.id OR t.twin = p.id))",
        (account_id,),
    )
    return int(row[0]) if row is not None else 0


def _leave_imap(tx: Transaction, account_id: AccountId) -> None:
    for box in mailbox.of_account(tx, account_id):
        rows = tx.fetch(
            "SELECT id FROM placement WHERE mailbox_id = ? AND gone_cycle IS NOT NULL", (box.id,)
        )
        placement.remove(tx, [row[0] for row in rows])
        tx.execute("UPDATE placement SET uid = NULL, modseq = 0 WHERE mailbox_id = ?", (box.id,))
    tx.execute(
        "UPDATE mailbox SET local = 1, uidvalidity = NULL, uidnext = NULL, highestmodseq = NULL,"
        " complete = 0 WHERE account_id = ?",
        (account_id,),
    )
    for role, path in mailbox.LOCAL_MAILBOXES:
        if mailbox.find_role(tx, account_id, role) is None:
            mailbox.add(tx, account_id, path, role=role, local=True)


def _leave_pop3(tx: Transaction, account_id: AccountId) -> None:
    """The Inbox is the server's now; the others become so when the server lists one for them."""
    inbox = mailbox.find_role(tx, account_id, Role.INBOX)
    if inbox is not None:
        tx.execute("UPDATE mailbox SET local = 0 WHERE id = ?", (inbox.id,))
