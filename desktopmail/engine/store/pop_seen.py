"""What a POP3 maildrop has been seen to hold: UIDLs, stored with their messages in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desktopmail.door.ids import AccountId, MessageId
    from desktopmail.engine.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Seen:
    """One UIDL of a maildrop.

    Attributes:
        message_id: The message it is, or None when that was deleted here.
        delete_wanted: It is to be deleted at the server.
        size: As LIST told it, or None where that is not known.
        named: Its header names it. One without a Message-ID may be that of two messages.
        unlisted: The server did not list it in the last session.
    """

    uidl: str
    message_id: MessageId | None
    header_digest: bytes
    first_seen_s: int
    delete_wanted: bool = False
    size: int | None = None
    named: bool = True
    unlisted: bool = False


# What no server's own id holds.
_OURS = "\0"
_IMAP = f"{_OURS}imap:"


def nameless(digest: bytes, local_id: int | str) -> str:
    """What stands for a UIDL that the server does not give."""
    return f"{_OURS}{digest.hex()}:{local_id}"


def imap_name(uidvalidity: int, uid: int) -> str:
    """What stands for the UIDL of a message that came by IMAP, until the maildrop was seen."""
    return f"{_IMAP}{uidvalidity}:{uid}"


def of_imap(uidl: str) -> tuple[int, int] | None:
    """The UIDVALIDITY and the UID of such a name; None for any other."""
    if not uidl.startswith(_IMAP):
        return None
    uidvalidity, _, uid = uidl.removeprefix(_IMAP).partition(":")
    return int(uidvalidity), int(uid)


def every(tx: Transaction, account_id: AccountId) -> dict[str, Seen]:
    """Everything seen, by UIDL."""
    rows = tx.fetch(
        "SELECT s.uidl, s.message_id, s.header_digest, s.first_seen_s, s.delete_wanted, s.size,"
        " coalesce(m.message_id <> '', 1), s.unlisted FROM pop_seen AS s"
        " LEFT JOIN message AS m ON m.id = s.message_id WHERE s.account_id = ?",
        (account_id,),
    )
    return {
        row[0]: Seen(
            row[0], row[1], row[2], row[3], bool(row[4]), row[5], bool(row[6]), bool(row[7])
        )
        for row in rows
    }


def note_imap(tx: Transaction, account_id: AccountId, now_s: int) -> None:
    """Remember what the messages of the Inbox were called by IMAP, before that is forgotten."""
    rows = tx.fetch(
        "SELECT b.uidvalidity, p.uid, m.id, m.header_digest FROM placement AS p"
        " JOIN mailbox AS b ON b.id = p.mailbox_id JOIN message AS m ON m.id = p.message_id"
        " WHERE b.account_id = ? AND b.role = 'inbox' AND b.uidvalidity IS NOT NULL"
        " AND p.uid IS NOT NULL AND p.gone_cycle IS NULL AND m.blob_id IS NOT NULL",
        (account_id,),
    )
    add(
        tx,
        account_id,
        [
            Seen(imap_name(uidvalidity, uid), message_id, digest, now_s)
            for uidvalidity, uid, message_id, digest in rows
        ],
    )


def forget_imap(tx: Transaction, account_id: AccountId) -> None:
    """Forget it: what was not met is not there any more."""
    names = tx.fetch("SELECT uidl FROM pop_seen WHERE account_id = ?", (account_id,))
    forget(tx, account_id, [name for (name,) in names if of_imap(name) is not None])


def add(tx: Transaction, account_id: AccountId, seen: Iterable[Seen]) -> None:
    """Remember UIDLs with the messages that came with them; one that is known stays as it is."""
    tx.execute_for(
        "INSERT INTO pop_seen"
        " (account_id, uidl, message_id, header_digest, first_seen_s, delete_wanted, size)"
        " SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), value ->> 4,"
        " value ->> 5, value ->> 6 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
        [
            (
                account_id,
                one.uidl,
                one.message_id,
                one.header_digest.hex(),
                one.first_seen_s,
                one.delete_wanted,
                one.size,
            )
            for one in seen
        ],
    )


def resize(tx: Transaction, account_id: AccountId, sizes: Mapping[str, int]) -> None:
    """Remember the sizes that a server lists, by UIDL."""
    tx.execute_many(
        "UPDATE pop_seen SET size = ? WHERE account_id = ? AND uidl = ?",
        [(size, account_id, uidl) for uidl, size in sizes.items()],
    )


def note_unlisted(
    tx: Transaction, account_id: AccountId, seen: Iterable[Seen], unlisted: set[str]
) -> None:
    """Remember what the server does not list any more, and what it lists again.

    Args:
        tx: The step it is part of.
        account_id: Whose maildrop it is.
        seen: What was known before this session.
        unlisted: The UIDLs of those that are not there.
    """
    tx.execute_many(
        "UPDATE pop_seen SET unlisted = ? WHERE account_id = ? AND uidl = ?",
        [
            (one.uidl in unlisted, account_id, one.uidl)
            for one in seen
            if one.unlisted is not (one.uidl in unlisted)
        ],
    )


def let_go(
    tx: Transaction, account_id: AccountId, message_id: MessageId, *, left: int, delete: bool
) -> None:
    """Remember that a message was deleted here; of equal ones, those beyond what is left of them.

    Args:
        tx: The step it is part of.
        account_id: Whose maildrop it came from.
        message_id: The message.
        left: In how many places of the account it stands still.
        delete: Have it deleted at the server in the next session.
    """
    rows = tx.fetch(
        "SELECT uidl FROM pop_seen WHERE account_id = ? AND message_id = ? ORDER BY uidl"
        " LIMIT -1 OFFSET ?",
        (account_id, message_id, left),
    )
    tx.execute_many(
        "UPDATE pop_seen SET message_id = NULL, delete_wanted = ? WHERE account_id = ?"
        " AND uidl = ?",
        [(delete, account_id, uidl) for (uidl,) in rows],
    )


def let_stay(tx: Transaction, account_id: AccountId) -> None:
    """Have nothing deleted at the server that was deleted here before."""
    tx.execute("UPDATE pop_seen SET delete_wanted = 0 WHERE account_id = ?", (account_id,))


def without_octets(tx: Transaction, account_id: AccountId) -> set[str]:
    """The UIDLs of messages that are here, but not as a whole: something stands in for them."""
    rows = tx.fetch(
        "SELECT s.uidl FROM pop_seen AS s JOIN message AS m ON m.id = s.message_id"
        " WHERE s.account_id = ? AND m.blob_id IS NULL",
        (account_id,),
    )
    return {row[0] for row in rows}


def lost(tx: Transaction, account_id: AccountId) -> dict[str, MessageId]:
    """Messages by UIDL whose octets were here and cannot be read any more."""
    rows = tx.fetch(
        "SELECT s.uidl, m.id FROM pop_seen AS s JOIN message AS m ON m.id = s.message_id"
        " WHERE s.account_id = ? AND m.blob_id IS NULL AND m.header IS NULL",
        (account_id,),
    )
    return dict(rows)


def shift(tx: Transaction, account_id: AccountId, until_s: int, seconds: int) -> None:
    """Let what was seen until then be first seen so much later."""
    tx.execute(
        "UPDATE pop_seen SET first_seen_s = first_seen_s + ?"
        " WHERE account_id = ? AND first_seen_s <= ?",
        (seconds, account_id, until_s),
    )


def seen_by(tx: Transaction, account_id: AccountId, now_s: int) -> None:
    """Let what was first seen in the future, by a clock that was wrong, be first seen now."""
    tx.execute(
        "UPDATE pop_seen SET first_seen_s = ?1 WHERE account_id = ?2 AND first_seen_s > ?1",
        (now_s, account_id),
    )


def forget(tx: Transaction, account_id: AccountId, uidls: Iterable[str]) -> None:
    """Forget UIDLs that the server does not have any more."""
    tx.execute_many(
        "DELETE FROM pop_seen WHERE account_id = ? AND uidl = ?",
        [(account_id, uidl) for uidl in uidls],
    )


def rename(tx: Transaction, account_id: AccountId, old: str, new: str) -> None:
    """A server has given a message another UIDL."""
    tx.execute(
        "UPDATE OR REPLACE pop_seen SET uidl = ?, unlisted = 0 WHERE account_id = ? AND uidl = ?",
        (new, account_id, old),
    )


def be(tx: Transaction, account_id: AccountId, uidl: str, message_id: MessageId) -> None:
    """Let a UIDL be that of a message which is here again."""
    tx.execute(
        "UPDATE pop_seen SET message_id = ? WHERE account_id = ? AND uidl = ?",
        (message_id, account_id, uidl),
    )


def unseen_here(tx: Transaction, account_id: AccountId) -> dict[bytes, list[MessageId]]:
    """Whole messages of the Inbox that no UIDL is known of, by the digest of their headers.

    There are such after a switch from IMAP. One without a Message-ID is left out: its header may be
    that of two messages, and in doubt a message is fetched.
    """
    found: dict[bytes, list[MessageId]] = {}
    for digest, message_id in tx.fetch(
        "SELECT m.header_digest, m.id FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
        " JOIN message AS m ON m.id = p.message_id"
        " WHERE b.account_id = ?1 AND b.role = 'inbox' AND m.blob_id IS NOT NULL"
        " AND m.message_id <> ''"
        " AND NOT EXISTS (SELECT 1 FROM pop_seen AS s WHERE s.account_id = ?1"
        "  AND s.message_id = m.id)",
        (account_id,),
    ):
        found.setdefault(bytes(digest), []).append(message_id)
    return found
