"""A mailbox that another device renamed is known again, or what cannot be is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CreateMailbox,
    DeleteMessages,
    DiscardOperation,
    MoveMessages,
    RenameMailbox,
    SetMailboxPolicy,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.rows import Flag
from desktopmail.engine.sync.renamed import SAMPLES
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, relayed_engine, running_engine
from tests.helpers.relay import Relay
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from desktopmail.net.imap import ImapClient

LEVELS = [
    pytest.param((), id="LIST-STATUS"),
    pytest.param(("LIST-STATUS", "QRESYNC", "CONDSTORE"), id="STATUS"),
]


async def fill(device: ImapClient, path: str, numbers: Iterable[int], *, make: bool = True) -> None:
    if make:
        await device.create(path)
        await device.subscribe(path)
    for number in numbers:
        await device.append(path, mail(number))


async def flag(bench: Bench, path: str, subject: str) -> None:
    await bench.engine.command(
        StoreFlags(
            placement_ids=(bench.placed(subject, path),), add=Flag.FLAGGED, add_tags=("work",)
        )
    )


def paths(bench: Bench) -> set[str]:
    return {row.path for row in bench.reader.mailboxes()}


def flagged(server: LocalServer, path: str) -> list[str]:
    return [one.subject for one in server.messages("alice", path) if "\\Flagged" in one.flags]


@pytest.mark.parametrize("without", LEVELS)
async def test_what_waits_for_a_mailbox_is_told_to_it_by_its_new_name(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        relay = Relay(server.ports["imap"])
        server.deliver("alice", mail(500))
        async with (
            relayed_engine(tmp_path, server, relay) as (bench, _),
            other_device(server) as device,
        ):
            await fill(device, "Work", range(300))
            await bench.sync()
            box = bench.mailbox("Work")
            await bench.engine.command(SetMailboxPolicy(mailbox_ids=(box,), policy="headers"))
            before = {row.subject: row.id for row in bench.rows("Work")}
            await bench.engine.command(SetOffline(offline=True))
            await flag(bench, "Work", "Subject 7")
            await bench.engine.command(
                MoveMessages(placement_ids=(bench.placed("Subject 500"),), mailbox_id=box)
            )
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 9", "Work"),),
                    mailbox_id=bench.mailbox("Trash"),
                )
            )
            await device.rename("Work", "Jobs")
            relay.forget()
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            assert bench.mailbox("Jobs") == box
            assert "Work" not in paths(bench)
            after = {row.subject: row.id for row in bench.rows("Jobs")}
            assert before.items() - after.items() == {("Subject 9", before["Subject 9"])}
            assert flagged(server, "Jobs") == ["Subject 7"]
            assert "Subject 500" in {one.subject for one in server.messages("alice", "Jobs")}
            assert [one.subject for one in server.messages("alice", "Trash")] == ["Subject 9"]
            assert bench.reader.operations() == []
            (row,) = [row for row in bench.reader.mailboxes() if row.id == box]
            assert row.subscribed
            headers = [line for line in relay.said("UID FETCH") if "HEADER" in line]
            assert len(headers) <= 2
            if not without:
                assert relay.octets < 20_000
            assert "Jobs" in {row.mailbox for row in await device.lsub("", "*")}


async def test_nothing_more_is_asked_where_no_mailbox_is_missing_or_none_is_new(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        relay = Relay(server.ports["imap"])
        async with (
            relayed_engine(tmp_path, server, relay) as (bench, _),
            other_device(server) as device,
        ):
            await fill(device, "Work", range(3))
            for _ in range(3):
                await bench.sync()
            relay.forget()
            await device.create("New")
            await bench.sync()
            assert len(relay.said("SELECT NEW")) == 1  # it is looked at
            await device.delete("Work")
            await bench.sync()
            verbs = {line.split()[0] for line in relay.said("") if line}  # "DONE" has no tag
            assert verbs <= {"GETQUOTAROOT", "IDLE", "LIST", "NOOP", "SELECT"}


async def test_those_within_a_mailbox_go_with_it_also_where_they_are_empty(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            await bench.add(server)
            await fill(device, "Work", range(3))
            await fill(device, "Work/Old", range(10, 30))
            await fill(device, "Work/Old/Empty", ())
            await fill(device, "Work/None", ())
            await bench.sync()
            await bench.sync()
            ids = {row.path: row.id for row in bench.reader.mailboxes() if "Work" in row.path}
            await device.rename("Work", "Jobs")
            await bench.sync()
            now = {row.path: row.id for row in bench.reader.mailboxes() if "Jobs" in row.path}
            assert now == {path.replace("Work", "Jobs"): one for path, one in ids.items()}
            assert len(now) == 4


async def test_one_that_is_made_of_the_same_messages_is_another_mailbox(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            await bench.add(server)
            await fill(device, "Work", range(5))
            await bench.sync()
            box = bench.mailbox("Work")
            await bench.engine.command(SetOffline(offline=True))
            await flag(bench, "Work", "Subject 3")
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 4", "Work"),))
            )
            await fill(device, "Jobs", range(5))
            await device.delete("Work")
            await bench.engine.command(SetOffline(offline=False))
            for _ in range(3):
                await bench.sync()
            assert bench.mailbox("Jobs") != box
            assert "Work" not in paths(bench)
            assert flagged(server, "Jobs") == []
            rows = bench.reader.operations()
            assert [row.state for row in rows] == ["failed", "failed"]
            assert {row.problem for row in rows} == {
                "Work is not at the server any more: another program deleted or renamed it."
            }


async def test_what_waited_for_messages_of_a_mailbox_that_was_made_anew_without_them_is_said(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            await bench.add(server)
            await fill(device, "Work", range(6))
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await flag(bench, "Work", "Subject 1")
            both = tuple(bench.placed(f"Subject {number}", "Work") for number in (2, 3))
            await bench.engine.command(StoreFlags(placement_ids=both, add=Flag.FLAGGED))
            for number in (4, 5):
                await bench.engine.command(
                    MoveMessages(
                        placement_ids=(bench.placed(f"Subject {number}", "Work"),),
                        mailbox_id=bench.mailbox("Archive"),
                    )
                )
            await device.delete("Work")
            await fill(device, "Work", (3, 5))
            await bench.engine.command(SetOffline(offline=False))
            for _ in range(3):
                await bench.sync()
            assert flagged(server, "Work") == ["Subject 3"]
            assert [one.subject for one in server.messages("alice", "Archive")] == ["Subject 5"]
            assert bench.subjects("Work") == ["Subject 3"]
            rows = bench.reader.operations()
            assert [(row.state, row.problem) for row in rows] == [
                (
                    "failed",
                    "Work was made anew at the server, and not all of these messages are in it.",
                )
            ] * 3
            for row in rows:
                await bench.engine.command(DiscardOperation(operation_id=row.id))
            await bench.sync()
            assert flagged(server, "Work") == ["Subject 3"]
            assert bench.reader.operations() == []


async def test_names_that_were_swapped_mix_no_messages_up(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            account_id = await bench.add(server)
            await fill(device, "A", range(4))
            await fill(device, "B", range(10, 16))
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await flag(bench, "A", "Subject 2")
            await flag(bench, "B", "Subject 12")
            for old, new in (("A", "tmp"), ("B", "A"), ("tmp", "B")):
                await device.rename(old, new)
            await bench.engine.command(SetOffline(offline=False))
            for _ in range(6):
                await bench.sync(account_id)
            for path in ("A", "B"):
                there = sorted(one.subject for one in server.messages("alice", path))
                assert bench.subjects(path) == there
            assert flagged(server, "A") in ([], ["Subject 12"])
            assert flagged(server, "B") in ([], ["Subject 2"])


async def test_the_name_given_here_wins_over_the_one_that_another_device_gave(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            await bench.add(server)
            await fill(device, "Work", range(5))
            await bench.sync()
            box = bench.mailbox("Work")
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(RenameMailbox(mailbox_id=box, path="Mine"))
            await device.rename("Work", "Theirs")
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            await bench.sync()
            assert bench.mailbox("Mine") == box
            assert {"Work", "Theirs"} & paths(bench) == set()
            assert len(server.messages("alice", "Mine")) == 5
            assert bench.reader.operations() == []


async def test_an_empty_mailbox_that_something_waits_for_is_not_taken_for_another(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            account_id = await bench.add(server)
            await bench.sync()
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Idle"))
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Wanted"))
            await bench.sync()
            await bench.sync()
            idle, wanted = bench.mailbox("Idle"), bench.mailbox("Wanted")
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(
                MoveMessages(placement_ids=(bench.placed("Subject 1"),), mailbox_id=wanted)
            )
            await device.rename("Idle", "Idle now")
            await device.rename("Wanted", "Wanted now")
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            assert bench.mailbox("Idle now") == idle
            assert bench.mailbox("Wanted now") != wanted
            assert [one.subject for one in server.messages("alice", "INBOX")] == ["Subject 1"]


async def test_of_a_mailbox_in_which_other_mail_stands_at_its_uids_nothing_is_taken_over(
    tmp_path: Path,
) -> None:
    """A server that gives a new mailbox the UIDVALIDITY of a deleted one, against RFC 9051."""
    with LocalServer(PASSWORDS) as server:
        relay = Relay(server.ports["imap"])
        told: dict[bytes, bytes] = {}

        def lie(line: bytes) -> bytes:
            for new, old in told.items():
                line = line.replace(new, old)
            return line

        relay.rewrite = lie
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            async with other_device(server) as device:
                await fill(device, "Work", range(2 * SAMPLES))
                await bench.sync()
                box = bench.mailbox("Work")
                old = (await device.select("Work")).uid_validity
                await device.select("INBOX")
                await device.delete("Work")
                await fill(device, "Jobs", range(100, 100 + 2 * SAMPLES))
                new = (await device.select("Jobs")).uid_validity
            told[str(new).encode()] = str(old).encode()
            await bench.sync(account_id)
            assert [line for line in relay.said("UID FETCH") if "HEADER" in line]
            assert bench.mailbox("Jobs") != box
            assert bench.subjects("Jobs") == sorted(
                f"Subject {number}" for number in range(100, 100 + 2 * SAMPLES)
            )
