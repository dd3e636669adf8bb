"""One IMAP connection for an account: brought up to date, then waiting for news."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    DeleteMessages,
    MoveMessages,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Flag
from desktopmail.engine.store import placement
from desktopmail.engine.sync import fetch, imap, vanish
from desktopmail.net import imap_running
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.flags import DELETED, FLAGGED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    other_device,
    removed_elsewhere,
    running_engine,
    synced_engine,
    until,
)
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from pathlib import Path

    from desktopmail.door.ids import MailboxId
    from desktopmail.engine.store.store import Transaction


async def test_what_another_device_does_is_seen_while_we_idle(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [FLAGGED])
                await device.uid_store(UidSet.of([Uid(2)]), StoreMode.ADD, [DELETED])
                await device.uid_expunge(UidSet.of([Uid(2)]))
            await until(
                lambda: (
                    [(row.subject, row.flags) for row in bench.rows()]
                    == [("Subject 0", Flag.FLAGGED), ("Subject 2", Flag.NONE)]
                ),
                "what the other device did",
            )


async def test_what_vanished_while_we_idled_is_hidden_and_not_removed_at_once(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
                await device.uid_expunge(UidSet.of([Uid(1)]))
            await until(lambda: bench.subjects() == ["Subject 1"], "the VANISHED")
            await bench.sync(account_id)
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1"]


@pytest.mark.parametrize("is_void", [False, True])
async def test_what_vanished_from_a_mailbox_that_is_left_is_taken_from_no_other(
    is_void: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the server says CLOSED it speaks of the one before (RFC 7162 section 3.2.11).

    Nor is it taken from that one when its UIDs name other messages by then.
    """
    taken: list[tuple[MailboxId, list[Uid]]] = []

    def unlink(_tx: Transaction, mailbox_id: MailboxId, uids: Iterable[Uid]) -> None:
        if gone := list(uids):
            taken.append((mailbox_id, gone))

    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        server.deliver("alice", mail(1), mailbox="Archive")
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            monkeypatch.setattr(vanish, "unlink", unlink)
            fault = Fault(
                protocol="imap", command="SELECT", argument="Archive", inject=b"* VANISHED 1\r\n"
            )
            server.add_fault(fault)
            server.deliver("alice", mail(2), mailbox="Archive")
            await bench.sync(account_id)
            if is_void:
                fault = Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True)
                server.add_fault(fault)
            for number in (3, 4):
                server.deliver("alice", mail(number))
                await bench.sync(account_id)
            assert taken == ([] if is_void else [(bench.mailbox("INBOX"), [Uid(1)])])


@pytest.mark.parametrize("without", [(), ("QRESYNC",), ("QRESYNC", "CONDSTORE")])
async def test_a_pending_deletion_never_meets_another_message_after_a_lost_uidvalidity(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """The UIDs of the journal are void then; that of another message may be the same."""
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            # the deletion is journaled while the server cannot be reached
            server.add_fault(Fault(protocol="imap", command="GREETING", drop=True))
            at_work = bench.engine.working.of(account_id)
            assert at_work is not None
            assert at_work.imap is not None
            await at_work.imap.leave()
            server.add_fault(
                Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True)
            )
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
            )
            await until(lambda: len(server.messages("alice")) == 3, "the deletion")
            await bench.sync(account_id)
            assert [one.subject for one in server.messages("alice")] == [
                "Subject 0", "Subject 2", "Subject 3",
            ]  # fmt: skip
            assert bench.subjects() == ["Subject 0", "Subject 2", "Subject 3"]
            assert bench.reader.operations() == []


async def test_uids_that_become_void_while_the_inbox_is_opened_for_idling_name_no_other_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UIDNEXT is what it was, so nothing seems to have come."""
    with LocalServer(PASSWORDS) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        await removed_elsewhere(server, 1)
        server.deliver("alice", mail(4))
        whole = imap.ImapSync._open_inbox

        async def renumbered(self: imap.ImapSync, client: ImapClient) -> bool:
            monkeypatch.undo()
            server.deliver("alice", mail(5))
            fault = Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True)
            server.add_fault(fault)
            return await whole(self, client)

        async with synced_engine(tmp_path, server) as (bench, account_id):
            await until(lambda: "IDLE" in server.transcript.commands(), "it idles")
            monkeypatch.setattr(imap.ImapSync, "_open_inbox", renumbered)
            server.deliver("alice", mail(6), mailbox="Archive")
            await bench.sync(account_id)
            await until(lambda: server.transcript.commands()[-1] == "IDLE", "it idles again")
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
            )
            await until(lambda: len(server.messages("alice")) == 4, "the deletion")
            await bench.sync(account_id)
            left = ["Subject 2", "Subject 3", "Subject 4", "Subject 5"]
            assert [one.subject for one in server.messages("alice")] == left
            assert bench.subjects() == left
            assert bench.reader.operations() == []


async def test_who_waits_for_octets_is_told_when_leaving_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def for_ever(client: ImapClient) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await client.aclose()

    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server) as (bench, account_id):
            at_work = bench.engine.working.of(account_id)
            assert at_work is not None
            assert at_work.imap is not None
            await until(lambda: "IDLE" in server.transcript.commands(), "it idles")
            monkeypatch.setattr(at_work.worker, "wake", lambda: None)  # nobody serves it
            with monkeypatch.context() as patched:
                patched.setattr(ImapClient, "logout", for_ever)
                async with asyncio.TaskGroup() as group:
                    waiting = group.create_task(
                        caught(at_work.imap.fetch_octets((), at_work.worker))
                    )
                    leaving = group.create_task(at_work.imap.leave())
                    await asyncio.sleep(0.01)
                    leaving.cancel()
            assert waiting.result() == "closed"


async def caught(waits: Coroutine[None, None, None]) -> str:
    """The code of what it raises."""
    with pytest.raises(DoorError) as error:
        await waits
    return error.value.code


async def test_a_lost_connection_is_made_again_by_itself(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.add_fault(Fault(protocol="imap", command="UID STORE", reset=True))
            server.deliver("alice", mail(1))
            await bench.sync(account_id)
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN)
            )
            await until(lambda: bench.reader.operations() == [], "the flag told in the end")
            assert server.messages("alice")[0].is_seen


async def test_a_mailbox_that_cannot_be_opened_does_not_stop_the_others(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1), mailbox="Trash")
        server.add_fault(
            Fault(
                protocol="imap", command="SELECT", argument="Sent", reply="NO not now", times=None
            )
        )
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert bench.subjects("Trash") == ["Subject 1"]


async def test_what_went_is_forgotten_by_the_next_cycle_though_nothing_else_changed_in_its_mailbox(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in (1, 2):
            server.deliver("alice", mail(number), mailbox="Archive")
        async with synced_engine(tmp_path, server) as (bench, account_id):
            await removed_elsewhere(server, 1, mailbox="Archive")
            for kept in (2, 1):
                await bench.sync(account_id)
                rows = await bench.engine.store.read(lambda tx: tx.fetch("SELECT id FROM message"))
                assert len(rows) == kept


async def test_a_mailbox_with_another_number_of_messages_is_looked_at_whatever_else_is_the_same(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in (1, 2):
            server.deliver("alice", mail(number), mailbox="Archive")
        async with synced_engine(tmp_path, server) as (bench, account_id):
            lost = bench.placed("Subject 1", "Archive")
            await bench.engine.store.write(lambda tx: placement.remove(tx, [lost]))
            await bench.sync(account_id)
            assert bench.subjects("Archive") == ["Subject 1", "Subject 2"]


async def test_the_mailboxes_that_it_does_not_idle_on_are_polled(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("poll_minutes = 0.005\n")
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await until(lambda: "IDLE" in server.transcript.commands(), "it idles")
            server.deliver("alice", mail(1), mailbox="Archive")
            await until(lambda: bench.subjects("Archive") == ["Subject 1"], "found by a poll")


async def test_a_connection_that_died_in_silence_is_noticed_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers, and nobody says that it is gone: as behind a router that forgot."""
    monkeypatch.setattr(imap, "PROBE_AFTER_S", 0.0)
    monkeypatch.setattr(imap, "PROBE_TIMEOUT_S", 0.2)
    dead = Fault(protocol="imap", command="NOOP", session=1, stall=True, times=None)
    with LocalServer(PASSWORDS, without=("IDLE",), plan=[dead]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(1))
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1"]
            assert bench.reader.problems() == []


async def test_an_idle_whose_end_nobody_answers_is_noticed_when_something_is_to_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_running, "IDLE_TIMEOUT_S", 0.2)
    dead = Fault(protocol="imap", command="IDLE", session=1, stall=True)
    with LocalServer(PASSWORDS, plan=[dead]) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN)
            )
            await until(lambda: "\\Seen" in server.messages("alice")[0].flags, "the flag there")


def test_a_dead_connection_is_noticed_within_half_a_minute_of_activity() -> None:
    assert imap.PROBE_TIMEOUT_S < 30
    assert imap_running.IDLE_TIMEOUT_S < 30


@pytest.fixture
def long_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message is a batch of its own."""
    monkeypatch.setattr(fetch, "FIRST_SCREEN", 1)
    monkeypatch.setattr(fetch, "WHOLE_BATCH", 1)
    monkeypatch.setattr(fetch, "MOST_WHOLE_BATCH", 1)
    monkeypatch.setattr(fetch, "LISTED_AT_ONCE", 2)
    monkeypatch.setattr(fetch, "MAX_WHOLE_AT_ONCE", 1)
    monkeypatch.setattr(fetch, "HEADER_BATCH", 1)
    monkeypatch.setattr(fetch, "MOST_LISTED_BATCH", 1)


@pytest.mark.usefixtures("long_fetch")
async def test_a_change_is_told_also_where_its_uids_become_void_in_the_middle_of_a_long_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has opened another mailbox between two batches, and comes back."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        server.deliver("alice", mail(2), mailbox="Archive")
        async with synced_engine(tmp_path, server) as (bench, account_id):
            marked = (bench.placed("Subject 2", "Archive"), bench.placed("Subject 1"))
            whole = imap.ImapSync._between

            async def renumbered(self: imap.ImapSync, *arguments: object) -> None:
                monkeypatch.setattr(imap.ImapSync, "_between", whole)
                fault = Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True)
                server.add_fault(fault)
                for one in marked:
                    await bench.engine.command(StoreFlags(placement_ids=(one,), add=Flag.FLAGGED))
                await whole(self, *arguments)  # type: ignore[arg-type]

            monkeypatch.setattr(imap.ImapSync, "_between", renumbered)
            for number in range(3, 9):
                server.deliver("alice", mail(number))
            with contextlib.suppress(DoorError):  # it was made anew while it was read
                await bench.sync(account_id)
            await bench.sync(account_id)
            assert "\\Flagged" in server.messages("alice")[0].flags
            assert bench.rows()[0].flags == Flag.FLAGGED
            assert bench.reader.operations() == []
            octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
            assert octets == [mail(number) for number in (1, 3, 4, 5, 6, 7, 8)]


@pytest.mark.usefixtures("long_fetch")
@pytest.mark.parametrize("is_far", [True, False])
async def test_a_long_fetch_is_deflated_over_a_network_and_not_on_this_machine(
    is_far: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_far:
        monkeypatch.setattr(imap, "is_loopback", lambda _host: False)
    with LocalServer(PASSWORDS) as server:
        for number in range(5):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
            assert octets == [mail(number) for number in range(5)]
            commands = server.transcript.commands()
            assert ("COMPRESS DEFLATE" in commands) == is_far
            if is_far:
                # After the login, so that no length of a password is in the stream, and after the
                # first screen.
                at = commands.index("COMPRESS DEFLATE")
                before = " ".join(commands[:at])
                assert "AUTHENTICATE" in before
                assert "UID FETCH" in before
                assert any("UID FETCH" in line for line in commands[at:])


async def test_little_is_not_deflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "is_loopback", lambda _host: False)
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert "COMPRESS DEFLATE" not in server.transcript.commands()


@pytest.mark.usefixtures("long_fetch")
async def test_a_server_that_offers_compression_and_refuses_it_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "is_loopback", lambda _host: False)
    refusal = Fault(protocol="imap", command="COMPRESS", reply="NO not today")
    with LocalServer(PASSWORDS, plan=[refusal]) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert "COMPRESS DEFLATE" in server.transcript.commands()
            assert bench.subjects() == [f"Subject {n}" for n in range(4)]


def test_idling_is_shorter_than_servers_and_routers_wait() -> None:
    assert imap.IDLE_S < 5 * 60 < 29 * 60


@pytest.mark.parametrize("command", [MoveMessages, CopyMessages])
async def test_what_is_listed_by_its_envelope_alone_is_proved_to_have_arrived(
    command: type[MoveMessages | CopyMessages], tmp_path: Path
) -> None:
    """Without COPYUID the digest of its header proves it, and that has to be here before."""
    without = ("MOVE", "UIDPLUS", "IMAP4REV2")
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "UPDATE message SET header_digest = x'', header = NULL, blob_id = NULL"
                )
            )
            wanted = tuple(bench.placed(f"Subject {number}") for number in (1, 2))
            await bench.engine.command(
                command(placement_ids=wanted, mailbox_id=bench.mailbox("Junk"))
            )
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            assert (bench.reader.operations(), bench.reader.problems()) == ([], [])
            there = sorted(one.subject for one in server.messages("alice", "Junk"))
            assert there == bench.subjects("Junk") == ["Subject 1", "Subject 2"]
            assert len(bench.rows()) == (1 if command is MoveMessages else 3)


async def test_a_mailbox_that_is_gone_with_several_changes_waiting_keeps_no_other_from_being_told(
    tmp_path: Path,
) -> None:
    """RFC 9051 section 6.3.2: after a SELECT that was refused no mailbox is open."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(7))
        async with other_device(server) as device, running_engine(tmp_path) as bench:
            await device.create("one")
            for number in range(2):
                await device.append("one", mail(number))
            await bench.add(server)
            await bench.sync()
            command = bench.engine.command
            await command(SetOffline(offline=True))
            flagged, moved = (bench.placed(f"Subject {number}", "one") for number in range(2))
            await command(StoreFlags(placement_ids=(flagged,), add=Flag.FLAGGED))
            await command(MoveMessages(placement_ids=(moved,), mailbox_id=bench.mailbox("Junk")))
            other = (bench.placed("Subject 7"),)
            await command(StoreFlags(placement_ids=other, add=Flag.FLAGGED))
            await device.delete("one")
            await command(SetOffline(offline=False))
            await bench.sync()
            assert bench.reader.accounts()[0].state is ConnectionState.READY
            assert "\\Flagged" in server.messages("alice")[0].flags
            await bench.sync()
            assert "one" not in [row.path for row in bench.reader.mailboxes()]
            assert bench.subjects("Junk") == []
