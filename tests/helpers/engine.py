"""An engine in the process of the test, on a server in a thread of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import (
    AddAccount,
    Outcome,
    Password,
    ServerSettings,
    SwitchAccount,
    SyncAccounts,
)
from desktopmail.door.ids import AccountId, MailboxId, PlacementId
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Kind, MessageRow, Security, View
from desktopmail.engine.engine import Engine
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import ThreadExecutor, system_ports
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desktopmail.engine.secrets import Keyring
    from desktopmail.net.ports import Ports
    from localserver.local import LocalServer
    from tests.helpers.relay import Relay

PASSWORDS = {"alice": "correct horse", "bob": "battery staple"}
PATIENCE_S = 15.0


class MemoryKeyring:
    """A keyring that forgets everything with the test."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.kept.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        self.kept[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.kept[service_name, username]


class Bench:
    """An engine with a reader, and shortcuts for what tests do with them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        clock = engine._ports.clock
        self.reader = SqliteReader(engine.profile, now_s=lambda: clock.now().timestamp())

    async def close(self) -> None:
        """End the engine."""
        self.reader.close()
        await self.engine.aclose()

    async def add(
        self, server: LocalServer, user: str = "alice", kind: Kind = Kind.IMAP, **more: object
    ) -> AccountId:
        """Add an account of a user of the server."""
        outcome = await self.engine.command(account_command(server, user, kind, **more))
        return AccountId(outcome.ids[0])

    async def sync(self, *accounts: AccountId, headers_only: bool = False) -> Outcome:
        """Bring accounts up to date."""
        return await self.engine.command(
            SyncAccounts(account_ids=accounts, headers_only=headers_only)
        )

    async def cycle(self, account_id: AccountId) -> None:
        """Have an account look for what is new by itself: nobody asked for it."""
        at_work = self.engine.working.of(account_id)
        assert at_work is not None
        await at_work.worker.sync()

    async def switch(
        self, server: LocalServer, account_id: AccountId, kind: Kind, *, syncs: int = 0
    ) -> Outcome:
        """Have the account of alice fetch in another way, and bring it up to date so many times."""
        incoming = ServerSettings(
            host="127.0.0.1", port=server.ports[kind.value], security=Security.NONE, user="alice"
        )
        outcome = await self.engine.command(
            SwitchAccount(
                account_id=account_id,
                kind=kind,
                incoming=incoming,
                password=Password(PASSWORDS["alice"]),
            )
        )
        for _ in range(syncs):
            await self.sync(account_id)
        return outcome

    def mailbox(self, path: str = "INBOX", account_id: AccountId | None = None) -> MailboxId:
        """The id of a mailbox."""
        found = [row.id for row in self.reader.mailboxes(account_id) if row.path == path]
        assert found, f"no mailbox {path}"
        return found[0]

    def rows(self, path: str = "INBOX", account_id: AccountId | None = None) -> list[MessageRow]:
        """What a mailbox shows, by subject."""
        view = View(mailbox_ids=(self.mailbox(path, account_id),))
        return sorted(self.reader.window(view, 0, 100_000), key=lambda row: row.subject)

    def subjects(self, path: str = "INBOX", account_id: AccountId | None = None) -> list[str]:
        """The subjects that a mailbox shows."""
        return [row.subject for row in self.rows(path, account_id)]

    def problems(self) -> list[str]:
        """What is said to be wrong."""
        return [problem.what for problem in self.reader.problems()]

    def placed(self, subject: str, path: str = "INBOX") -> PlacementId:
        """The placement of a message in a mailbox."""
        return next(row.id for row in self.rows(path) if row.subject == subject)


def account_command(
    server: LocalServer, user: str, kind: Kind, *, password: str | None = None, check: bool = False
) -> AddAccount:
    """The command that adds an account of a user of the server."""

    def settings(port: int) -> ServerSettings:
        return ServerSettings(host="127.0.0.1", port=port, security=Security.NONE, user=user)

    return AddAccount(
        name=f"{user}-{kind.value}",
        address=f"{user}@{server.domain}",
        kind=kind,
        incoming=settings(server.ports[kind.value]),
        outgoing=settings(server.ports["submission"]),
        password=Password(PASSWORDS[user] if password is None else password),
        check=check,
    )


@asynccontextmanager
async def running_engine(
    folder: Path, keyring: Keyring | None = None, *, ports: Ports | None = None
) -> AsyncIterator[Bench]:
    """Start an engine on the profile in `folder`, and end it."""
    with ThreadPoolExecutor(1) as store_thread, ThreadPoolExecutor(1) as keyring_thread:
        engine = Engine(
            Profile.at(folder),
            ports or system_ports(),
            store_executor=ThreadExecutor(store_thread),
            keyring_executor=ThreadExecutor(keyring_thread),
            keyring=keyring or MemoryKeyring(),
        )
        await engine.start()
        bench = Bench(engine)
        try:
            yield bench
        finally:
            await bench.close()


@asynccontextmanager
async def synced_engine(
    folder: Path,
    server: LocalServer,
    keyring: MemoryKeyring | None = None,
    *,
    kind: Kind = Kind.IMAP,
) -> AsyncIterator[tuple[Bench, AccountId]]:
    """Start an engine with an account of the server that is up to date, and end it."""
    async with running_engine(folder, keyring) as bench:
        account_id = await bench.add(server, kind=kind)
        await bench.sync(account_id)
        yield bench, account_id


@asynccontextmanager
async def relayed_engine(
    folder: Path, server: LocalServer, relay: Relay
) -> AsyncIterator[tuple[Bench, AccountId]]:
    """Start an engine that speaks to the IMAP server through a relay, and end it."""
    async with relay.serve(), running_engine(folder) as bench:
        command = account_command(server, "alice", Kind.IMAP)
        incoming = msgspec.structs.replace(command.incoming, port=relay.port)
        made = await bench.engine.command(msgspec.structs.replace(command, incoming=incoming))
        yield bench, AccountId(made.ids[0])


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    while not condition():
        assert loop.time() < deadline, f"never came about: {what}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def other_device(server: LocalServer, user: str = "alice") -> AsyncIterator[ImapClient]:
    """Another IMAP client of the same user."""
    endpoint = Endpoint("127.0.0.1", server.ports["imap"], NetSecurity.NONE)
    client = await ImapClient.connect(endpoint, ports=system_ports())
    try:
        await client.login(user, Secret(PASSWORDS[user]))
        yield client
        await client.logout()
    finally:
        await client.aclose()


async def removed_elsewhere(server: LocalServer, uid: int, *, mailbox: str = "INBOX") -> None:
    """Have another device remove a message for good."""
    async with other_device(server) as device:
        await device.select(mailbox)
        await device.uid_store(UidSet.of([Uid(uid)]), StoreMode.ADD, [DELETED])
        await device.expunge()
