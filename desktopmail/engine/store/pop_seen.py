"""What a POP3 maildrop has been seen to hold: UIDLs, stored with their messages in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.door.ids import AccountId, MessageId
    from desktopmail.engine.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Seen:
    """One UIDL of a maildrop.

    Attributes:
        message_id: The message it is, or None when that was deleted here.
        delete_wanted: It is to be deleted at the server.
    """

    uidl: str
    message_id: MessageId | None
    header_digest: bytes
    first_seen_s: int
    delete_wanted: bool


def every(tx: Transaction, account_id: AccountId) -> dict[str, Seen]:
    """Everything seen, by UIDL."""
    rows = tx.fetch(
        "SELECT uidl, message_id, header_digest, first_seen_s, delete_wanted FROM pop_seen"
        " WHERE account_id = ?",
        (account_id,),
    )
    return {row[0]: Seen(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows}


def by_digest(tx: Transaction, account_id: AccountId, digest: bytes) -> list[Seen]:
    """What was seen with this header block: where to look when a server renumbered."""
    rows = tx.fetch(
        "SELECT uidl, message_id, header_digest, first_seen_s, delete_wanted FROM pop_seen"
        " WHERE account_id = ? AND header_digest = ?",
        (account_id, digest),
    )
    return [Seen(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]


def add(
    tx: Transaction,
    account_id: AccountId,
    uidl: str,
    message_id: MessageId | None,
    digest: bytes,
    seen_s: int,
) -> None:
    """Remember a UIDL with the message that came with it."""
    tx.execute(
        "INSERT INTO pop_seen (account_id, uidl, message_id, header_digest, first_seen_s)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (account_id, uidl, message_id, digest, seen_s),
    )


def want_deleted(tx: Transaction, account_id: AccountId, message_ids: Iterable[MessageId]) -> None:
    """Have messages deleted at the server in the next session."""
    tx.execute_many(
        "UPDATE pop_seen SET delete_wanted = 1 WHERE account_id = ? AND message_id = ?",
        [(account_id, message_id) for message_id in message_ids],
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
        "UPDATE pop_seen SET uidl = ? WHERE account_id = ? AND uidl = ?", (new, account_id, old)
    )
