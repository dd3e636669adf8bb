"""An account in memory, with messages in its INBOX."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.net.ports import system_ports
from localserver.store.account import Message
from localserver.store.interface import StoreLimits
from localserver.store.sqlite import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from localserver.store.account import Account
    from localserver.store.sqlite import SqliteStore

PLAIN = b"Subject: x\r\n\r\nbody\r\n"


@asynccontextmanager
async def a_store(folder: Path | None = None, **limits: int) -> AsyncIterator[SqliteStore]:
    store = await open_store(
        folder, system_ports(), limits=StoreLimits(**limits), known=lambda _: True
    )
    try:
        yield store
    finally:
        await store.aclose()


@asynccontextmanager
async def an_account(*octets: bytes, **limits: int) -> AsyncIterator[Account]:
    async with a_store(**limits) as store:
        account = await store.account("alice")
        if octets:
            await account.append(account.mailbox("INBOX"), [Message(each) for each in octets])
        yield account
