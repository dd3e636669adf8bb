"""Changes of mailboxes are verified before they are told, whatever the server does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    CreateMailbox,
    DeleteMailbox,
    DiscardOperation,
    ImportMessages,
    MoveMessages,
    RenameMailbox,
    SetOffline,
)
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    other_device,
    relayed_engine,
    running_engine,
    until,
)
from tests.helpers.relay import Relay
from tests.helpers.store import bare, mail
from tests.helpers.told import settled, shown_is_there

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_another_device_made_meanwhile_is_taken_as_made(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            account_id = await bench.add(server)
            await bench.sync()
            await device.create("Work")
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
            await bench.sync()
            assert bench.reader.operations() == []
            assert [row.path for row in bench.reader.mailboxes()].count("Work") == 1


async def test_a_renaming_that_was_done_already_is_not_said_again(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            account_id = await bench.add(server)
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
            await bench.sync()
            await device.rename("Work", "Job")
            await bench.engine.command(RenameMailbox(mailbox_id=bench.mailbox("Work"), path="Job"))
            await bench.sync()
            assert bench.reader.operations() == []
            assert "Job" in {row.path for row in bench.reader.mailboxes()}


@pytest.mark.parametrize("command", ["SUBSCRIBE", "UNSUBSCRIBE"])
async def test_a_server_that_refuses_subscriptions_has_its_mailboxes_made_and_renamed(
    command: str, tmp_path: Path
) -> None:
    """Some rename the subscription, too, and know nothing of the old one."""
    fault = Fault(protocol="imap", command=command, reply="NO not here", times=None)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
            await bench.sync()
            assert bench.reader.operations() == []
            await bench.engine.command(RenameMailbox(mailbox_id=bench.mailbox("Work"), path="Job"))
            await bench.sync()
            assert bench.reader.operations() == []
            assert bench.problems() == []
            await bench.engine.command(DeleteMailbox(mailbox_id=bench.mailbox("Job")))
            await bench.sync()
            assert bench.reader.operations() == []


@pytest.mark.parametrize(
    "without", [(), ("MOVE", "IMAP4REV2"), ("MOVE", "UIDPLUS", "IMAP4REV2")], ids=str
)
async def test_a_mailbox_is_never_deleted_with_what_nobody_here_has_seen(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Old"))
            await bench.sync()
            server.deliver("alice", mail(5), mailbox="Old")
            await bench.engine.command(DeleteMailbox(mailbox_id=bench.mailbox("Old")))
            await bench.sync()
            assert bench.reader.operations() == []
            assert [one.subject for one in server.messages("alice", "Trash")] == ["Subject 5"]
            async with other_device(server) as device:
                assert "Old" not in {row.mailbox for row, _ in await device.list("", "*")}


async def test_what_comes_into_a_doomed_mailbox_while_it_is_emptied_goes_to_the_trash_too(
    tmp_path: Path,
) -> None:
    """A mailbox is left before it is deleted: what comes until then is seen."""
    with LocalServer(PASSWORDS) as server:

        def deliver(line: bytes) -> bytes:
            if waiting and relay.commands[-1].endswith(b"SELECT INBOX (CONDSTORE)"):
                server.deliver("alice", waiting.pop(), mailbox="Old")
            return line

        waiting: list[bytes] = []
        relay = Relay(server.ports["imap"], deliver)
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Old"))
            await bench.sync()
            server.deliver("alice", mail(1), mailbox="Old")
            waiting.append(mail(2))
            await bench.engine.command(DeleteMailbox(mailbox_id=bench.mailbox("Old")))
            await bench.sync()
            assert bench.reader.operations() == []
            there = [one.subject for one in server.messages("alice", "Trash")]
            assert there == ["Subject 1", "Subject 2"]


async def test_what_has_the_header_of_another_message_does_not_let_that_one_be_deleted(
    tmp_path: Path,
) -> None:
    """The server says OK and has copied nothing; another device puts its like into the Trash."""
    without = ("MOVE", "UIDPLUS", "IMAP4REV2")
    with LocalServer(PASSWORDS, without=without) as server:
        server.add_fault(Fault(protocol="imap", command="UID COPY", reply="OK said", times=None))

        def deliver(line: bytes) -> bytes:
            if line.endswith(b"OK said\r\n"):
                server.deliver("alice", bare("two"), mailbox="Trash")
            return line

        relay = Relay(server.ports["imap"], deliver)
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Old"))
            await bench.sync()
            for body in ("one", "three"):
                server.deliver("alice", bare(body), mailbox="Old")
            await bench.engine.command(DeleteMailbox(mailbox_id=bench.mailbox("Old")))
            await bench.sync()
            left = [one.octets for one in server.messages("alice", "Old")]
            assert left == [bare("one"), bare("three")]
            assert any(b"UID COPY" in line for line in relay.commands)


async def test_a_discarded_creation_gives_its_messages_back(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(CreateMailbox(account_id=account_id, name="New"))
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 0"),), mailbox_id=bench.mailbox("New")
                )
            )
            assert bench.subjects() == []
            create = bench.reader.operations()[0]
            await bench.engine.command(DiscardOperation(operation_id=create.id))
            assert bench.subjects() == ["Subject 0"]
            assert bench.reader.operations() == []
            assert "New" not in {row.path for row in bench.reader.mailboxes()}


@pytest.mark.parametrize("kind", [MoveMessages, CopyMessages])
@pytest.mark.parametrize(
    "without", [(), ("MOVE", "IMAP4REV2"), ("QRESYNC", "IMAP4REV2"), ("CONDSTORE", "IMAP4REV2")],
    ids=str,
)  # fmt: skip
async def test_what_went_into_a_mailbox_that_was_made_here_is_known_there_by_its_uid(
    without: tuple[str, ...], kind: type[MoveMessages | CopyMessages], tmp_path: Path
) -> None:
    """COPYUID and APPENDUID tell it (RFC 4315): not even headers are asked for again."""
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
            server.deliver("bob", mail(10 + number))
        relay = Relay(server.ports["imap"])
        async with relayed_engine(tmp_path, server, relay) as (bench, account_id):
            bob = await bench.add(server, "bob")
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(CreateMailbox(account_id=account_id, name="New"))
            here = (bench.placed("Subject 0"), bench.placed("Subject 2"))
            across = tuple(row.id for row in bench.rows(account_id=bob))
            for placement_ids in (here, across):
                await bench.engine.command(
                    kind(placement_ids=placement_ids, mailbox_id=bench.mailbox("New"))
                )
            before = {row.subject: row.id for row in bench.rows("New")}
            server.deliver("alice", mail(7, body="Something else."))
            relay.forget()
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            await settled(bench)
            shown_is_there(bench, server, "New")
            assert {row.subject: row.id for row in bench.rows("New")} == before
            # Of the one that came meanwhile alone.
            assert len([line for line in relay.said("UID FETCH") if "BODY" in line]) == 1


@pytest.mark.parametrize("change", [RenameMailbox, DeleteMailbox])
async def test_what_was_listed_before_a_change_was_told_brings_no_mailbox_back(
    change: type[RenameMailbox | DeleteMailbox], tmp_path: Path
) -> None:
    """The list is asked for with the first command of a connection, and a change told after it."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1), mailbox="Old")
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            old = bench.mailbox("Old")
            await bench.engine.command(SetOffline(offline=True))
            more = {"path": "New"} if change is RenameMailbox else {}
            await bench.engine.command(change(mailbox_id=old, **more))
            shown: list[set[str]] = []
            bench.engine.subscribe(
                lambda _: shown.append({row.path for row in bench.reader.mailboxes()})
            )
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            assert bench.reader.operations() == []
            assert shown
            assert not [paths for paths in shown if "Old" in paths]


async def test_what_a_doomed_mailbox_holds_gets_away_when_the_connection_was_cut(
    tmp_path: Path,
) -> None:
    """Its UIDs were proved on the connection that is gone, and it is hidden here."""
    with LocalServer(PASSWORDS, without=("MOVE", "UIDPLUS", "IMAP4REV2")) as server:
        server.deliver("alice", mail(1))
        server.add_fault(Fault(protocol="imap", command="SELECT", argument="New", nth=2, drop=True))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(CreateMailbox(account_id=account_id, name="New"))
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("New")
                )
            )
            await bench.engine.command(DeleteMailbox(mailbox_id=bench.mailbox("New")))
            await bench.engine.command(SetOffline(offline=False))
            await until(lambda: not bench.reader.operations(), "the mailbox is deleted")
            assert [one.subject for one in server.messages("alice", "Trash")] == ["Subject 1"]
            assert bench.subjects("Trash") == ["Subject 1"]


@pytest.mark.parametrize("deleted", [False, True], ids=["moved out", "deleted"])
async def test_what_is_brought_out_of_a_mailbox_that_another_device_deleted_reaches_the_server(
    deleted: bool, tmp_path: Path
) -> None:
    """It was to be put there first, where it is no more: it stands here alone."""
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench, other_device(server) as device:
            account_id = await bench.add(server)
            do = bench.engine.command
            await do(CreateMailbox(account_id=account_id, name="Work"))
            await bench.sync()
            await do(SetOffline(offline=True))
            await device.delete("Work")
            path = tmp_path / "one.eml"
            path.write_bytes(mail(1))
            work = bench.mailbox("Work")
            await do(ImportMessages(path=str(path), mailbox_id=work))
            if deleted:
                await do(DeleteMailbox(mailbox_id=work))
            else:
                ids = (bench.placed("Subject 1", "Work"),)
                await do(MoveMessages(placement_ids=ids, mailbox_id=bench.mailbox("Archive")))
            await do(SetOffline(offline=False))
            for _ in range(4):
                await bench.sync()
            where = "Trash" if deleted else "Archive"
            assert bench.reader.operations() == []
            assert bench.subjects(where) == ["Subject 1"]
            assert [one.subject for one in server.messages("alice", where)] == ["Subject 1"]
            if not deleted:
                assert bench.subjects("Work") == []
