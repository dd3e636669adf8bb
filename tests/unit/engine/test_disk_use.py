"""How much room the mail takes is told, and what removed mail left is given back."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from desktopmail.door.commands import CompactStore
from desktopmail.door.queries import DiskUse, ReadDiskUse
from desktopmail.engine import disk_use
from desktopmail.engine.store import message, placement
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_removed_mail_left_is_given_back(tmp_path: Path) -> None:
    noise = random.Random(5)
    bodies = ["".join(noise.choices("abcdefgh ", k=100_000)) for _ in range(20)]
    async with open_store(tmp_path) as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))
        placed = await store.write(
            lambda tx: put(tx, inbox, [mail(n, body=body) for n, body in enumerate(bodies)])
        )
        full = await disk_use.read(store)
        assert full.accounts[0].messages == 20
        assert full.accounts[0].octets > 2_000_000
        await store.write(lambda tx: placement.remove(tx, placed[1:]))
        freed = await disk_use.compact(store)
        after = await disk_use.read(store)
        assert freed > 1_500_000
        assert after.contents_octets < full.contents_octets / 4
        assert after.accounts[0].messages == 1
        (kept,) = await store.read(lambda tx: placement.get(tx, placed))
        octets = await store.read(lambda tx: message.octets(tx, kept.message_id))
        assert octets == mail(0, body=bodies[0])


async def test_it_is_asked_for_and_done_through_the_door(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            use = await bench.engine.query(ReadDiskUse())
            assert isinstance(use, DiskUse)
            assert [(one.account_id, one.messages) for one in use.accounts] == [(account_id, 1)]
            assert use.database_octets > 0 < use.contents_octets
            done = await bench.engine.command(CompactStore())
            assert "given back" in done.label
            assert bench.subjects() == ["Subject 0"]
