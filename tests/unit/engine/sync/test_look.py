"""The decision tree over every set of extensions: what the server has is what is shown."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import SetMailboxPolicy
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind
from desktopmail.wire.imap.flags import FLAGGED, SEEN, flag
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    Bench,
    account_command,
    other_device,
    relayed_engine,
    removed_elsewhere,
    running_engine,
)
from tests.helpers.relay import Relay
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = [
    pytest.param((), id="QRESYNC"),
    pytest.param(("QRESYNC",), id="CONDSTORE"),
    pytest.param(("QRESYNC", "CONDSTORE"), id="plain"),
    pytest.param(("QRESYNC", "CONDSTORE", "ESEARCH"), id="plain-without-ESEARCH"),
    pytest.param(("UIDPLUS",), id="without-UIDPLUS"),
    pytest.param(("MOVE",), id="without-MOVE"),
    pytest.param(("MOVE", "UIDPLUS"), id="without-MOVE-and-UIDPLUS"),
    pytest.param(("LIST-STATUS",), id="without-LIST-STATUS"),
    pytest.param(("LIST-EXTENDED", "SPECIAL-USE", "LIST-STATUS"), id="old-LIST"),
    pytest.param(("IDLE", "ENABLE"), id="without-IDLE-and-ENABLE"),
    pytest.param(
        ("QRESYNC", "CONDSTORE", "ESEARCH", "UIDPLUS", "MOVE", "LIST-EXTENDED", "LIST-STATUS",
         "SPECIAL-USE", "IDLE", "ENABLE", "UNSELECT", "SASL-IR", "LITERAL+", "IMAP4REV2"),
        id="bare-IMAP4rev1",
    ),
]  # fmt: skip


def agree(bench: Bench, server: LocalServer, path: str = "INBOX") -> None:
    """What is shown is what the server has, flags and octets included."""
    shown = sorted((row.subject, row.flags, row.tags) for row in bench.rows(path))
    there = sorted(
        (
            one.subject,
            (Flag.SEEN if "\\Seen" in one.flags else Flag.NONE)
            | (Flag.FLAGGED if "\\Flagged" in one.flags else Flag.NONE),
            tuple(sorted(name for name in one.flags if not name.startswith("\\"))),
        )
        for one in server.messages("alice", path)
    )
    assert shown == there
    octets = sorted(bench.reader.octets(row.message_id) or b"" for row in bench.rows(path))
    assert octets == sorted(one.octets for one in server.messages("alice", path))


@pytest.mark.parametrize("without", LEVELS)
async def test_what_others_change_is_taken_over(without: tuple[str, ...], tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(12):
            server.deliver("alice", mail(number), flags=("\\Seen",) if number % 2 else ())
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            agree(bench, server)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.span(1, 4), StoreMode.ADD, [FLAGGED, flag("work")])
                await device.uid_store(UidSet.span(2), StoreMode.REMOVE, [SEEN])
                await device.uid_store(
                    UidSet.of([Uid(3), Uid(7)]), StoreMode.ADD, [flag("\\Deleted")]
                )
                await device.expunge()
                await device.append("INBOX", mail(100), [SEEN])
            server.deliver("alice", mail(101))
            await bench.sync(account_id)
            agree(bench, server)
            await bench.sync(account_id)
            agree(bench, server)
            assert bench.reader.problems() == []


@pytest.mark.parametrize("without", LEVELS[:3])
async def test_under_another_uidvalidity_a_uid_names_another_message(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """All UIDs are one lower, UIDNEXT is the same, and so is the count but for what came."""
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(5):
            server.deliver("alice", mail(number))
        await removed_elsewhere(server, 1)
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(5), flags=("\\Flagged",))
            server.add_fault(
                Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True)
            )
            await bench.sync(account_id)
            agree(bench, server)
            assert bench.subjects() == [f"Subject {number}" for number in range(1, 6)]


@pytest.mark.parametrize("without", [(), ("QRESYNC",)], ids=["QRESYNC", "CONDSTORE"])
async def test_a_server_whose_changes_count_less_than_before_is_looked_at_in_full(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """It was restored from a backup: what it says changed since leaves out what we do not know."""
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET highestmodseq = highestmodseq + 1000")
            )
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.span(1, 1), StoreMode.ADD, [FLAGGED])
            await bench.sync(account_id)
            agree(bench, server)


@pytest.mark.parametrize("without", LEVELS)
async def test_a_cut_first_look_goes_on_where_it_was(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(5):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            # As a kill leaves it: two of the rows are not there yet, and the look never ended.
            inbox = bench.mailbox()
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "DELETE FROM placement WHERE mailbox_id = ? AND uid IN (2, 5)", (inbox,)
                )
            )
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET complete = 0 WHERE id = ?", (inbox,))
            )
            await bench.sync(account_id)
            agree(bench, server)


# Without IDLE it looks when it is told to, and at no other time.
QUIET = ("IDLE",)


def bodies(bench: Bench) -> dict[str, bool]:
    return {row.subject: row.has_octets for row in bench.rows()}


@pytest.mark.parametrize(
    "without", [QUIET, (*QUIET, "QRESYNC", "CONDSTORE")], ids=["QRESYNC", "plain"]
)
async def test_what_a_sync_of_headers_left_is_fetched_by_the_next_whole_one(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            for number in range(4):
                server.deliver("alice", mail(number))
            await bench.sync(account_id, headers_only=True)
            await bench.sync(account_id, headers_only=True)
            assert not any(bodies(bench).values())
            await bench.sync(account_id)
            agree(bench, server)


async def backdate(server: LocalServer, days: dict[str, int]) -> None:
    """Deliver a message for each subject, which arrived so many days ago."""
    now = datetime.now(UTC)
    async with other_device(server) as device:
        for number, (subject, ago) in enumerate(days.items()):
            octets = mail(number, subject=subject)
            await device.append("INBOX", octets, date=now - timedelta(days=ago))


async def set_policy(bench: Bench, policy: str) -> None:
    await bench.engine.command(SetMailboxPolicy(mailbox_ids=(bench.mailbox(),), policy=policy))


async def test_of_the_last_days_everything_is_kept_and_of_the_rest_headers(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS, without=QUIET) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await set_policy(bench, "days:30")
            await backdate(server, {"new": 0, "of a week": 7, "old": 31, "ancient": 4000})
            await bench.sync(account_id)
            kept = {"new": True, "of a week": True, "old": False, "ancient": False}
            assert bodies(bench) == kept
            await bench.sync(account_id)
            assert bodies(bench) == kept
            await set_policy(bench, "days:60")
            await bench.sync(account_id)
            assert bodies(bench) == {**kept, "old": True}
            await set_policy(bench, "everything")
            await bench.sync(account_id)
            agree(bench, server)


async def test_a_mailbox_of_headers_fetches_no_body_until_it_is_told_to(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=QUIET) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await set_policy(bench, "headers")
            server.deliver("alice", mail(2))
            await bench.sync(account_id)
            # What was here before stays; nothing is thrown away by a policy.
            assert bodies(bench) == {"Subject 1": True, "Subject 2": False}
            assert bench.reader.mailbox(bench.mailbox()).policy == "headers"  # type: ignore[union-attr]
            await set_policy(bench, "everything")
            await bench.sync(account_id)
            agree(bench, server)


async def test_a_cut_while_the_bodies_of_a_policy_come_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS, without=QUIET) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            for number in range(6):
                server.deliver("alice", mail(number))
            await bench.sync(account_id, headers_only=True)
            server.add_fault(Fault(protocol="imap", command="UID FETCH", cut=400))
            # The cut meets this sync, or a cycle of its own that was under way.
            with contextlib.suppress(DoorError):
                await bench.sync(account_id)
            await bench.sync(account_id)
            logins = [line for line in server.transcript.commands() if "AUTHENTICATE" in line]
            assert len(logins) == 2
            agree(bench, server)


EXPUNGING = [
    pytest.param(("QRESYNC",), 1, id="CONDSTORE"),
    pytest.param(("QRESYNC", "CONDSTORE"), 1, id="plain"),
    pytest.param(("QRESYNC", "CONDSTORE"), 3, id="plain-again-and-again"),
]


@pytest.mark.parametrize(("without", "times"), EXPUNGING)
async def test_what_another_expunges_while_we_fetch_is_looked_at_again(
    without: tuple[str, ...], times: int, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=(*without, "IDLE")) as server:
        for number in range(12):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            for number in range(times):
                # What is new is fetched, and half of it is gone before it is.
                server.deliver("alice", mail(20 + 2 * number))
                server.deliver("alice", mail(21 + 2 * number))
                gone = (13 + 2 * number,)
                server.add_fault(Fault(protocol="imap", command="UID FETCH", expunge=gone))
            await bench.sync(account_id)
            agree(bench, server)
            assert len(server.messages("alice")) == 12 + times
            assert bench.reader.problems() == []


async def test_a_server_that_says_for_ever_that_another_expunges_is_not_asked_for_ever(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS, without=("QRESYNC", "CONDSTORE", "IDLE")) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            said = "NO [EXPUNGEISSUED] Some of the messages are gone."
            server.add_fault(Fault(protocol="imap", command="UID FETCH", reply=said, times=None))
            with pytest.raises(DoorError, match="Some of the messages are gone"):
                await bench.sync(account_id)


async def test_what_is_no_policy_and_what_has_none_is_one_sentence(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=QUIET) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            with pytest.raises(DoorError, match="is none of everything, headers and days:N"):
                await set_policy(bench, "days:many")
            with pytest.raises(DoorError, match="exists only here"):
                await set_policy(bench, "headers")


async def test_the_policy_of_an_account_counts_from_its_first_sync_and_for_mailboxes_to_come(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        await backdate(server, {"new": 0, "ancient": 4000})
        async with running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.IMAP)
            command = msgspec.structs.replace(command, policy="days:30")
            account_id = AccountId((await bench.engine.command(command)).ids[0])
            await bench.sync(account_id)
            assert bodies(bench) == {"new": True, "ancient": False}
            assert {box.policy for box in bench.reader.mailboxes(account_id)} == {"days:30"}
            await bench.engine.command(SetMailboxPolicy(account_id=account_id, policy="everything"))
            async with other_device(server) as device:
                await device.create("Later")
            await bench.sync(account_id)
            assert {box.policy for box in bench.reader.mailboxes(account_id)} == {"everything"}
            agree(bench, server)


@pytest.mark.parametrize("moved", [1, 10])
async def test_what_another_device_moved_is_known_by_its_header_and_not_fetched_again(
    moved: int, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(10):
            server.deliver("alice", mail(number, body="x" * 20_000))
        relay = Relay(server.ports["imap"])
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.sync(account_id)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_move(UidSet.span(1, moved), "Archive")
            relay.forget()
            await bench.sync(account_id)
            assert len(bench.rows("Archive")) == moved
            assert all(row.has_octets for row in bench.rows("Archive"))
            assert not any("BODY.PEEK[]" in line for line in relay.said("UID FETCH"))
            assert relay.octets < 4000 + 1000 * moved


async def test_what_is_new_where_something_else_went_is_fetched_all_the_same(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        relay = Relay(server.ports["imap"])
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.sync(account_id)
            await removed_elsewhere(server, 1)
            server.deliver("alice", mail(9, body="x" * 20_000), mailbox="Archive")
            await bench.sync(account_id)
            assert [row.has_octets for row in bench.rows("Archive")] == [True]
