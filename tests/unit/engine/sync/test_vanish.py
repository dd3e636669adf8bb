"""What vanished is hidden first and removed a full look later; a lost UIDVALIDITY loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.engine import journal
from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.sync import vanish
from desktopmail.wire.imap.sequence import Uid, UidSet
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    MemoryKeyring,
    other_device,
    removed_elsewhere,
    running_engine,
)
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


ALL = "SELECT count(*) FROM placement"
SHOWN = "SELECT count(*) FROM placement WHERE shown = 1"
DETACHED = "SELECT count(*) FROM placement WHERE uid IS NULL AND shown = 1"


def count(tx: Transaction, sql: str = ALL) -> int:
    return int(tx.fetch(sql)[0][0])


async def test_what_vanished_is_unlinked_first_and_removed_a_full_cycle_later(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(1), mail(2)]))
        await store.write(lambda tx: vanish.unlink(tx, inbox, [1]))
        await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
        assert await store.read(lambda tx: (count(tx), count(tx, SHOWN))) == (2, 1)
        await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
        assert await store.read(lambda tx: (count(tx), count(tx, SHOWN))) == (1, 1)
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(1,)]


async def test_what_is_told_again_and_again_to_be_gone_is_removed_all_the_same(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        for left in (1, 0):
            await store.write(lambda tx: vanish.unlink(tx, inbox, [1]))
            await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
            assert await store.read(count) == left


async def test_what_comes_back_in_between_is_shown_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        (one,) = await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(lambda tx: vanish.unlink(tx, inbox, [1]))
        await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
        await store.write(lambda tx: vanish.relink(tx, [one]))
        for _ in range(3):
            await store.write(lambda tx: vanish.finish_cycle(tx, inbox))
        assert await store.read(lambda tx: count(tx, SHOWN)) == 1


@pytest.mark.parametrize("without", [(), ("QRESYNC",), ("QRESYNC", "CONDSTORE")])
async def test_a_changed_uidvalidity_fetches_no_octets_again_and_keeps_the_journal(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    fault = Fault(protocol="imap", command="SELECT", argument="INBOX", session=2, uidvalidity=True)
    with LocalServer(PASSWORDS, without=without, plan=[fault]) as server:
        for number in range(6):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            ids = {row.message_id for row in bench.rows()}
            before = await bench.engine.store.read(lambda tx: mailbox.get(tx, bench.mailbox()))
        async with running_engine(tmp_path) as bench:
            # Changed here before the first look finds the UIDs void.
            bench.engine.secrets._memory[bench.engine.secrets._name(account_id, "incoming")] = (
                secret()
            )
            said = len(server.transcript.commands())
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 3"),), add=Flag.FLAGGED)
            )
            await bench.sync(account_id)
            await bench.sync(account_id)
            after = await bench.engine.store.read(lambda tx: mailbox.get(tx, bench.mailbox()))
            assert after.uidvalidity != before.uidvalidity
            assert {row.message_id for row in bench.rows()} == ids
            assert len(bench.rows()) == 6
            commands = server.transcript.commands()[said:]
            assert not any("BODY.PEEK[]" in line for line in commands), commands
            assert bench.reader.operations() == []
            (flagged,) = [one for one in server.messages("alice") if "\\Flagged" in one.flags]
            assert flagged.subject == "Subject 3"


async def test_a_void_uid_never_names_another_message(tmp_path: Path) -> None:
    fault = Fault(protocol="imap", command="SELECT", argument="INBOX", session=2, uidvalidity=True)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        for number in range(6):
            server.deliver("alice", mail(number))
        keyring = MemoryKeyring()
        async with running_engine(tmp_path, keyring) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            wanted = bench.placed("Subject 3")
        # Deleted here while nothing is connected: the first thing the next session has to say.
        async with open_store(tmp_path) as store:
            await store.write(lambda tx: journal.expunge(tx, [wanted], label="Delete"))
        async with running_engine(tmp_path, keyring) as bench:
            await bench.sync(account_id)
            await bench.sync(account_id)
            left = sorted(one.subject for one in server.messages("alice"))
            assert left == [f"Subject {n}" for n in (0, 1, 2, 4, 5)]
            assert bench.subjects() == left
            assert bench.reader.operations() == []


async def test_a_mailbox_goes_when_two_listings_leave_it_out_and_what_is_only_here_stays(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with other_device(server) as device:
            for name in ("one", "two"):
                await device.create(name)
                await device.append(name, mail(len(name)))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            two = bench.mailbox("two")
            await bench.engine.store.write(lambda tx: put(tx, two, [mail(9)], first_uid=None))
            async with other_device(server) as device:
                await device.delete("one")
                await device.delete("two")
            await bench.sync(account_id)
            assert {"one", "two"} <= {row.path for row in bench.reader.mailboxes()}
            await bench.sync(account_id)
            assert "one" not in {row.path for row in bench.reader.mailboxes()}
            assert bench.subjects("two") == ["Subject 9"]


def secret():  # noqa: ANN201
    from desktopmail.wire.secret import Secret

    return Secret(PASSWORDS["alice"])


@pytest.mark.parametrize("without", [(), ("QRESYNC",), ("QRESYNC", "CONDSTORE")])
async def test_a_deletion_elsewhere_hides_at_once_and_removes_at_last(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await removed_elsewhere(server, 2)
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 0", "Subject 2", "Subject 3"]
            for _ in range(3):
                await bench.sync(account_id)
            assert await bench.engine.store.read(count) == 3


async def test_detaching_keeps_every_message(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(1), mail(2)]))
        await store.write(lambda tx: vanish.detach(tx, inbox))
        assert await store.read(lambda tx: count(tx, DETACHED)) == 2
        assert await store.read(lambda tx: placement.of_mailbox(tx, inbox)) == []


def test_what_is_told_unasked_to_be_gone_is_kept_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look misses what is not kept, as its count is another one."""
    monkeypatch.setattr(vanish, "_PIECES", 10)
    monkeypatch.setattr(vanish, "_RANGES", 50)
    kept: list[UidSet] = []
    for uid in range(1, 41):
        vanish.keep_told(kept, UidSet.of([Uid(uid)]))
    assert UidSet.union(kept) == UidSet.span(1, 40)
    for uid in range(100, 1000, 2):
        vanish.keep_told(kept, UidSet.of([Uid(uid)]))
        assert len(kept) <= 10
    told = UidSet.union(kept)
    assert 50 <= len(told.ranges) <= 60
    assert Uid(1) in told
