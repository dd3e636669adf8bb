"""Accounts, and what was learned about their servers; passwords are never here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import ServerSettings
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Kind
from desktopmail.engine.store import message, operation, placement

if TYPE_CHECKING:
    from desktopmail.door.policy import Policy
    from desktopmail.door.rows import Quota
    from desktopmail.door.sqlite import Fields
    from desktopmail.engine.store.store import Transaction


class NotGiven(msgspec.Struct, frozen=True):
    """A message that a server lists and does not give (`sync.not_given`).

    Attributes:
        called: What people call it: its subject, or else its number.
        said: The server, when it was asked for it last.
        tries: How often it was.
        retry_s: From when on it is asked for again.
    """

    called: str
    said: str
    tries: int
    retry_s: float


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What experience with the servers of an account taught.

    Attributes:
        files_sent: Whether submission files a copy into Sent by itself; None: not known yet.
        exposures: HOST:PORT to the name of what the last login exposed (`Exposure`).
        certificates: HOST:PORT to the certificate last accepted there (DER in base64).
        pop_deletes_after_days: How long POP3 messages stay at the server; None: forever.
        pop_deletes_with_local: Whether a message deleted here is deleted at the POP3 server.
        pop_date_s: The date of the last POP3 session, as far as it is believed (`sync.leaving`).
        pop_doubted_s: A later date that stood at one session, and has to stand at another.
        pop_reuses_uidls: The POP3 server has given an id to a second message.
        not_given: Messages that the server lists and does not give: by UIDL, or by placement.
        filed_below: UIDs of the Inbox below it may be those of messages that were filed while the
            account fetched by POP3; only their octets tell (`sync.filed`).
        submission: What the submission server offered last of 8BITMIME and SMTPUTF8.
    """

    files_sent: bool | None = None
    exposures: dict[str, str] = {}
    certificates: dict[str, str] = {}
    pop_deletes_after_days: float | None = None
    pop_deletes_with_local: bool = False
    pop_date_s: int | None = None
    pop_doubted_s: int | None = None
    pop_reuses_uidls: bool = False
    not_given: dict[str, NotGiven] = {}
    filed_below: int | None = None
    submission: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the engine works with it."""

    id: AccountId
    name: str
    address: str
    display_name: str
    kind: Kind
    incoming: ServerSettings
    outgoing: ServerSettings
    allow_cleartext: bool
    learned: Learned

    def server(self, side: str) -> ServerSettings:
        """The settings of one side: "incoming" or "outgoing"."""
        return self.outgoing if side == "outgoing" else self.incoming


_COLUMNS = "id, name, address, display_name, kind, incoming, outgoing, allow_cleartext, learned"


def add(
    tx: Transaction,
    *,
    name: str,
    address: str,
    display_name: str,
    kind: Kind,
    incoming: ServerSettings,
    outgoing: ServerSettings,
    allow_cleartext: bool,
) -> AccountId:
    """Add an account at the end of the list.

    Raises:
        DoorError: The name is taken.
    """
    if tx.fetch("SELECT 1 FROM account WHERE name = ?", (name,)):
        raise name_taken(name)
    tx.touch_accounts()
    account_id = AccountId(
        tx.insert(
            "INSERT INTO account (position, name, address, display_name, kind, incoming, outgoing,"
            " allow_cleartext)"
            " VALUES ((SELECT coalesce(max(position), 0) + 1 FROM account), ?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                address,
                display_name,
                kind.value,
                _json(incoming),
                _json(outgoing),
                allow_cleartext,
            ),
        )
    )
    tx.execute(
        "INSERT INTO identity (account_id, position, name, address) VALUES (?, 0, ?, ?)",
        (account_id, display_name, address),
    )
    return account_id


def every(tx: Transaction) -> list[Account]:
    """All accounts, in order."""
    return [
        _account(row) for row in tx.fetch(f"SELECT {_COLUMNS} FROM account ORDER BY position, id")
    ]


def get(tx: Transaction, account_id: AccountId) -> Account:
    """Return one account.

    Raises:
        DoorError: It is gone.
    """
    row = tx.fetch_one(f"SELECT {_COLUMNS} FROM account WHERE id = ?", (account_id,))
    if row is None:
        raise DoorError(f"There is no account {account_id}.", code="no-account")
    return _account(row)


def learn(tx: Transaction, account_id: AccountId, learned: Learned) -> None:
    """Remember what was learned."""
    tx.execute("UPDATE account SET learned = ? WHERE id = ?", (_json(learned), account_id))


def set_kind(tx: Transaction, account_id: AccountId, kind: Kind, incoming: ServerSettings) -> None:
    """Have an account fetch its mail another way."""
    tx.execute(
        "UPDATE account SET kind = ?, incoming = ? WHERE id = ?",
        (kind.value, _json(incoming), account_id),
    )
    tx.touch_accounts()


def set_policy(tx: Transaction, account_id: AccountId, policy: Policy) -> None:
    """Keep so much of each mailbox that this account will have."""
    tx.execute("UPDATE account SET policy = ? WHERE id = ?", (str(policy), account_id))


def set_server(tx: Transaction, account_id: AccountId, side: str, server: ServerSettings) -> None:
    """Have one side of an account ("incoming", "outgoing") spoken to in another way."""
    column = "outgoing" if side == "outgoing" else "incoming"
    tx.execute(f"UPDATE account SET {column} = ? WHERE id = ?", (_json(server), account_id))
    tx.touch_accounts()


def edit(tx: Transaction, account: Account) -> None:
    """Keep what a person may change of an account, in place of what it was."""
    tx.execute(
        "UPDATE account SET name = ?, display_name = ?, incoming = ?, outgoing = ?,"
        " allow_cleartext = ? WHERE id = ?",
        (
            account.name,
            account.display_name,
            _json(account.incoming),
            _json(account.outgoing),
            account.allow_cleartext,
            account.id,
        ),
    )
    tx.touch_accounts()


def set_quota(tx: Transaction, account_id: AccountId, quota: tuple[Quota, ...]) -> None:
    """Remember what the server lets an account keep."""
    text = msgspec.json.encode(quota).decode()
    tx.execute("UPDATE account SET quota = ? WHERE id = ? AND quota <> ?", (text, account_id, text))
    if tx.changed_rows():
        tx.touch_accounts()


def set_state(
    tx: Transaction,
    account_id: AccountId,
    state: ConnectionState,
    *,
    problem: str | None = None,
    alive_s: float | None = None,
) -> None:
    """Say what an account is doing."""
    tx.execute(
        "UPDATE account SET state = ?, problem = ?, last_alive_s = coalesce(?, last_alive_s)"
        " WHERE id = ?",
        (state.value, problem, alive_s, account_id),
    )
    tx.touch_accounts()


def remove(tx: Transaction, account_id: AccountId) -> None:
    """Remove an account with its mailboxes; messages that stand nowhere else are forgotten."""
    rows = tx.fetch(
        "SELECT DISTINCT p.message_id FROM placement AS p JOIN mailbox AS m"
        " ON m.id = p.mailbox_id WHERE m.account_id = ?",
        (account_id,),
    )
    _release_from_elsewhere(tx, account_id)
    tx.execute("DELETE FROM account WHERE id = ?", (account_id,))
    message.drop_unplaced(tx, [row[0] for row in rows])
    tx.touch_accounts()
    tx.touch_mailboxes(account_id)


def _release_from_elsewhere(tx: Transaction, account_id: AccountId) -> None:
    """What was to leave another account for this one, and has not arrived, stays there."""
    for row in tx.fetch(
        "SELECT id FROM operation WHERE account_id = ? AND kind = 'append' AND state <> 'done'",
        (account_id,),
    ):
        for follower in operation.followers(tx, row[0]):
            ids = [target.placement_id for target in operation.targets(tx, follower.id)]
            operation.remove(tx, follower.id)
            placement.show(tx, ids, shown=True)


def _account(row: Fields) -> Account:
    return Account(
        AccountId(row[0]),
        row[1],
        row[2],
        row[3],
        Kind(row[4]),
        msgspec.json.decode(row[5], type=ServerSettings),
        msgspec.json.decode(row[6], type=ServerSettings),
        bool(row[7]),
        msgspec.json.decode(row[8], type=Learned),
    )


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def name_taken(name: str) -> DoorError:
    """Say that there is an account of this name."""
    return DoorError(
        f"There is an account named {name} already.",
        remedy="Choose another name with --name.",
        code="name-taken",
    )
