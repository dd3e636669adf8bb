"""Who a person writes as: the identities of an account, the default one first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.ids import IdentityId
from desktopmail.door.interface import DoorError
from desktopmail.mime import address as addresses

if TYPE_CHECKING:
    from desktopmail.door.commands import SetIdentity
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Transaction


def put(tx: Transaction, command: SetIdentity) -> IdentityId:
    """Add an identity, or change one; returns its id.

    Raises:
        DoorError: An address cannot be one, or the identity is gone.
    """
    for text in filter(None, (command.address, command.reply_to)):
        if not addresses.is_valid(text):
            raise DoorError(
                f"{text} is not an address, as in anna@example.org.", code="bad-address"
            )
    if not command.address:
        raise DoorError("An identity needs an address.", code="bad-address")
    identity_id = command.identity_id
    fields = (
        command.name,
        command.address,
        command.reply_to,
        command.signature_text,
        command.signature_html,
    )
    if identity_id is None:
        identity_id = IdentityId(
            tx.insert(
                "INSERT INTO identity (account_id, position, name, address, reply_to,"
                " signature_text, signature_html) VALUES (?1, (SELECT coalesce(max(position), 0)"
                " + 1 FROM identity WHERE account_id = ?1), ?2, ?3, ?4, ?5, ?6)",
                (command.account_id, *fields),
            )
        )
    else:
        tx.execute(
            "UPDATE identity SET name = ?, address = ?, reply_to = ?, signature_text = ?,"
            " signature_html = ? WHERE id = ? AND account_id = ?",
            (*fields, identity_id, command.account_id),
        )
        if not tx.changed_rows():
            raise DoorError(f"There is no identity {identity_id}.", code="no-identity")
    if command.default:
        tx.execute(
            "UPDATE identity SET position = (SELECT min(position) - 1 FROM identity"
            " WHERE account_id = ?1) WHERE id = ?2",
            (command.account_id, identity_id),
        )
    tx.touch_accounts()
    return identity_id


def follow(tx: Transaction, before: Account, after: Account) -> None:
    """Have the identity that an account began with be called what the account is called now.

    One that was given another name keeps it.
    """
    tx.execute(
        "UPDATE identity SET name = ? WHERE account_id = ? AND name = ?"
        " AND address = ? COLLATE NOCASE",
        (after.display_name, after.id, before.display_name, after.address),
    )


def remove(tx: Transaction, identity_id: IdentityId) -> AccountId:
    """Remove an identity; returns whose it was.

    Raises:
        DoorError: It is the last one of its account, or gone.
    """
    row = tx.fetch_one(
        "SELECT account_id, (SELECT count(*) FROM identity AS o"
        " WHERE o.account_id = i.account_id) FROM identity AS i WHERE id = ?",
        (identity_id,),
    )
    if row is None:
        raise DoorError(f"There is no identity {identity_id}.", code="no-identity")
    if row[1] == 1:
        raise DoorError("An account needs one identity at the least.", code="last-identity")
    tx.execute("DELETE FROM identity WHERE id = ?", (identity_id,))
    tx.touch_accounts()
    account_id: AccountId = row[0]
    return account_id
