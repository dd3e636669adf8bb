"""Whether a server files what is sent by itself: learned for each account, by looking.

Some servers put a copy of what they were given into Sent, and some of those a moment after they
took it. Who only looks once before filing has two copies there; so where a server was seen to file,
its copy is waited for, and where it never comes, that is learned again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from desktopmail.engine.store import account as accounts

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId, MailboxId, SendingId
    from desktopmail.engine.store.store import Transaction

# Between looks for a copy that the server is expected to file.
PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0)


def is_expected(
    tx: Transaction, account_id: AccountId, sent: MailboxId, sending_id: SendingId
) -> bool:
    """Whether the server is expected to put a copy of this message into Sent by itself."""
    return bool(accounts.get(tx, account_id).learned.files_sent) or _was_doubled(
        tx, account_id, sent, sending_id
    )


def learn(tx: Transaction, account_id: AccountId, *, files_sent: bool) -> None:
    """Remember whether the server files a copy by itself."""
    learned = accounts.get(tx, account_id).learned
    if learned.files_sent is not files_sent:
        accounts.learn(tx, account_id, replace(learned, files_sent=files_sent))


def _was_doubled(
    tx: Transaction, account_id: AccountId, sent: MailboxId, sending_id: SendingId
) -> bool:
    """Whether the message sent before this one is there twice: its server filed after we did."""
    before = tx.fetch_one(
        "SELECT message_id FROM sending WHERE account_id = ? AND filed = 1 AND id < ?"
        " ORDER BY id DESC LIMIT 1",
        (account_id, sending_id),
    )
    if before is None or not before[0]:
        return False
    copies = tx.fetch(
        "SELECT 1 FROM message AS m JOIN placement AS p ON p.message_id = m.id"
        " WHERE m.message_id = ? AND m.message_id <> '' AND p.mailbox_id = ?"
        " AND p.uid IS NOT NULL LIMIT 2",
        (before[0], sent),
    )
    return len(copies) > 1
