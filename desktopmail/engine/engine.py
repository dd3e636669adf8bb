"""The engine: what happens to a command, and who works for which account."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door import commands, queries
from desktopmail.door.commands import Outcome
from desktopmail.door.ids import AccountId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.policy import Policy
from desktopmail.door.rows import ConnectionState, Kind, Role, SendingState
from desktopmail.engine import (
    address_book,
    answering,
    backup,
    check,
    disk_use,
    doctor,
    drafts,
    journal,
    journaled,
    receipt,
    remote_images,
    settings,
    switch,
    trust,
    undo,
    unsubscribe,
)
from desktopmail.engine.connector import Connector
from desktopmail.engine.discovery.discover import OFFLINE, discover
from desktopmail.engine.files import transfer
from desktopmail.engine.outbox import Outbox
from desktopmail.engine.proxies import Proxies, Proxy
from desktopmail.engine.sandbox import Sandbox
from desktopmail.engine.secrets import Secrets
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import (
    blob,
    mailbox,
    operation,
    person,
    placement,
    problem,
    sending,
)
from desktopmail.engine.store import message as message_store
from desktopmail.engine.store.store import Store
from desktopmail.engine.sync.imap import ImapSync
from desktopmail.engine.sync.pop3 import Pop3Sync
from desktopmail.engine.sync.worker import Worker
from desktopmail.engine.transcripts import Transcripts
from desktopmail.engine.trust import Trust
from desktopmail.mime.message import Message
from desktopmail.net.tasks import TaskScope
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.ids import MailboxId, OperationId, PlacementId
    from desktopmail.door.profile import Profile
    from desktopmail.door.queries import AnyAnswer, AnyQuery
    from desktopmail.engine.journaled import Journaled
    from desktopmail.engine.secrets import Keyring
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.trust import Side
    from desktopmail.net.ports import Executor, Ports

VERSION = "0.1.0"
# An account whose worker failed by a bug of ours is started again, but not in a hurry.
_AFTER_A_BUG_S = 30.0
_UNDO_OCTETS = 12

_log = logging.getLogger("desktopmail.engine")


@dataclass(slots=True)
class _AtWork:
    """What runs for one account."""

    scope: TaskScope
    worker: Worker
    outbox: Outbox
    imap: ImapSync | None


class Engine:
    """The door, with everything behind it; one for each profile, in one process.

    Args:
        profile: Whose state it is.
        ports: Clock, randomness, network and threads.
        store_executor: Where the steps of the store run, one after the other.
        keyring_executor: A thread of its own for the keyring.
        keyring: None for the system's.

    Raises:
        DoorError: The profile cannot be used: one sentence why.
    """

    def __init__(
        self,
        profile: Profile,
        ports: Ports,
        *,
        store_executor: Executor,
        keyring_executor: Executor,
        keyring: Keyring | None = None,
    ) -> None:
        self.profile = profile
        self._ports = ports
        self._settings = settings.load(profile.settings)
        self.store = Store(profile, store_executor)
        self._secrets = Secrets(profile, keyring_executor, ports.entropy, backend=keyring)
        self._transcripts = Transcripts(ports.clock, self._settings.transcript_octets)
        self._proxies = Proxies(self._secrets, Proxy.parse(self._settings.proxy))
        self._connector = Connector(
            ports,
            self._secrets,
            self._transcripts,
            self._settings.local_name,
            self._proxies,
            Trust(self.store, ports.clock),
        )
        self._sandbox: Sandbox | None = None
        self._working: dict[AccountId, _AtWork] = {}
        self._is_offline = False
        self._started_s = ports.clock.monotonic()
        self._scope = TaskScope(self._log_failure)

    async def start(self) -> None:
        """Put right what a dead engine left, and begin the work for every account."""
        now_s = self._now_s()
        await self.store.write(lambda tx: sending.recover(tx, now_s))
        await self.store.write(lambda tx: self._forget_sandboxes(tx))
        await self.store.write(mailbox.sweep_hidden)
        while await self.store.write(person.index_some):
            pass
        for account in await self.store.read(accounts.every):
            self._begin(account.id, account.kind)

    async def aclose(self) -> None:
        """Stop all work and close the store."""
        await self._scope.close()
        for account_id in list(self._working):
            await self._end(account_id)
        if self._sandbox is not None:
            await self._sandbox.aclose()
        await self.store.aclose()

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        """Have each change told; see `Door.subscribe`."""
        return self.store.listen(listener)

    async def command(self, command: AnyCommand) -> Outcome:
        """Have a command journaled and begun; see `Door.command`."""
        match command:
            case commands.AddAccount():
                return await self._add_account(command)
            case commands.RemoveAccount():
                return await self._remove_account(command.account_id)
            case commands.SyncAccounts():
                return await self._sync(command)
            case commands.SetMailboxPolicy():
                return await self._set_policy(command)
            case commands.MoveMessages() | commands.CopyMessages():
                await self._bring_octets(command.placement_ids, command.mailbox_id)
                return await self._change(command)
            case (
                commands.StoreFlags()
                | commands.ArchiveMessages()
                | commands.DeleteMessages()
                | commands.ChangeTag()
                | commands.ForgetTag()
                | commands.CreateMailbox()
                | commands.RenameMailbox()
                | commands.DeleteMailbox()
                | commands.SubscribeMailbox()
                | commands.EmptyMailbox()
                | commands.LeaveOnServer()
            ):
                return await self._change(command)
            case (
                commands.SetIdentity()
                | commands.RemoveIdentity()
                | commands.SetContact()
                | commands.RemoveContact()
                | commands.ForgetPerson()
            ):
                now_s = self._now_s()
                return await self.store.write(lambda tx: address_book.carry_out(tx, command, now_s))
            case commands.AnswerReceipt():
                return await self._answer_receipt(command)
            case commands.Unsubscribe():
                return await self._unsubscribe(command)
            case commands.CompactStore():
                freed = await disk_use.compact(self.store)
                return Outcome(label=f"{max(0, freed) / 1e6:.1f} MB given back to the disk")
            case commands.ImportContacts(path=path):
                return await address_book.import_(self.store, self._ports, Path(path))
            case commands.ExportContacts(path=path):
                return await address_book.export(self.store, self._ports, Path(path))
            case commands.Undo(token=token):
                label = await self.store.write(lambda tx: undo.take_back(tx, token))
                self._wake_all()
                return Outcome(label=label)
            case commands.SendMessage():
                return await self._send(command)
            case commands.RetrySending(sending_id=sending_id):
                return await self._retry_sending(sending_id)
            case commands.CancelSending(sending_id=sending_id):
                return await self._cancel_sending(sending_id)
            case commands.SaveDraft():
                return await self._save_draft(command)
            case commands.FetchOctets(placement_ids=ids):
                await self._fetch_octets(ids)
                return Outcome()
            case commands.RetryOperation(operation_id=operation_id):
                return await self._retry_operation(operation_id)
            case commands.DiscardOperation(operation_id=operation_id):
                return await self._discard(operation_id)
            case commands.AnswerQuestion():
                return await self._answer(command)
            case commands.SetOffline(offline=offline):
                return await self._set_offline(offline)
            case commands.StartSandbox():
                return await self._start_sandbox()
            case commands.OpenVault(pass_phrase=pass_phrase):
                await self._secrets.open_vault(pass_phrase.text)
                self._release_all()
                return Outcome()
            case commands.SetPassword():
                return await self._set_password(command)
            case commands.SetProxy():
                return await self._set_proxy(command)
            case commands.SwitchAccount():
                return await self._switch(command)
            case commands.ExportMessages():
                return await self._export(command)
            case commands.ImportMessages(path=path, mailbox_id=mailbox_id):
                added, known = await transfer.import_(
                    self.store, self._ports, Path(path), mailbox_id
                )
                self._wake_all()
                there = (
                    f", {known} {'was' if known == 1 else 'were'} there already" if known else ""
                )
                return Outcome(label=f"{journal.messages(added)} imported{there}")
            case commands.CheckStore(repair=repair):
                findings = await doctor.examine(self.store, repair=repair)
                return Outcome(label="\n".join(findings) or "The store is sound.")
            case commands.BackUp(path=path):
                await backup.write(self.store, Path(path))
                return Outcome(label=f"Backed up to {path}")

    async def query(self, query: AnyQuery) -> AnyAnswer:
        """Ask something; see `Door.query`."""
        match query:
            case queries.ReadStatus():
                return queries.EngineStatus(
                    version=VERSION,
                    pid=os.getpid(),
                    uptime_s=self._ports.clock.monotonic() - self._started_s,
                    offline=self._is_offline,
                )
            case queries.ReadTranscript(account_id=account_id, since=since):
                return self._transcripts.read(account_id, since)
            case queries.ReadSandbox():
                if self._sandbox is None:
                    return queries.SandboxState(running=False)
                return self._sandbox.state()
            case queries.DiscoverAccount(address=address):
                if self._sandbox is not None and self._sandbox.is_home_of(address):
                    return self._sandbox.discovered(address)
                # Nothing goes round a proxy: then only what needs no network is asked.
                return await discover(address, OFFLINE if self._proxies.default else None)
            case queries.FetchRemoteImage(url=url):
                if self._is_offline:
                    raise DoorError(
                        "The image is not fetched while you work offline.", code="no-image"
                    )
                if self._proxies.default is not None:
                    raise DoorError(
                        "The image is not fetched: that would go round your proxy.",
                        code="no-image",
                    )
                return await remote_images.fetch(url)
            case queries.ReadDiskUse():
                return await disk_use.read(self.store)
            case queries.CheckAccount(account_id=account_id):
                account = await self.store.read(lambda tx: accounts.get(tx, account_id))
                return await check.check(account, self._connector)

    # Accounts

    async def _add_account(
        self, command: commands.AddAccount, *, in_memory: bool = False
    ) -> Outcome:
        taken = await self.store.read(
            lambda tx: tx.fetch("SELECT 1 FROM account WHERE name = ?", (command.name,))
        )
        if taken:
            raise accounts.name_taken(command.name)
        policy = _policy(command.policy)
        if command.check:
            await check.before_adding(command, self._connector)

        def step(tx: Transaction) -> AccountId:
            made = accounts.add(
                tx,
                name=command.name,
                address=command.address,
                display_name=command.display_name,
                kind=command.kind,
                incoming=command.incoming,
                outgoing=command.outgoing,
                allow_cleartext=command.allow_cleartext,
            )
            accounts.set_policy(tx, made, policy)
            is_local = command.kind is Kind.POP3
            for role, path in mailbox.LOCAL_MAILBOXES:
                if is_local or role is Role.INBOX:
                    mailbox.add(tx, made, path, role=role, local=is_local)
            return made

        account_id = await self.store.write(step)
        try:
            await self._keep_passwords(account_id, command, in_memory=in_memory)
        except DoorError:
            await self.store.write(lambda tx: accounts.remove(tx, account_id))
            raise
        self._begin(account_id, command.kind)
        return Outcome(ids=(account_id,), label=f"Account {command.name} added")

    async def _keep_passwords(
        self, account_id: AccountId, command: commands.AddAccount, *, in_memory: bool
    ) -> None:
        for side, password in (
            ("incoming", command.password),
            ("outgoing", command.outgoing_password),
        ):
            if password is not None:
                await self._secrets.set(
                    account_id, side, Secret(password.text), in_memory=in_memory
                )

    async def _remove_account(self, account_id: AccountId) -> Outcome:
        account = await self.store.read(lambda tx: accounts.get(tx, account_id))
        await self._end(account_id)
        await self._secrets.forget(account_id)
        await self.store.write(lambda tx: accounts.remove(tx, account_id))
        return Outcome(label=f"Account {account.name} removed")

    async def _switch(self, command: commands.SwitchAccount) -> Outcome:
        account_id = command.account_id
        account = await self.store.read(lambda tx: accounts.get(tx, account_id))
        if account_id in self._working:
            # What waits is told first; when the old server is gone for good, what is here counts.
            try:
                await self._working[account_id].worker.sync()
            except DoorError as error:
                _log.warning("before the switch of %s: %s", account.name, error.sentence)
        await self.store.read(lambda tx: switch.refuse_unsettled(tx, account_id))
        if command.password is not None:
            await self._secrets.set(account_id, "incoming", Secret(command.password.text))
        incoming = command.incoming
        if command.password is None and incoming.password_file is None:
            incoming = msgspec.structs.replace(
                incoming, password_file=account.incoming.password_file
            )
        if incoming.host == account.incoming.host and incoming.ca_file is None:
            # The same machine: who vouches for it stays the same.
            incoming = msgspec.structs.replace(incoming, ca_file=account.incoming.ca_file)
        if not incoming.proxy:
            incoming = msgspec.structs.replace(incoming, proxy=account.incoming.proxy)
        await self._end(account_id)
        try:
            await self.store.write(lambda tx: switch.switch(tx, account_id, command.kind, incoming))
        finally:
            now = await self.store.read(lambda tx: accounts.get(tx, account_id))
            self._begin(account_id, now.kind)
        await self._sync(commands.SyncAccounts(account_ids=(account_id,)))
        left = await self.store.read(lambda tx: switch.only_here(tx, account_id))
        stays = f"; {left} messages exist only here" if left and now.kind is Kind.IMAP else ""
        return Outcome(
            label=f"{account.name} fetches by {now.kind.value.upper()} now{stays}",
            left=left if now.kind is Kind.IMAP else 0,
        )

    async def _set_password(self, command: commands.SetPassword) -> Outcome:
        side: Side = "outgoing" if command.outgoing else "incoming"
        account_id = command.account_id
        await self._secrets.set(account_id, side, Secret(command.password.text))
        await self.store.write(partial(_forget_refusals, account_id))
        self._release_all()
        return Outcome()

    async def _set_proxy(self, command: commands.SetProxy) -> Outcome:
        proxy = Proxy.parse(command.proxy)
        if proxy is not None and command.password is not None:
            await self._secrets.set_for_proxy(proxy.where, Secret(command.password.text))
        chosen = msgspec.structs.replace(self._settings, proxy="" if proxy is None else str(proxy))
        settings.save(self.profile.settings, chosen)
        self._settings, self._proxies.default = chosen, proxy
        for account_id in list(self._working):  # what is open goes the old way
            await self._end(account_id)
        for account in await self.store.read(accounts.every):
            self._begin(account.id, account.kind)
        way = "straight" if proxy is None else f"through {proxy}"
        return Outcome(label=f"Servers are reached {way}")

    async def _sync(self, command: commands.SyncAccounts) -> Outcome:
        wanted = command.account_ids or tuple(self._working)
        for account_id in wanted:
            if account_id not in self._working:
                await self.store.read(partial(_account_of, account_id))
                raise DoorError(
                    "The program is offline.", remedy="Go online first.", code="offline"
                )
        if not command.headers_only:
            await self.store.write(partial(_release, wanted, self._now_s()))
        errors: list[DoorError] = []

        async def one(account_id: AccountId) -> None:
            try:
                await self._working[account_id].worker.sync(headers_only=command.headers_only)
            except DoorError as error:
                errors.append(error)

        def broke(name: str, error: Exception) -> None:
            self._log_failure(name, error)
            errors.append(
                DoorError(
                    "A fault of this program kept it from fetching mail.",
                    remedy=f"Try again; {self.profile.log} says more.",
                    code="internal",
                )
            )

        scope = TaskScope(broke)
        for account_id in wanted:
            scope.spawn(one(account_id), name=f"sync {account_id}")
        if not command.wait:
            self._scope.spawn(scope.settled(), name="sync")
            return Outcome()
        await scope.settled()
        if errors:
            raise errors[0]
        return Outcome(label=f"{len(wanted)} accounts up to date")

    async def _set_policy(self, command: commands.SetMailboxPolicy) -> Outcome:
        policy = _policy(command.policy)

        def step(tx: Transaction) -> int:
            ids = list(command.mailbox_ids)
            if command.account_id is not None:
                account = accounts.get(tx, command.account_id)
                if account.kind is not Kind.IMAP:
                    raise DoorError(
                        f"{account.name} fetches by POP3: everything of it is kept here.",
                        code="local-mailbox",
                    )
                accounts.set_policy(tx, account.id, policy)
                ids += [box.id for box in mailbox.of_account(tx, account.id) if not box.local]
            for mailbox_id in ids:
                box = mailbox.get(tx, mailbox_id)
                if box.local:
                    raise DoorError(
                        f"{box.path} exists only here: everything in it is kept.",
                        code="local-mailbox",
                    )
                mailbox.set_policy(tx, mailbox_id, policy, self._now_s())
            return len(ids)

        count = await self.store.write(step)
        self._wake_all()
        boxes = "1 mailbox keeps" if count == 1 else f"{count} mailboxes keep"
        return Outcome(label=f"{boxes} {policy.words}")

    # Messages

    async def _change(self, command: Journaled) -> Outcome:
        token = self._ports.entropy.token(_UNDO_OCTETS).hex()
        outcome = await self.store.write(lambda tx: journaled.carry_out(tx, command, token))
        self._wake_all()
        return outcome

    async def _bring_octets(
        self, placement_ids: tuple[PlacementId, ...], target: MailboxId
    ) -> None:
        """Across accounts the octets travel through here, so they have to be here."""

        def missing(tx: Transaction) -> list[PlacementId]:
            account_id = mailbox.get(tx, target).account_id
            return [
                one.id
                for one in placement.get(tx, placement_ids)
                if mailbox.get(tx, one.mailbox_id).account_id != account_id
                and tx.fetch(
                    "SELECT 1 FROM message WHERE id = ? AND blob_id IS NULL", (one.message_id,)
                )
            ]

        wanted = await self.store.read(missing)
        if wanted:
            await self._fetch_octets(tuple(wanted))

    async def _fetch_octets(self, placement_ids: tuple[PlacementId, ...]) -> None:
        def by_account(tx: Transaction) -> dict[AccountId, list[PlacementId]]:
            found: dict[AccountId, list[PlacementId]] = {}
            for one in placement.get(tx, placement_ids):
                account_id = mailbox.get(tx, one.mailbox_id).account_id
                found.setdefault(account_id, []).append(one.id)
            return found

        for account_id, ids in (await self.store.read(by_account)).items():
            at_work = self._working.get(account_id)
            if at_work is None:
                raise DoorError(
                    "The program is offline, and these messages are at the server.",
                    remedy="Go online first.",
                    code="offline",
                )
            if at_work.imap is not None:
                await at_work.imap.fetch_octets(ids, at_work.worker)

    async def _export(self, command: commands.ExportMessages) -> Outcome:
        def all_of(tx: Transaction) -> list[PlacementId]:
            rows = tx.fetch(
                "SELECT id FROM placement WHERE mailbox_id = ? AND shown = 1 ORDER BY date_s, id",
                (command.mailbox_id,),
            )
            return [row[0] for row in rows]

        ids = list(command.placement_ids) or await self.store.read(all_of)
        await self._fetch_missing(ids)
        count = await transfer.export(self.store, ids, command.form, Path(command.path))
        return Outcome(label=f"{journal.messages(count)} exported to {command.path}")

    async def _fetch_missing(self, placement_ids: Sequence[PlacementId]) -> None:
        def missing(tx: Transaction) -> list[PlacementId]:
            return [
                one.id
                for one in placement.get(tx, placement_ids)
                if tx.fetch(
                    "SELECT 1 FROM message WHERE id = ? AND blob_id IS NULL", (one.message_id,)
                )
            ]

        wanted = await self.store.read(missing)
        if wanted:
            await self._fetch_octets(tuple(wanted))

    async def _send(self, command: commands.SendMessage) -> Outcome:
        if not command.recipients:
            raise DoorError(
                "The message has no recipient.", remedy="Name one.", code="no-recipient"
            )
        _refuse_bad_wish(command.report)
        message = Message.parse(command.octets)

        def step(tx: Transaction) -> int:
            accounts.get(tx, command.account_id)
            (blob_id,) = blob.put(tx, [command.octets])
            return sending.add(
                tx,
                command.account_id,
                message_id=message.message_id or "",
                subject=message.subject,
                sender=command.sender,
                recipients=tuple(dict.fromkeys(command.recipients)),
                blob_id=blob_id,
                now_s=self._now_s(),
                delay_s=command.delay_s,
                draft=command.draft,
                answers=command.answers,
                forwards=command.forwards,
                report=command.report,
            )

        made = await self.store.write(step)
        self._wake_outbox(command.account_id)
        return Outcome(ids=(made,), label=f"“{message.subject}” is on its way")

    async def _answer_receipt(self, command: commands.AnswerReceipt) -> Outcome:
        made = await self.store.write(lambda tx: receipt.answer(tx, command, self._ports))
        self._wake_all()
        if made is None:
            return Outcome(label="No read receipt is sent")
        return Outcome(ids=(made,), label="The read receipt is on its way")

    async def _unsubscribe(self, command: commands.Unsubscribe) -> Outcome:
        def load(tx: Transaction) -> tuple[accounts.Account, bytes]:
            placed = placement.get(tx, [command.placement_id])
            octets = message_store.octets(tx, placed[0].message_id) if placed else None
            if octets is None:
                raise DoorError("The message is not here as a whole.", code="no-octets")
            account_id = mailbox.get(tx, placed[0].mailbox_id).account_id
            return accounts.get(tx, account_id), octets

        account, octets = await self.store.read(load)
        read = Message.parse(octets)
        url = unsubscribe.url_of(read)
        host = url.split("/")[2]
        if self._is_offline or self._proxies.default is not None:
            why = "you work offline" if self._is_offline else "all servers are reached by a proxy"
            raise DoorError(f"{host} is not asked while {why}.", code="offline")
        if not command.confirmed and not unsubscribe.is_vouched_for(read, account):
            raise DoorError(
                f"No signature proves that the address at {host} comes from the sender.",
                remedy="Confirm it, if you know the list.",
                code="unconfirmed",
            )
        await unsubscribe.post(url)
        return Outcome(label=f"{host} was asked to end the subscription")

    async def _retry_sending(self, sending_id: SendingId) -> Outcome:
        def step(tx: Transaction) -> AccountId:
            one = sending.get(tx, sending_id)
            if one.state not in {SendingState.FAILED, SendingState.QUEUED}:
                raise DoorError(
                    f"“{one.subject}” is {one.state.value}: it cannot be tried again now.",
                    code="wrong-state",
                )
            sending.set_state(tx, one.id, SendingState.QUEUED, self._now_s())
            return one.account_id

        account_id = await self.store.write(step)
        if account_id in self._working:
            self._working[account_id].outbox.release()
        return Outcome()

    async def _cancel_sending(self, sending_id: SendingId) -> Outcome:
        def step(tx: Transaction) -> str:
            one = sending.get(tx, sending_id)
            if one.state not in {SendingState.FAILED, SendingState.QUEUED}:
                raise DoorError(
                    f"“{one.subject}” cannot be taken back: the server may have it already.",
                    code="too-late",
                )
            sending.remove(tx, one.id)
            blob.drop_unnamed(tx, [one.blob_id])
            return one.subject

        subject = await self.store.write(step)
        return Outcome(label=f"“{subject}” taken back")

    async def _save_draft(self, command: commands.SaveDraft) -> Outcome:
        now_s = int(self._now_s())
        made = await self.store.write(
            lambda tx: drafts.save(
                tx, command.account_id, command.octets, replaces=command.replaces, now_s=now_s
            )
        )
        self._wake_all()
        return Outcome(ids=(made,), label="Draft saved")

    async def _retry_operation(self, operation_id: OperationId) -> Outcome:
        def step(tx: Transaction) -> None:
            one = operation.get(tx, operation_id)
            if one is None or one.state == "done":
                raise DoorError("This operation is not there any more.", code="no-operation")
            if one.state == "failed":  # what waits or runs is tried anyway
                operation.set_state(tx, operation_id, "pending")

        await self.store.write(step)
        self._wake_all()
        return Outcome()

    async def _discard(self, operation_id: OperationId) -> Outcome:
        def step(tx: Transaction) -> str:
            one = operation.get(tx, operation_id)
            if one is None or one.state == "done":
                raise DoorError("This operation is not there any more.", code="no-operation")
            undo.revert(tx, one)
            return one.label

        label = await self.store.write(step)
        self._wake_all()
        return Outcome(label=f"Given up: {label}")

    async def _answer(self, command: commands.AnswerQuestion) -> Outcome:
        await self.store.write(lambda tx: answering.answer(tx, command, self._now_s()))
        self._release_all()
        return Outcome()

    # Work

    def _begin(self, account_id: AccountId, kind: Kind) -> None:
        if self._is_offline or account_id in self._working:
            return
        imap = ImapSync(self.store, self._connector) if kind is Kind.IMAP else None
        cycle = imap or Pop3Sync(self.store, self._connector)
        worker = Worker(
            self.store,
            self._ports,
            account_id,
            cycle,
            poll_s=self._settings.poll_minutes * 60,
        )
        outbox = Outbox(self.store, self._connector, account_id, filed=worker.wake)
        scope = TaskScope(lambda name, error: self._restart(account_id, name, error))
        self._working[account_id] = _AtWork(scope, worker, outbox, imap)
        scope.spawn(worker.run(), name=f"account {account_id}")
        scope.spawn(outbox.run(), name=f"outbox {account_id}")

    async def _end(self, account_id: AccountId) -> None:
        at_work = self._working.pop(account_id, None)
        if at_work is not None:
            await at_work.scope.close()

    def _restart(self, account_id: AccountId, name: str, error: Exception) -> None:
        """A worker ended by an error nobody expected: say so, and begin again after a while."""
        _log.error("%s failed", name, exc_info=error)
        self._scope.spawn(self._begin_again(account_id, name, error), name=f"restart {name}")

    async def _begin_again(self, account_id: AccountId, name: str, error: Exception) -> None:
        what = f"The work for {name} failed: {type(error).__name__}: {error}."
        now_s = self._now_s()
        await self._end(account_id)
        await self.store.write(
            lambda tx: problem.report(
                tx, account_id, "engine", what, "It is tried again by itself.", now_s
            )
        )
        await self._ports.clock.sleep(_AFTER_A_BUG_S)
        account = await self.store.read(lambda tx: accounts.get(tx, account_id))
        self._begin(account_id, account.kind)

    async def _set_offline(self, offline: bool) -> Outcome:
        self._is_offline = offline
        for account in await self.store.read(accounts.every):
            if offline:
                await self._end(account.id)
                await self.store.write(partial(_set_offline, account.id))
            else:
                self._begin(account.id, account.kind)
        return Outcome(label="Offline" if offline else "Online")

    async def _start_sandbox(self) -> Outcome:
        if self._sandbox is not None:
            if not self._sandbox.is_running:
                await self._sandbox.start_again()
                self._wake_all()
            return Outcome(ids=self._sandbox.account_ids, label="The sandbox is running")
        sandbox = Sandbox(self._ports)
        await sandbox.start()
        self._sandbox = sandbox
        ids: list[AccountId] = []
        for command in sandbox.account_commands():
            outcome = await self._add_account(command, in_memory=True)
            ids += map(AccountId, outcome.ids)
        sandbox.account_ids = tuple(ids)
        await self._sync(commands.SyncAccounts(account_ids=tuple(ids)))
        return Outcome(ids=tuple(ids), label="The sandbox is ready")

    def _forget_sandboxes(self, tx: Transaction) -> None:
        """A sandbox ends with its engine; its accounts have no server any more."""
        for account in accounts.every(tx):
            if account.address.endswith("@" + Sandbox.DOMAIN):
                accounts.remove(tx, account.id)

    def _wake_all(self) -> None:
        for at_work in self._working.values():
            at_work.worker.wake()
            at_work.outbox.wake()

    def _release_all(self) -> None:
        """A person has done something: what waited for that goes on."""
        for at_work in self._working.values():
            at_work.worker.release()
            at_work.outbox.release()

    def _wake_outbox(self, account_id: AccountId) -> None:
        if account_id in self._working:
            self._working[account_id].outbox.wake()

    def _now_s(self) -> float:
        return self._ports.clock.now().timestamp()

    def _log_failure(self, name: str, error: Exception) -> None:
        _log.error("%s failed", name, exc_info=error)


def _refuse_bad_wish(wish: commands.ReportWish) -> None:
    known = {"success", "failure", "delay", "never"}
    wanted = set(wish.notify)
    if wanted - known or ("never" in wanted and len(wanted) > 1):
        raise DoorError(
            f"{', '.join(wish.notify)} cannot be reported: there are success, failure and delay,"
            " or never alone.",
            code="bad-report",
        )


def _account_of(account_id: AccountId, tx: Transaction) -> accounts.Account:
    return accounts.get(tx, account_id)


def _release(account_ids: tuple[AccountId, ...], now_s: float, tx: Transaction) -> None:
    for account_id in account_ids:
        mailbox.release(tx, account_id, now_s)


def _forget_refusals(account_id: AccountId, tx: Transaction) -> None:
    """A new password was given; the outgoing server may take the incoming one."""
    for side in check.SIDES:
        trust.settle(tx, account_id, side, (trust.PASSWORD,))


def _policy(text: str) -> Policy:
    try:
        return Policy.parse(text)
    except ValueError as error:
        raise DoorError(str(error), code="bad-policy") from error


def _set_offline(account_id: AccountId, tx: Transaction) -> None:
    accounts.set_state(tx, account_id, ConnectionState.OFFLINE)
