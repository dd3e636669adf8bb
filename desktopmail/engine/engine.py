"""The engine: its parts put together, and which of them answers which command and query."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail import __version__
from desktopmail.door import commands, queries
from desktopmail.engine import (
    address_book,
    demo,
    disk_use,
    drafts,
    freed_memory,
    kept_transcript,
    only_here,
    operations,
    policy,
    questions,
    receipt,
    settings,
    undo,
    upkeep,
)
from desktopmail.engine.account import Accounts
from desktopmail.engine.connector import Connector
from desktopmail.engine.demo import Demo
from desktopmail.engine.edit import Editing
from desktopmail.engine.files import transfer
from desktopmail.engine.indexing import index_waiting
from desktopmail.engine.journaled import Journaling
from desktopmail.engine.octets import Octets
from desktopmail.engine.password import Passwords
from desktopmail.engine.proxy import Proxies, Proxy, ProxyChoice
from desktopmail.engine.quarantine import Quarantine
from desktopmail.engine.recovered import Recovery
from desktopmail.engine.search import ServerSearch
from desktopmail.engine.secrets import Secrets
from desktopmail.engine.send import Sender
from desktopmail.engine.store import mailbox, person, sending
from desktopmail.engine.store.store import Store
from desktopmail.engine.switch import Switching
from desktopmail.engine.sync.round import Round
from desktopmail.engine.transcripts import Transcripts
from desktopmail.engine.trust import Trust
from desktopmail.engine.working import Working, log_failure
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.profile import Profile
    from desktopmail.door.queries import AnyAnswer, AnyQuery
    from desktopmail.engine.secrets import Keyring
    from desktopmail.engine.store.store import Transaction
    from desktopmail.net.ports import Executor, Ports


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
        self._scope = TaskScope(log_failure)
        self._started_s = ports.clock.monotonic()
        chosen = settings.load(profile.settings)
        self.store = store = Store(profile, store_executor)
        self.secrets = secrets = Secrets(profile, keyring_executor, ports.entropy, backend=keyring)
        self._transcripts = Transcripts(ports.clock, chosen.transcript_octets)
        kept_transcript.load(profile, self._transcripts)
        self._proxies = Proxies(secrets, Proxy.parse(chosen.proxy))
        trust = Trust(store, ports.clock)
        connector = Connector(
            ports, secrets, self._transcripts, chosen.local_name, self._proxies, trust
        )
        self._stays_s = 0.0
        self.working = working = Working(store, ports, connector, poll_s=chosen.poll_minutes * 60)
        trust.taken_back = working.release_outbox
        self._round = Round(store, working, ports.clock, profile.log)
        self._octets = Octets(store, working)
        self._accounts = Accounts(store, secrets, connector, working)
        self._editing = Editing(store, secrets, connector, working)
        self._passwords = Passwords(store, secrets, working)
        self._proxy_choice = ProxyChoice(self._proxies, secrets, working, profile.settings)
        self._switching = Switching(store, secrets, connector, working, self._round, ports.clock)
        self._journaling = Journaling(store, ports.entropy, self._octets, working)
        self._search = ServerSearch(store, working)
        self._sender = Sender(store, working, ports.clock)
        self._quarantine = Quarantine(store)
        self._recovery = Recovery(store, ports)
        self._demo = Demo(ports, self._accounts, working, self._round)

    async def start(self, *, deaths_seen: int = 0) -> None:
        """Put right what a dead engine left, and begin the work for every account.

        Args:
            deaths_seen: How many deaths whoever started us has seen within a minute.

        Raises:
            DoorError: It died so often that it does not begin once more.
        """
        now_s = self._now_s()
        await self.store.write(lambda tx: sending.recover(tx, now_s))
        await self._quarantine.begin(now_s, deaths_seen=deaths_seen)
        await self.store.write(demo.forget_old)
        await self.store.write(mailbox.sweep_hidden)
        while await self.store.write(person.index_some):
            pass
        self._index_waiting()
        self._scope.spawn(self._recovery.bring_back(), name="recovery")
        await self.working.begin_all()

    def _index_waiting(self) -> None:
        """Let what no words come of soon be found by what is here."""
        self._scope.spawn(index_waiting(self.store, self._ports), name="indexing")

    def rest(self) -> None:
        """Give back what a large piece of work needed, now that there is none."""
        self._scope.spawn(self._give_back(), name="resting")

    async def _give_back(self) -> None:
        await self.store.let_caches_go()
        await self._ports.executor.run(freed_memory.give_back)

    async def aclose(self) -> None:
        """Stop all work and close the store."""
        await self.working.aclose()
        await self._demo.aclose()
        await self._scope.close()
        await self._ports.executor.run(kept_transcript.save, self.profile, self._transcripts)
        await self.store.aclose()

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        """Have each change told; see `Door.subscribe`."""
        leave = self.store.listen(listener)
        if self.store.trouble.what:
            listener(self.store.trouble)
        return leave

    async def command(self, command: AnyCommand) -> Outcome:
        """Have a command journaled and begun; see `Door.command`."""
        match command:
            case commands.AddAccount():
                outcome = await self._accounts.add(command)
                self._scope.spawn(self._recovery.bring_back(), name="recovery")
                return outcome
            case commands.EditAccount():
                return await self._editing.edit(command)
            case commands.RemoveAccount():
                outcome = await self._accounts.remove(command)
                self._transcripts.forget(command.account_id)
                return outcome
            case commands.SwitchAccount():
                return await self._switching.switch(command)
            case commands.SyncAccounts():
                return await self._round.run(command)
            case commands.SetMailboxPolicy():
                return await self._step(lambda tx: policy.carry_out(tx, command, self._now_s()))
            case (
                commands.StoreFlags()
                | commands.ArchiveMessages()
                | commands.DeleteMessages()
                | commands.MoveMessages()
                | commands.CopyMessages()
                | commands.ChangeTag()
                | commands.ForgetTag()
                | commands.CreateMailbox()
                | commands.RenameMailbox()
                | commands.DeleteMailbox()
                | commands.SubscribeMailbox()
                | commands.EmptyMailbox()
                | commands.LeaveOnServer()
            ):
                return await self._journaling.carry_out(command)
            case commands.Undo(token=token):
                return await self._step(lambda tx: undo.carry_out(tx, token))
            case commands.RetryOperation(operation_id=operation_id):
                return await self._step(lambda tx: operations.retry(tx, operation_id))
            case commands.DiscardOperation(operation_id=operation_id):
                return await self._step(lambda tx: operations.discard(tx, operation_id))
            case (
                commands.SetIdentity()
                | commands.RemoveIdentity()
                | commands.SetContact()
                | commands.RemoveContact()
                | commands.ForgetPerson()
            ):
                now_s = self._now_s()
                return await self.store.write(lambda tx: address_book.carry_out(tx, command, now_s))
            case commands.ImportContacts(path=path):
                return await address_book.import_(self.store, self._ports, Path(path))
            case commands.ExportContacts(path=path):
                return await address_book.export(self.store, self._ports, Path(path))
            case commands.SendMessage():
                return await self._sender.send(command)
            case commands.RetrySending(sending_id=sending_id):
                return await self._sender.retry(sending_id)
            case commands.CancelSending(sending_id=sending_id):
                return await self._sender.cancel(sending_id)
            case commands.SaveDraft():
                return await self._step(lambda tx: drafts.carry_out(tx, command, self._now_s()))
            case commands.AnswerReceipt():
                return await self._step(lambda tx: receipt.carry_out(tx, command, self._ports))
            case commands.Unsubscribe():
                from desktopmail.engine import (
                    unsubscribe,
                )  # HTTP comes in when it is used: 11 MB and a fifth of a start

                return await unsubscribe.leave(
                    command, self.store, offline=self.working.is_offline, proxied=self._is_proxied
                )
            case commands.FetchOctets(placement_ids=ids):
                return await self._octets.carry_out(ids)
            case commands.AnswerQuestion():
                answer = questions.answer
                released = await self.store.write(lambda tx: answer(tx, command, self._now_s()))
                await self._quarantine.reload()
                await self.working.begin_all()
                self.working.wake_all()
                if released is not None:
                    self.working.release(released)
                return commands.Outcome()
            case commands.SetOffline(offline=offline):
                outcome = await self.working.set_offline(offline)
                if offline:
                    self._index_waiting()
                return outcome
            case commands.StartSandbox():
                return await self._demo.start()
            case commands.OpenVault(pass_phrase=pass_phrase, stays_s=stays_s):
                outcome = await self._passwords.open_vault(pass_phrase)
                self._stays_s = max(self._stays_s, stays_s)
                return outcome
            case commands.SetPassword():
                return await self._passwords.set(command)
            case commands.SetProxy():
                return await self._proxy_choice.set(command)
            case commands.ExportMessages():
                return await transfer.carry_out_export(command, self.store, self._octets)
            case commands.ImportMessages():
                outcome = await transfer.carry_out_import(command, self.store, self._ports)
                self.working.wake_all()
                return outcome
            case commands.CompactStore():
                return await upkeep.compact(self.store)
            case commands.CheckStore():
                return await upkeep.examine(self.store, self._ports, command)
            case commands.BackUp():
                return await upkeep.back_up(self.store, command)

    async def query(self, query: AnyQuery) -> AnyAnswer:
        """Ask something; see `Door.query`."""
        match query:
            case queries.ReadStatus():
                return queries.EngineStatus(
                    version=__version__,
                    pid=os.getpid(),
                    uptime_s=self._ports.clock.monotonic() - self._started_s,
                    offline=self.working.is_offline,
                )
            case queries.ReadTranscript(account_id=account_id, since=since):
                return self._transcripts.read(account_id, since)
            case queries.ReadSandbox():
                return self._demo.state()
            case queries.DiscoverAccount(address=address):
                # Nothing goes round a proxy: then only what needs no network is asked.
                from desktopmail.engine.discovery.discover import OFFLINE, discover

                at_home = self._demo.discovered(address)
                return at_home or await discover(address, OFFLINE if self._is_proxied else None)
            case queries.FetchRemoteImage(url=url):
                from desktopmail.engine import remote_images

                return await remote_images.answer(
                    url, offline=self.working.is_offline, proxied=self._is_proxied
                )
            case queries.ReadDiskUse():
                return await disk_use.read(self.store)
            case queries.ReadPasswordPlace(account_id=account_id):
                return await self.secrets.place(account_id)
            case queries.ReadOnlyHere():
                return await only_here.read(self.store, query)
            case queries.CheckAccount(account_id=account_id):
                return await self._accounts.check(account_id)
            case queries.SearchServers():
                return await self._search.answer(query)

    async def _step(self, step: Callable[[Transaction], Outcome]) -> Outcome:
        """Do what is one step of the store, and have the workers look what there is to tell."""
        outcome = await self.store.write(step)
        self.working.wake_all()
        return outcome

    @property
    def stays_s(self) -> float:
        """For how long this engine is wanted after its last client.

        Not where the next one is to put the store together anew, which takes its lock.
        """
        return 0.0 if self.profile.salvage.exists() else self._stays_s

    @property
    def _is_proxied(self) -> bool:
        return self._proxies.default is not None

    def _now_s(self) -> float:
        return self._ports.clock.now().timestamp()
