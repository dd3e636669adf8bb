"""A server's folder as the commands open it while no server runs on it."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desktopmail.net.ports import system_ports
from localserver.config import Config
from localserver.credential_table import TableCredentials, open_credentials
from localserver.lock import lock_folder
from localserver.snapshot import databases
from localserver.store.errors import LockedError, StoreError
from localserver.store.interface import StoreLimits
from localserver.store.sqlite import SqliteStore, open_store
from localserver.users import Users

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# Whether it can be read is seen when it is opened: that is a refusal, not wrong usage.
Data = Annotated[Path, typer.Option(help="The server's folder.", readable=False)]


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """An open folder.

    Attributes:
        users: The users at rest.
        credentials: Their secrets.
        store: Their mail.
    """

    users: Users
    credentials: TableCredentials
    store: SqliteStore


@contextmanager
def locked(data: Path, *, make: bool = False) -> Iterator[None]:
    """Keep servers and other commands off a folder.

    Args:
        data: The folder.
        make: Make it when it does not exist; else nothing is put into a folder of something else.

    Raises:
        StoreError: It does not exist, or is not a server's.
        LockedError: A server or another command works on it.
    """
    if not make and not data.is_dir():
        raise StoreError(f"There is no folder {data}; name that of a server with --data.")
    if not make and not (databases(data) or (data / "lock").exists()):
        raise StoreError(f"{data} is no folder of a mail server; choose another --data.")
    try:
        lock = lock_folder(data)
    except LockedError as error:
        raise LockedError(
            f"A server or another command works on the folder {data}; stop it, then try again."
        ) from error
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def opened(data: Path, *, make: bool = False) -> AsyncIterator[ServerFolder]:
    """Open a folder, locked against a running server.

    Args:
        data: The folder.
        make: Make it when it does not exist; else nothing is put into a folder of something else.

    Raises:
        StoreError: It does not exist, or is not a server's.
        LockedError: A server works on it.
    """
    with locked(data, make=make):
        ports = system_ports()
        credentials = await open_credentials(data, ports)
        try:
            users = Users(Config(data=data), credentials, ports.clock, decoy_key=b"")
            # Mail of users who were named on the command line of `serve` is there without a user
            # at rest.
            store = await open_store(data, ports, limits=StoreLimits(), known=lambda _: True)
            try:
                yield ServerFolder(users, credentials, store)
            finally:
                await store.aclose()
        finally:
            await credentials.aclose()
