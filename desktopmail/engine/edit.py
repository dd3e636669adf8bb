"""Another way to the servers of an account: tried before it is kept, and kept as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind
from desktopmail.engine import check, trust
from desktopmail.engine.check import GivenSecrets
from desktopmail.engine.errors import is_loopback
from desktopmail.engine.proxy import refuse_what_is_none
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import identity, mailbox, pop_seen
from desktopmail.engine.store.pop_seen import nameless
from desktopmail.engine.sync import vanish
from desktopmail.net.endpoint import join_host_port

if TYPE_CHECKING:
    from desktopmail.door.commands import EditAccount, ServerChange, ServerSettings
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.secrets import Secrets
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.trust import Side
    from desktopmail.engine.working import Working

_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Editing:
    """Edits accounts.

    Attributes:
        store: Where they are.
        secrets: Where their passwords are.
        connector: Speaks to their servers for a check.
        working: What runs for them; it begins anew.
    """

    store: Store
    secrets: Secrets
    connector: Connector
    working: Working

    async def edit(self, command: EditAccount) -> Outcome:
        """Try what is to be changed, and keep it.

        Raises:
            DoorError: A server refused, the name is taken, or a proxy is none; nothing has changed.
        """
        before, after = await self.store.read(partial(_edited_now, command))
        refuse_what_is_none(after.incoming, after.outgoing)
        sides = _to_try(before, after, command)
        if command.check and sides:
            given = GivenSecrets(command.password, command.outgoing_password, self.connector)
            await check.before_saving(after, given, self.connector, sides)
        # No password that is given for the new server goes to the old one.
        await self.working.end(after.id)
        try:
            # It may have been edited or removed while the servers were tried.
            await self.store.read(partial(_edited_now, command))
            await self.secrets.keep(after.id, command.password, command.outgoing_password)
            after = await self.store.write(partial(_keep, command))
        finally:
            if await self.store.read(partial(_is_there, after.id)):
                self.working.begin(after.id, after.kind)
        return Outcome(ids=(after.id,), label=f"Account {after.name} changed")


def _is_there(account_id: AccountId, tx: Transaction) -> bool:
    return bool(tx.fetch("SELECT 1 FROM account WHERE id = ?", (account_id,)))


def _edited_now(command: EditAccount, tx: Transaction) -> tuple[Account, Account]:
    """The account as it is, and as it is to be.

    Raises:
        DoorError: It is gone, or its name is taken.
    """
    before = accounts.get(tx, command.account_id)
    after = _edited(before, command)
    _refuse_taken(after, tx)
    return before, after


def _edited(account: Account, command: EditAccount) -> Account:
    consent = command.allow_cleartext
    return replace(
        account,
        name=account.name if command.name is None else command.name.strip() or account.name,
        display_name=(
            account.display_name if command.display_name is None else command.display_name
        ),
        incoming=_server(account.incoming, command.incoming),
        outgoing=_server(account.outgoing, command.outgoing),
        allow_cleartext=account.allow_cleartext if consent is None else consent,
    )


def _server(server: ServerSettings, change: ServerChange) -> ServerSettings:
    fields = {
        name: value
        for name in change.__struct_fields__
        if (value := getattr(change, name)) is not None
    }
    for name in ("ca_file", "password_file"):
        if fields.get(name) == "":
            fields[name] = None
    accepted = fields.pop("pins", ())
    after = msgspec.structs.replace(server, **fields)
    if not after.host.strip() or not 1 <= after.port <= _MAX_PORT:
        raise DoorError(
            f"“{after.host}”, port {after.port}, is no server.",
            remedy="Name a host, and a port from 1 to 65535.",
            code="bad-server",
        )
    is_there = (after.host, after.port) == (server.host, server.port)
    pins = (*(server.pins if is_there else ()), *accepted)
    return msgspec.structs.replace(after, pins=tuple(dict.fromkeys(pins)))


def _to_try(before: Account, after: Account, command: EditAccount) -> list[Side]:
    """The sides that are spoken to in another way."""
    changed: dict[Side, bool] = {
        "incoming": before.incoming != after.incoming or command.password is not None,
        "outgoing": before.outgoing != after.outgoing
        or command.password is not None
        or command.outgoing_password is not None,
    }
    return [side for side, is_changed in changed.items() if is_changed]


def _refuse_taken(after: Account, tx: Transaction) -> None:
    if tx.fetch("SELECT 1 FROM account WHERE name = ? AND id <> ?", (after.name, after.id)):
        raise accounts.name_taken(after.name)


def _is_another_server(before: Account, after: Account) -> bool:
    """Whether the mailboxes may be others: two ports of one machine are one server elsewhere."""
    old, new = before.incoming, after.incoming
    if (old.host.lower(), old.user) != (new.host.lower(), new.user):
        return True
    return is_loopback(new.host) and old.port != new.port


def _forget_names(tx: Transaction, account: Account) -> None:
    """Another server may name other messages by the same UIDs; what is here is met anew."""
    if account.kind is Kind.POP3:
        for one in pop_seen.every(tx, account.id).values():
            old = nameless(one.header_digest, f"was {one.uidl}")
            pop_seen.rename(tx, account.id, one.uidl, old)
        return
    for box in mailbox.of_account(tx, account.id):
        if not box.local:
            vanish.void(tx, box.id)


def _keep(command: EditAccount, tx: Transaction) -> Account:
    before, after = _edited_now(command, tx)
    sides = _to_try(before, after, command)
    accounts.edit(tx, after)
    identity.follow(tx, before, after)
    if _is_another_server(before, after):
        _forget_names(tx, after)
    learned = after.learned
    if before.outgoing.host != after.outgoing.host:
        # Whether it files what it sends has to be learned again.
        learned = msgspec.structs.replace(learned, files_sent=None)
    for side in sides:
        old, new = before.server(side), after.server(side)
        if (old.auth, old.security) != (new.auth, new.security):
            # A person chose how to log in: that is no downgrade behind their back.
            where = join_host_port(new.host, new.port)
            exposures = {one: how for one, how in learned.exposures.items() if one != where}
            learned = msgspec.structs.replace(learned, exposures=exposures)
    if learned != after.learned:
        accounts.learn(tx, after.id, learned)
    for side in sides:
        trust.settle(tx, after.id, side)
    return after
