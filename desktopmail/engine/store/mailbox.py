"""Mailboxes, with what is known of each at its server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.ids import AccountId, MailboxId
from desktopmail.door.interface import DoorError
from desktopmail.door.policy import Policy
from desktopmail.door.rows import Role
from desktopmail.engine.store import message

if TYPE_CHECKING:
    from desktopmail.door.sqlite import Fields
    from desktopmail.engine.store.store import Transaction

#: What an account has where its server has no mailboxes (POP3), and what to call it there.
LOCAL_MAILBOXES = (
    (Role.INBOX, "INBOX"),
    (Role.DRAFTS, "Drafts"),
    (Role.SENT, "Sent"),
    (Role.ARCHIVE, "Archive"),
    (Role.JUNK, "Junk"),
    (Role.TRASH, "Trash"),
)
LOCAL_DELIMITER = "/"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as the engine works with it.

    Attributes:
        uidvalidity, uidnext, highestmodseq: What the store agrees with, or None.
        complete: Every message of the server has been seen once.
        cycle: Counts the full looks at the list of its UIDs.
        local: The server does not have it.
        policy: How much of it is kept here.
        withheld: A sync of headers alone has left octets at the server that the policy wants.
        hidden: Deleted here; the row stays for as long as that may be taken back.
        renamed_to: What it is called here, while its server has not heard of it.
        keywords: Those that its server keeps, in small letters; None: any.
    """

    id: MailboxId
    account_id: AccountId
    path: str
    delimiter: str
    role: Role
    selectable: bool
    local: bool
    uidvalidity: int | None
    uidnext: int | None
    highestmodseq: int | None
    complete: bool
    cycle: int
    policy: Policy
    withheld: bool
    subscribed: bool
    hidden: bool
    renamed_to: str | None
    keywords: frozenset[str] | None

    def keeps(self, tag: str) -> bool:
        """Whether its server keeps a tag; one that it does not stays on this machine."""
        return self.local or self.keywords is None or tag.lower() in self.keywords

    @property
    def is_new(self) -> bool:
        """Whether nothing of what its server has was ever looked at."""
        return self.uidvalidity is None and not self.cycle and not self.local

    @property
    def shown_path(self) -> str:
        """The whole name as a person sees it."""
        return self.path if self.renamed_to is None else self.renamed_to

    def is_below(self, other: Mailbox) -> bool:
        """Whether it stands within another mailbox, as a person sees them."""
        return bool(other.delimiter) and self.shown_path.startswith(
            other.shown_path + other.delimiter
        )


_COLUMNS = (
    "id, account_id, path, delimiter, role, selectable, local, uidvalidity, uidnext,"
    " highestmodseq, complete, cycle, policy, withheld, subscribed, hidden, renamed_to,"
    " keywords"
)


def add(
    tx: Transaction,
    account_id: AccountId,
    path: str,
    *,
    delimiter: str = LOCAL_DELIMITER,
    role: Role = Role.NONE,
    selectable: bool = True,
    subscribed: bool = True,
    local: bool = False,
) -> MailboxId:
    """Add a mailbox, or bring what is known of it up to date."""
    tx.touch_mailboxes(account_id)
    row = tx.fetch_one(
        "SELECT id FROM mailbox WHERE account_id = ? AND path = ?", (account_id, path)
    )
    if row is None:
        return MailboxId(
            tx.insert(
                "INSERT INTO mailbox (account_id, path, delimiter, role, selectable, subscribed,"
                " local, policy)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT policy FROM account WHERE id = ?))",
                (
                    account_id,
                    path,
                    delimiter,
                    role.value,
                    selectable,
                    subscribed,
                    local,
                    account_id,
                ),
            )
        )
    tx.execute(
        "UPDATE mailbox SET delimiter = ?, role = ?, selectable = ?, subscribed = ?, local = ?"
        " WHERE id = ?",
        (delimiter, role.value, selectable, subscribed, local, row[0]),
    )
    return MailboxId(row[0])


def get(tx: Transaction, mailbox_id: MailboxId) -> Mailbox:
    """Return one mailbox.

    Raises:
        DoorError: It is gone.
    """
    row = tx.fetch_one(f"SELECT {_COLUMNS} FROM mailbox WHERE id = ?", (mailbox_id,))
    if row is None:
        raise DoorError(f"There is no mailbox {mailbox_id}.", code="no-mailbox")
    return _mailbox(row)


def of_account(tx: Transaction, account_id: AccountId) -> list[Mailbox]:
    """The mailboxes of an account, by path."""
    rows = tx.fetch(
        f"SELECT {_COLUMNS} FROM mailbox WHERE account_id = ? ORDER BY path", (account_id,)
    )
    return [_mailbox(row) for row in rows]


def find_role(tx: Transaction, account_id: AccountId, role: Role) -> Mailbox | None:
    """The mailbox of an account that is for this, or None."""
    row = tx.fetch_one(
        f"SELECT {_COLUMNS} FROM mailbox WHERE account_id = ? AND role = ? AND hidden = 0"
        " ORDER BY id LIMIT 1",
        (account_id, role.value),
    )
    return _mailbox(row) if row is not None else None


def is_at_server(tx: Transaction, mailbox_id: MailboxId) -> bool:
    """Whether a mailbox is still there, neither deleted here nor of this device alone."""
    rows = tx.fetch(
        "SELECT 1 FROM mailbox WHERE id = ? AND hidden = 0 AND local = 0", (mailbox_id,)
    )
    return bool(rows)


def set_hidden(tx: Transaction, mailbox_id: MailboxId, *, hidden: bool) -> None:
    """Let a mailbox be seen, or not; nothing is deleted."""
    tx.execute("UPDATE mailbox SET hidden = ? WHERE id = ?", (hidden, mailbox_id))
    _touch(tx, mailbox_id)


def set_subscribed(tx: Transaction, mailbox_id: MailboxId, *, subscribed: bool) -> None:
    """Let a mailbox be subscribed, or not."""
    tx.execute("UPDATE mailbox SET subscribed = ? WHERE id = ?", (subscribed, mailbox_id))
    _touch(tx, mailbox_id)


def set_renamed(tx: Transaction, mailbox_id: MailboxId, renamed_to: str | None) -> None:
    """Let a mailbox be shown under a name that its server has not heard of."""
    tx.execute("UPDATE mailbox SET renamed_to = ? WHERE id = ?", (renamed_to, mailbox_id))
    _touch(tx, mailbox_id)


def set_path(tx: Transaction, mailbox_id: MailboxId, path: str) -> None:
    """Give a mailbox the name that its server knows it by now."""
    tx.execute(
        "UPDATE mailbox SET path = ?1, renamed_to = nullif(renamed_to, ?1) WHERE id = ?2",
        (path, mailbox_id),
    )
    _touch(tx, mailbox_id)


def forget_state(tx: Transaction, mailbox_id: MailboxId) -> None:
    """Forget what the store agreed with: at the server it is another mailbox, or will be."""
    tx.execute(
        "UPDATE mailbox SET uidvalidity = NULL, uidnext = NULL, highestmodseq = NULL,"
        " complete = 0, missed = 0 WHERE id = ?",
        (mailbox_id,),
    )


def let_be_local(tx: Transaction, mailbox_id: MailboxId) -> None:
    """Let a mailbox be one of this device alone: its server does not have it."""
    forget_state(tx, mailbox_id)
    tx.execute("UPDATE mailbox SET local = 1 WHERE id = ?", (mailbox_id,))
    _touch(tx, mailbox_id)


def sweep_hidden(tx: Transaction) -> None:
    """Remove the mailboxes that were deleted, and that no operation could bring back any more."""
    for (mailbox_id,) in tx.fetch(
        "SELECT id FROM mailbox AS m WHERE hidden = 1 AND NOT EXISTS (SELECT 1 FROM operation"
        " WHERE m.id IN (json_extract(arguments, '$.source'), json_extract(arguments, '$.target')))"
    ):
        remove(tx, mailbox_id)


def _touch(tx: Transaction, mailbox_id: MailboxId) -> None:
    tx.touch_mailboxes(get(tx, mailbox_id).account_id)
    tx.touch_messages(mailbox_id)


def know(
    tx: Transaction,
    mailbox_id: MailboxId,
    *,
    uidvalidity: int | None,
    uidnext: int | None,
    highestmodseq: int | None,
    complete: bool,
) -> None:
    """Remember what the store agrees with now."""
    tx.execute(
        "UPDATE mailbox SET uidvalidity = ?, uidnext = ?, highestmodseq = ?, complete = ?"
        " WHERE id = ?",
        (uidvalidity, uidnext, highestmodseq, complete, mailbox_id),
    )


def set_keywords(tx: Transaction, mailbox_id: MailboxId, keywords: frozenset[str] | None) -> None:
    """Remember which keywords the server of a mailbox keeps."""
    text = None if keywords is None else msgspec.json.encode(sorted(keywords)).decode()
    tx.execute("UPDATE mailbox SET keywords = ? WHERE id = ?", (text, mailbox_id))
    tx.touch_mailboxes(get(tx, mailbox_id).account_id)


def set_policy(tx: Transaction, mailbox_id: MailboxId, policy: Policy, now_s: float) -> None:
    """Keep so much of a mailbox from now on; what is to be fetched for it is marked at once."""
    tx.execute("UPDATE mailbox SET policy = ? WHERE id = ?", (str(policy), mailbox_id))
    _want(tx, mailbox_id, policy, now_s)
    tx.touch_mailboxes(get(tx, mailbox_id).account_id)


def withhold(tx: Transaction, mailbox_id: MailboxId) -> None:
    """Remember that octets are left at the server although the policy wants them."""
    tx.execute("UPDATE mailbox SET withheld = 1 WHERE id = ?", (mailbox_id,))


def release(tx: Transaction, account_id: AccountId, now_s: float) -> None:
    """Have fetched what syncs of headers alone have left at the server."""
    for box in of_account(tx, account_id):
        if box.withheld:
            _want(tx, box.id, box.policy, now_s)


def want_recent(tx: Transaction, account_id: AccountId, now_s: float) -> None:
    """Have fetched what is of the last days by the date that holds now: it was another before."""
    for box in of_account(tx, account_id):
        since_s = box.policy.since_s(now_s)
        if since_s and not box.withheld:
            tx.execute(
                "UPDATE placement SET wanted = 1 WHERE mailbox_id = ? AND wanted = 0"
                " AND uid IS NOT NULL AND arrived_s >= ? AND EXISTS (SELECT 1 FROM message AS m"
                " WHERE m.id = placement.message_id AND m.blob_id IS NULL)",
                (box.id, since_s),
            )


def _want(tx: Transaction, mailbox_id: MailboxId, policy: Policy, now_s: float) -> None:
    since_s = policy.since_s(now_s)
    tx.execute(
        "UPDATE placement SET wanted = (? IS NOT NULL AND arrived_s >= ?) WHERE mailbox_id = ?"
        " AND EXISTS (SELECT 1 FROM message AS m"
        " WHERE m.id = placement.message_id AND m.blob_id IS NULL)",
        (since_s, since_s, mailbox_id),
    )
    tx.execute("UPDATE mailbox SET withheld = 0 WHERE id = ?", (mailbox_id,))


def begin_cycle(tx: Transaction, mailbox_id: MailboxId) -> int:
    """Count one more full look at a mailbox; returns its number."""
    tx.execute("UPDATE mailbox SET cycle = cycle + 1 WHERE id = ?", (mailbox_id,))
    return get(tx, mailbox_id).cycle


def remove(tx: Transaction, mailbox_id: MailboxId) -> None:
    """Remove a mailbox with its placements; messages that stand nowhere else are forgotten."""
    rows = tx.fetch("SELECT DISTINCT message_id FROM placement WHERE mailbox_id = ?", (mailbox_id,))
    tx.touch_mailboxes(get(tx, mailbox_id).account_id)
    tx.touch_messages(mailbox_id)
    tx.execute("DELETE FROM mailbox WHERE id = ?", (mailbox_id,))
    message.drop_unplaced(tx, [row[0] for row in rows])


def _mailbox(row: Fields) -> Mailbox:
    return Mailbox(
        MailboxId(row[0]),
        AccountId(row[1]),
        row[2],
        row[3],
        Role(row[4]),
        bool(row[5]),
        bool(row[6]),
        row[7],
        row[8],
        row[9],
        bool(row[10]),
        row[11],
        Policy.parse(row[12]),
        bool(row[13]),
        bool(row[14]),
        bool(row[15]),
        row[16],
        None if row[17] is None else msgspec.json.decode(row[17], type=frozenset[str]),
    )
