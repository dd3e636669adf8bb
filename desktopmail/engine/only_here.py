"""What of an account is nowhere but here: its server does not have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.door.queries import OnlyHere
from desktopmail.engine.store import account as accounts

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.door.queries import ReadOnlyHere
    from desktopmail.engine.store.store import Store, Transaction

# An IMAP server has what has a UID, a POP3 server what it listed in the last session; what was
# moved here keeps its UID where it was until the server has moved it, too.
_NOT_AT_THE_SERVER = (
    "SELECT count(DISTINCT p.message_id) FROM placement AS p"
    " JOIN mailbox AS b ON b.id = p.mailbox_id JOIN account AS a ON a.id = b.account_id"
    " WHERE b.account_id = ?1 AND b.hidden = 0 AND p.uid IS NULL AND p.shown = 1"
    " AND NOT EXISTS (SELECT 1 FROM placement AS i JOIN mailbox AS c ON c.id = i.mailbox_id"
    "  WHERE i.message_id = p.message_id AND i.uid IS NOT NULL AND i.gone_cycle IS NULL"
    "  AND c.account_id = ?1)"
    " AND NOT (a.kind = 'pop3' AND EXISTS (SELECT 1 FROM pop_seen AS s"
    "  WHERE s.account_id = ?1 AND s.message_id = p.message_id"
    "   AND s.unlisted = 0))"
)
_NOT_ON_ITS_WAY = (
    " AND NOT EXISTS (SELECT 1 FROM operation_target AS t JOIN operation AS o"
    "  ON o.id = t.operation_id WHERE o.state <> 'done'"
    "  AND (t.placement_id = p.id OR t.twin = p.id))"
)
_OF_NO_OTHER_ACCOUNT = (
    " AND NOT EXISTS (SELECT 1 FROM placement AS i JOIN mailbox AS c ON c.id = i.mailbox_id"
    "  WHERE i.message_id = p.message_id AND c.account_id <> ?1)"
)
# It stands in the outbox, and is counted there.
_NOT_BEING_SENT = (
    " AND NOT EXISTS (SELECT 1 FROM sending WHERE draft = p.id AND account_id = ?1"
    "  AND state NOT IN ('accepted', 'filing', 'done'))"
)
_UNSENT = (
    "SELECT count(*) FROM sending WHERE account_id = ?"
    " AND state NOT IN ('accepted', 'filing', 'done')"
)


def stays(tx: Transaction, account_id: AccountId) -> int:
    """How many messages the server of an account does not have, and is not to get."""
    return int(tx.fetch(_NOT_AT_THE_SERVER + _NOT_ON_ITS_WAY, (account_id,))[0][0])


async def read(store: Store, query: ReadOnlyHere) -> OnlyHere:
    """Count what would be gone with an account."""
    return await store.read(lambda tx: with_account(tx, query.account_id))


def with_account(tx: Transaction, account_id: AccountId) -> OnlyHere:
    """What would be gone with an account: what waits for its server is, and what is not sent.

    Raises:
        DoorError: The account is gone.
    """
    accounts.get(tx, account_id)
    kept = tx.fetch(_NOT_AT_THE_SERVER + _OF_NO_OTHER_ACCOUNT + _NOT_BEING_SENT, (account_id,))[0][
        0
    ]
    unsent = tx.fetch(_UNSENT, (account_id,))[0][0]
    return OnlyHere(messages=kept + unsent, unsent=unsent)


def refuse(tx: Transaction, account_id: AccountId) -> None:
    """Refuse to let mail go with an account that is nowhere else.

    Raises:
        DoorError: There is such mail.
    """
    found = with_account(tx, account_id)
    if not found.messages:
        return
    name = accounts.get(tx, account_id).name
    if found.messages == 1 and found.unsent:
        sentence = f"1 message of {name} exists only here, not sent yet."
    elif found.messages == 1:
        sentence = f"1 message of {name} exists only here."
    elif found.unsent:
        sentence = (
            f"{found.messages} messages of {name} exist only here, {found.unsent} of them not sent"
            " yet."
        )
    else:
        sentence = f"{found.messages} messages of {name} exist only here."
    raise DoorError(sentence, code="only-here")
