"""Switching an account between POP3 and IMAP: its placements change, its messages stay.

What is here is recognised by header digests when the other protocol first looks, so nothing is
fetched again; what was marked here is told to an IMAP server, and nothing is cleared there. What
was filed here is moved there (`sync/filed.py`). What exists only here stays; what was deleted for
good does not come back by POP3 (`purged.py`).
"""

from __future__ import annotations

import dataclasses
import logging
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import Outcome, SyncAccounts
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Role
from desktopmail.engine import check, only_here, purged
from desktopmail.engine.check import GivenSecrets
from desktopmail.engine.labels import messages
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, operation, placement, pop_seen, problem
from desktopmail.engine.sync import not_given

if TYPE_CHECKING:
    from desktopmail.door.commands import ServerSettings, SwitchAccount
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.secrets import Secrets
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.sync.round import Round
    from desktopmail.engine.working import Working
    from desktopmail.net.ports import Clock

_log = logging.getLogger("desktopmail.engine")


class Switching:
    """Switches accounts, with what works for them.

    Args:
        store: Where they are.
        secrets: Where their passwords are.
        connector: Tries the new server.
        working: Ended before the switch, begun after it.
        rounds: The first look by the other protocol.
        clock: When it was switched.
    """

    def __init__(
        self,
        store: Store,
        secrets: Secrets,
        connector: Connector,
        working: Working,
        rounds: Round,
        clock: Clock,
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._connector = connector
        self._working = working
        self._rounds = rounds
        self._clock = clock

    async def switch(self, command: SwitchAccount) -> Outcome:
        """Have an account fetch its mail the other way; answers when the first look is done.

        Raises:
            DoorError: We are offline, something waits for the old server, or the new one did not
                let us in: nothing has changed. Or the first look failed.
        """
        account_id = command.account_id
        await self._tell_what_waits(await self._store.read(partial(_account, account_id)))
        switched = await self._store.read(partial(_switched_now, command))
        given = GivenSecrets(command.password, None, self._connector)
        await check.before_saving(switched, given, self._connector, ("incoming",))
        # No password that is given for the new server goes to the old one.
        await self._working.end(account_id)
        now_s = self._clock.now().timestamp()
        try:
            # It may have been edited, and more may wait, since the new server was tried.
            await self._store.read(partial(_switched_now, command))
            await self._secrets.keep(account_id, command.password, None)
            now = await self._store.write(partial(_switch_now, command, now_s))
        finally:
            for one in await self._store.read(accounts.every):
                if one.id == account_id:
                    self._working.begin(account_id, one.kind)
        await self._rounds.run(SyncAccounts(account_ids=(account_id,)))
        label = f"{now.name} fetches by {now.kind.value.upper()} now"
        if now.kind is Kind.IMAP:
            left = await self._store.read(lambda tx: only_here.stays(tx, account_id))
            stays = f"; {messages(left)} {'exists' if left == 1 else 'exist'} only here"
        else:
            left = await self._store.read(lambda tx: _by_headers(tx, account_id))
            stays = f"; {messages(left)} here by the header alone: no server gave the rest"
        return Outcome(label=f"{label}{stays}" if left else label, left=left)

    async def _tell_what_waits(self, account: Account) -> None:
        at_work = await self._working.need(account.id)
        try:
            await at_work.worker.sync()
        except DoorError as error:
            # When the old server is gone for good, what is here counts.
            _log.warning("before the switch of %s: %s", account.name, error.sentence)


def _account(account_id: AccountId, tx: Transaction) -> Account:
    return accounts.get(tx, account_id)


def _switched_now(command: SwitchAccount, tx: Transaction) -> Account:
    """The account as it is to be.

    Raises:
        DoorError: It is gone, or something waits for the old server.
    """
    refuse_unsettled(tx, command.account_id)
    account = accounts.get(tx, command.account_id)
    return dataclasses.replace(account, kind=command.kind, incoming=_as_before(command, account))


def _switch_now(command: SwitchAccount, now_s: float, tx: Transaction) -> Account:
    switched = _switched_now(command, tx)
    switch(tx, switched.id, switched.kind, switched.incoming, now_s)
    return switched


def _as_before(command: SwitchAccount, account: Account) -> ServerSettings:
    """The new server, with what goes without saying."""
    incoming, before = command.incoming, account.incoming
    if command.password is None and incoming.password_file is None:
        incoming = msgspec.structs.replace(incoming, password_file=before.password_file)
    if incoming.host == before.host and incoming.ca_file is None:
        # The same machine: who vouches for it stays the same.
        incoming = msgspec.structs.replace(incoming, ca_file=before.ca_file)
    if not incoming.proxy:
        incoming = msgspec.structs.replace(incoming, proxy=before.proxy)
    return incoming


def refuse_unsettled(tx: Transaction, account_id: AccountId) -> None:
    """Stop before anything that only the old server knows would be left behind.

    Raises:
        DoorError: Changes wait for the server, or octets are there only. What it does not give,
            or has not, keeps no account from going.
    """
    waiting = len(operation.pending(tx, account_id))
    if waiting:
        raise DoorError(
            "1 change has not reached the server yet."
            if waiting == 1
            else f"{waiting} changes have not reached the server yet.",
            remedy="Let them be told, or give them up, and switch then.",
            code="unsettled",
        )
    missing = _still_to_come(tx, account_id)
    if missing:
        raise DoorError(
            "1 message is not here as a whole yet."
            if missing == 1
            else f"{missing} messages are not here as a whole yet.",
            remedy="Have everything kept here (`desktopmail account policy`), sync, and switch"
            " then.",
            code="unsettled",
        )


def _still_to_come(tx: Transaction, account_id: AccountId) -> int:
    """How many messages are not here as a whole, and may come from their server yet."""
    lacking = tx.fetch(
        "SELECT p.id, p.uid IS NOT NULL OR EXISTS (SELECT 1 FROM pop_seen AS s"
        "  WHERE s.account_id = b.account_id AND s.message_id = m.id)"
        " FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
        " JOIN message AS m ON m.id = p.message_id"
        " WHERE b.account_id = ? AND p.gone_cycle IS NULL AND m.blob_id IS NULL",
        (account_id,),
    )
    refused = set(not_given.placements(tx, account_id)) if lacking else set()
    return sum(1 for one, has_server in lacking if has_server and one not in refused)


def _by_headers(tx: Transaction, account_id: AccountId) -> int:
    """How many messages are here by their headers alone."""
    row = tx.fetch_one(
        "SELECT count(*) FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
        " JOIN message AS m ON m.id = p.message_id"
        " WHERE b.account_id = ? AND p.shown = 1 AND m.blob_id IS NULL",
        (account_id,),
    )
    return int(row[0]) if row is not None else 0


def switch(
    tx: Transaction, account_id: AccountId, kind: Kind, incoming: ServerSettings, now_s: float
) -> None:
    """Have an account fetch its mail the other way from now on."""
    account = accounts.get(tx, account_id)
    if account.kind is not kind:
        if kind is Kind.POP3:
            _leave_imap(tx, account_id, now_s)
        else:
            _leave_pop3(tx, account_id)
        problem.settle(tx, account_id, account.kind.value)  # nobody asks that server any more
        not_given.forget(tx, account_id)
    accounts.set_kind(tx, account_id, kind, incoming)
    tx.touch_mailboxes(account_id)


def _leave_imap(tx: Transaction, account_id: AccountId, now_s: float) -> None:
    for role, path in mailbox.LOCAL_MAILBOXES:
        if mailbox.find_role(tx, account_id, role) is None:
            mailbox.add(tx, account_id, path, role=role, local=True)
    not_given.drop_stand_ins(tx, account_id)
    purged.put_away(tx, account_id)
    pop_seen.note_imap(tx, account_id, int(now_s))
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


def _leave_pop3(tx: Transaction, account_id: AccountId) -> None:
    """The Inbox is the server's now; the others become so when the server lists one for them."""
    pop_seen.forget_imap(tx, account_id)
    inbox = mailbox.find_role(tx, account_id, Role.INBOX)
    if inbox is not None:
        tx.execute("UPDATE mailbox SET local = 0 WHERE id = ?", (inbox.id,))
