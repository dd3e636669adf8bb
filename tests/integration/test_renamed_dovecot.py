"""Debian's Dovecot, and another device that renames mailboxes there while this one is offline."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    AddAccount,
    MoveMessages,
    Password,
    ServerSettings,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.rows import Flag, Kind, Security
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.flags import FLAGGED
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.secret import Secret
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.engine import Bench, running_engine
from tests.helpers.relay import Relay
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.peer("dovecot")
PASSWORD = "tanstaaf"
COUNT = 3000


@asynccontextmanager
async def device_at(server: Dovecot) -> AsyncIterator[ImapClient]:
    endpoint = Endpoint("127.0.0.1", server.imap, NetSecurity.NONE)
    client = await ImapClient.connect(endpoint, ports=system_ports())
    try:
        await client.login("alice", Secret(PASSWORD))
        yield client
        await client.logout()
    finally:
        await client.aclose()


async def fill(server: Dovecot) -> None:
    """Have a large mailbox, with a small and an empty one in it."""
    async with device_at(server) as device:
        for path in ("Work", "Work/Old", "Work/Old/Empty"):
            await device.create(path)
            await device.subscribe(path)
        await device.append("Work", mail(0))
        for number in range(5):
            await device.append("Work/Old", mail(COUNT + number))
        await device.append("INBOX", mail(2 * COUNT))
    folder = server.home("alice") / "Maildir" / ".Work"
    owner = folder.stat()
    for number in range(1, COUNT):
        path = folder / "new" / f"{1_700_000_000 + number}.M1P1.x"
        path.write_bytes(mail(number).replace(b"\r\n", b"\n"))
        os.chown(path, owner.st_uid, owner.st_gid)


async def add(bench: Bench, relay: Relay) -> None:
    plain = ServerSettings(host="127.0.0.1", port=relay.port, security=Security.NONE, user="alice")
    await bench.engine.command(
        AddAccount(
            name="alice", address="alice@localhost", kind=Kind.IMAP, incoming=plain,
            outgoing=plain, password=Password(PASSWORD), check=False,
        )
    )  # fmt: skip
    await bench.sync()


async def flagged(device: ImapClient, path: str) -> int:
    await device.select(path, readonly=True)
    answers = device.uid_fetch(UidSet.span(1), (Item.UID, Item.FLAGS))
    return len(
        [one async for one in answers if isinstance(one, FetchResponse) and FLAGGED in one.flags]
    )


async def test_a_large_mailbox_that_was_renamed_costs_some_headers_and_gets_what_waited(
    tmp_path: Path,
) -> None:
    with running_dovecot({"alice": PASSWORD}) as server:
        await fill(server)
        relay = Relay(server.imap)
        async with relay.serve(), running_engine(tmp_path) as bench:
            await add(bench, relay)
            ids = {row.path: row.id for row in bench.reader.mailboxes() if "Work" in row.path}
            before = {row.id for row in bench.rows("Work")}
            assert (len(ids), len(before)) == (3, COUNT)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            for subject in ("Subject 7", "Subject 2999"):
                await bench.engine.command(
                    StoreFlags(placement_ids=(bench.placed(subject, "Work"),), add=Flag.FLAGGED)
                )
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed(f"Subject {2 * COUNT}"),), mailbox_id=ids["Work"]
                )
            )
            async with device_at(server) as device:
                await device.rename("Work", "Jobs")
                for path in ("Work", "Work/Old", "Work/Old/Empty"):
                    await device.unsubscribe(path)
                    await device.subscribe(path.replace("Work", "Jobs"))
            relay.forget()
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            assert relay.octets < 16_000
            now = {row.path: row.id for row in bench.reader.mailboxes() if "Jobs" in row.path}
            assert now == {path.replace("Work", "Jobs"): one for path, one in ids.items()}
            assert before < {row.id for row in bench.rows("Jobs")}
            assert bench.reader.operations() == []
            async with device_at(server) as device:
                assert await flagged(device, "Jobs") == 2
                assert (await device.select("Jobs")).exists == COUNT + 1


async def test_names_that_were_swapped_at_dovecot_mix_no_messages_up(tmp_path: Path) -> None:
    with running_dovecot({"alice": PASSWORD}) as server:
        async with device_at(server) as device:
            for path, first in (("A", 0), ("B", 100)):
                await device.create(path)
                for number in range(first, first + 6):
                    await device.append(path, mail(number))
        relay = Relay(server.imap)
        async with relay.serve(), running_engine(tmp_path) as bench:
            await add(bench, relay)
            await bench.engine.command(SetOffline(offline=True))
            for path, subject in (("A", "Subject 2"), ("B", "Subject 102")):
                await bench.engine.command(
                    StoreFlags(placement_ids=(bench.placed(subject, path),), add=Flag.FLAGGED)
                )
            async with device_at(server) as device:
                for old, new in (("A", "tmp"), ("B", "A"), ("tmp", "B")):
                    await device.rename(old, new)
            await bench.engine.command(SetOffline(offline=False))
            for _ in range(6):
                await bench.sync()
            assert bench.subjects("A") == [f"Subject {number}" for number in range(100, 106)]
            assert bench.subjects("B") == [f"Subject {number}" for number in range(6)]
            # What waited was for a mailbox of another name: it is told to nobody else's messages.
            assert all(
                row.subject in {"Subject 2", "Subject 102"}
                for path in ("A", "B")
                for row in bench.rows(path)
                if row.flags & Flag.FLAGGED
            )
