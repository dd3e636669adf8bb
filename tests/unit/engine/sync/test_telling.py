"""What a try has begun is remembered before its first command, and a mailbox may go meanwhile."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktopmail.door.commands import CopyMessages, SetOffline
from desktopmail.door.ids import MailboxId
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import operation
from desktopmail.engine.sync.telling import Telling
from desktopmail.net.ports import system_ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_where_the_target_ended_is_stored_once_before_anything_is_put_there(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench, other_device(server) as client:
            account_id = await bench.add(server)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            store, junk = bench.engine.store, bench.mailbox("Junk")
            for subject in ("Subject 0", "Subject 1"):
                await bench.engine.command(
                    CopyMessages(placement_ids=(bench.placed(subject),), mailbox_id=junk)
                )
            account = await store.read(lambda tx: accounts.get(tx, account_id))

            async def select(path: str) -> None:
                await client.select(path)

            at = Telling(store, system_ports(), client, account, select)
            first, second = await store.read(lambda tx: operation.pending(tx, account_id))
            target = await at.box(junk)
            assert target is not None
            assert await at.begin([first], target) == (target, 1)
            server.deliver("alice", mail(9), mailbox="Junk")
            both = await store.read(lambda tx: operation.pending(tx, account_id))
            assert [one.state for one in both] == ["running", "pending"]
            assert await at.begin(both, target) == (
                target,
                1,
            )  # what it found first holds for the group
            both = await store.read(lambda tx: operation.pending(tx, account_id))
            assert {one.arguments.uidnext for one in both} == {1}
            (validity,) = {one.arguments.uidvalidity for one in both}
            assert validity == target.uidvalidity
            assert {one.state for one in both} == {"running"}
            moved = replace(both[0].arguments, uidnext=7, uidvalidity=validity + 1)
            other = [dataclasses.replace(both[0], arguments=moved)]
            assert await at.begin(other, target) == (target, 1)
            await at.finish([first])
            await at.fail([second], "no")
            (left,) = bench.reader.operations()
            assert (left.id, left.state, left.problem) == (second.id, "failed", "no")
            assert await at.box(MailboxId(999)) is None
            assert await at.box(None) is None


async def test_what_stood_in_the_target_before_is_not_what_a_copy_has_brought_there(
    tmp_path: Path,
) -> None:
    """From the first UID on, as where the target has got another UIDVALIDITY since."""
    with LocalServer(PASSWORDS) as server:
        for path in ("INBOX", "Junk"):
            server.deliver("alice", mail(1), mailbox=path)
        async with running_engine(tmp_path) as bench, other_device(server) as client:
            account_id = await bench.add(server)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            store, junk = bench.engine.store, bench.mailbox("Junk")
            await bench.engine.command(
                CopyMessages(placement_ids=(bench.placed("Subject 1"),), mailbox_id=junk)
            )
            account = await store.read(lambda tx: accounts.get(tx, account_id))

            async def select(path: str) -> None:
                await client.select(path)

            at = Telling(store, system_ports(), client, account, select)
            group = await store.read(lambda tx: operation.pending(tx, account_id))
            target, members = await at.box(junk), await at.members(group)
            assert target is not None
            assert await at.find(target, members, 1) == {}
            server.deliver("alice", mail(1), mailbox="Junk")
            assert await at.find(target, members, 1) == dict.fromkeys(members, 2)
