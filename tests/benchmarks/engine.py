"""Our engine in its own process, as window and command line use it, and what is asked of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.attach import Session, attach
from desktopmail.door.commands import AddAccount, ServerSettings, SyncAccounts
from desktopmail.door.profile import Profile
from desktopmail.door.queries import EngineStatus, ReadStatus
from desktopmail.door.rows import Kind, Security, View
from desktopmail.door.sqlite import open_read_only

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.door.reader import SqliteReader

# Who looks more often takes a twentieth of the machine away from those it looks at.
_POLL_S = 0.02
_PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Running:
    """An engine that runs on a fresh profile."""

    session: Session
    reader: SqliteReader

    async def add(self, server: ServerSettings, kind: Kind = Kind.IMAP) -> int:
        """Add the account of these settings, which begins to be fetched at once."""
        outcome = await self.session.door.command(
            AddAccount(
                name="alice", address="alice@localhost", kind=kind, incoming=server,
                outgoing=server, check=False,
            )
        )  # fmt: skip
        return outcome.ids[0]

    async def sync(self) -> None:
        """Bring everything up to date."""
        await self.session.door.command(SyncAccounts())

    async def rows(self, count: int) -> None:
        """Wait until so many rows are listed."""
        until = time.monotonic() + _PATIENCE_S
        while self.reader.count(View()) < count:
            assert time.monotonic() < until, f"{self.reader.count(View())} of {count} rows came"
            await asyncio.sleep(_POLL_S)

    async def durable(self, count: int) -> None:
        """Wait until so many messages are here with their octets, whether they are found or not."""
        await self.rows(count)
        until = time.monotonic() + _PATIENCE_S
        connection = open_read_only(self.session.profile.database)
        try:
            while connection.execute(_WANTED).fetchall():
                assert time.monotonic() < until, "octets are missing"
                await asyncio.sleep(_POLL_S)
        finally:
            connection.close()

    async def peak_memory(self) -> int:
        """The most octets the engine and its worker have held so far."""
        status = await self.session.door.query(ReadStatus())
        assert isinstance(status, EngineStatus)
        return sum(map(_peak_of, (status.pid, *_children_of(status.pid))))

    def stored(self) -> int:
        """The octets of the profile on the disk, logs of the database and all."""
        files = self.session.profile.folder.rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())


_WANTED = "SELECT 1 FROM placement WHERE wanted = 1 AND uid IS NOT NULL LIMIT 1"


def _children_of(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text("ascii").split()]


def _peak_of(pid: int) -> int:
    told = Path(f"/proc/{pid}/status").read_text("ascii")
    return sum(
        int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("VmHWM:")
    )


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    """An engine on the profile in `folder`; it ends with the block."""
    session = await attach(Profile.at(folder / "profile"))
    reader = session.reader()
    try:
        yield Running(session, reader)
    finally:
        reader.close()
        await session.aclose()


def settings(folder: Path, port: int, password: str, ca_file: Path | None = None) -> ServerSettings:
    """How alice reaches a server on this machine; her password goes into a file."""
    (folder / "password").write_text(password)
    return ServerSettings(
        host="localhost",
        port=port,
        security=Security.TLS if ca_file else Security.NONE,
        user="alice",
        ca_file=str(ca_file) if ca_file else None,
        password_file=str(folder / "password"),
    )
