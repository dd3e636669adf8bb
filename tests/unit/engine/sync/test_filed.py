"""What was filed while an account fetched by POP3 does not come back into the Inbox with IMAP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    CreateMailbox,
    DeleteMessages,
    DiscardOperation,
    LeaveOnServer,
    MoveMessages,
    StoreFlags,
)
from desktopmail.door.rows import Flag, Kind
from desktopmail.engine.sync.replay import Replay
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from desktopmail.door.ids import AccountId

COUNT = 4


@asynccontextmanager
async def by_pop3(
    folder: Path, without: Iterable[str] = (), make: Callable[[int], bytes] = mail
) -> AsyncIterator[tuple[LocalServer, Bench, AccountId]]:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(COUNT):
            server.deliver("alice", make(number))
        async with running_engine(folder) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            yield server, bench, account_id


async def file(bench: Bench, subject: str, path: str) -> None:
    await bench.engine.command(
        MoveMessages(placement_ids=(bench.placed(subject),), mailbox_id=bench.mailbox(path))
    )


def held(server: LocalServer, path: str = "INBOX") -> list[str]:
    return sorted(one.subject for one in server.messages("alice", path))


@pytest.mark.parametrize("without", [(), ("MOVE",), ("MOVE", "UIDPLUS")])
async def test_the_servers_copy_follows_to_where_a_message_was_filed(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    async with by_pop3(tmp_path, without) as (server, bench, account_id):
        await file(bench, "Subject 1", "Archive")
        filed = bench.placed("Subject 1", "Archive")
        await bench.engine.command(
            StoreFlags(placement_ids=(filed,), add=Flag.FLAGGED, add_tags=("mine",))
        )
        said = len(server.transcript.commands())
        outcome = await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert "only here" not in outcome.label
        assert bench.subjects() == ["Subject 0", "Subject 2", "Subject 3"]
        (row,) = bench.rows("Archive")
        assert (row.id, row.subject, row.tags) == (filed, "Subject 1", ("mine",))
        assert row.flags & Flag.FLAGGED
        assert held(server) == ["Subject 0", "Subject 2", "Subject 3"]
        (there,) = server.messages("alice", "Archive")
        assert {"\\Flagged", "mine"} <= set(there.flags)
        commands = server.transcript.commands()[said:]
        assert not [one for one in commands if "BODY.PEEK[]" in one or one.startswith("APPEND")]
        assert bench.reader.problems() == []
        await bench.switch(server, account_id, Kind.POP3, syncs=2)
        await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert bench.subjects() == ["Subject 0", "Subject 2", "Subject 3"]
        assert bench.subjects("Archive") == ["Subject 1"]


@pytest.mark.parametrize("policy", ["forever", "until-deleted"])
async def test_what_was_deleted_goes_into_the_trash_of_a_server_that_is_to_delete_it(
    tmp_path: Path, policy: str
) -> None:
    async with by_pop3(tmp_path) as (server, bench, account_id):
        await bench.engine.command(LeaveOnServer(account_id=account_id, policy=policy))
        await bench.engine.command(DeleteMessages(placement_ids=(bench.placed("Subject 2"),)))
        await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        left = ["Subject 0", "Subject 1", "Subject 3"]
        assert (bench.subjects(), bench.subjects("Trash")) == (left, ["Subject 2"])
        moved = policy == "until-deleted"
        assert held(server, "Trash") == (["Subject 2"] if moved else [])
        assert ("Subject 2" in held(server)) is not moved


async def test_where_the_server_has_no_such_mailbox_its_copy_stays_and_is_not_shown(
    tmp_path: Path,
) -> None:
    async with by_pop3(tmp_path) as (server, bench, account_id):
        await bench.engine.command(CreateMailbox(account_id=account_id, name="Projects"))
        await file(bench, "Subject 0", "Projects")
        await bench.engine.command(
            StoreFlags(placement_ids=(bench.placed("Subject 0", "Projects"),), add=Flag.SEEN)
        )
        outcome = await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert outcome.left == 0
        for _ in range(2):
            assert bench.subjects() == ["Subject 1", "Subject 2", "Subject 3"]
            assert bench.subjects("Projects") == ["Subject 0"]
            assert len(held(server)) == COUNT
            await bench.switch(server, account_id, Kind.POP3, syncs=2)
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert [one.subject for one in server.messages("alice") if "\\Seen" in one.flags] == [
            "Subject 0"
        ]


async def test_what_was_copied_stands_in_both_places_and_what_comes_later_is_shown(
    tmp_path: Path,
) -> None:
    async with by_pop3(tmp_path) as (server, bench, account_id):
        await bench.engine.command(
            CopyMessages(
                placement_ids=(bench.placed("Subject 3"),), mailbox_id=bench.mailbox("Archive")
            )
        )
        await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert len(bench.subjects()) == COUNT
        assert bench.subjects("Archive") == ["Subject 3"]
        await file(bench, "Subject 1", "Archive")
        await bench.sync(account_id)
        server.deliver("alice", mail(1))  # somebody puts it there once more
        await bench.sync(account_id)
        assert len(bench.subjects()) == COUNT


async def test_of_equal_messages_as_many_are_shown_as_were_left_in_the_inbox(
    tmp_path: Path,
) -> None:
    async with by_pop3(tmp_path) as (server, bench, account_id):
        server.deliver("alice", mail(0))
        await bench.sync(account_id)
        assert bench.subjects().count("Subject 0") == 2
        await file(bench, "Subject 0", "Archive")
        await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert (bench.subjects().count("Subject 0"), bench.subjects("Archive")) == (
            1, ["Subject 0"],
        )  # fmt: skip
        assert (held(server).count("Subject 0"), held(server, "Archive")) == (1, ["Subject 0"])


@pytest.mark.parametrize("end", ["vanished", "discarded"])
async def test_a_move_that_comes_to_nothing_leaves_what_was_filed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    async def not_yet(_replay: Replay) -> None:
        """Tell nothing."""

    async with by_pop3(tmp_path) as (server, bench, account_id):
        await file(bench, "Subject 1", "Archive")
        monkeypatch.setattr(Replay, "run", not_yet)
        await bench.switch(server, account_id, Kind.IMAP, syncs=2)
        assert bench.subjects("Archive") == ["Subject 1"]
        (waiting,) = [one for one in bench.reader.operations() if one.state == "pending"]
        if end == "vanished":
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(2)]), StoreMode.ADD, [DELETED])
                await device.uid_expunge(UidSet.of([Uid(2)]))
            monkeypatch.undo()
            await bench.sync(account_id)
            assert "Subject 1" not in bench.subjects()
        else:
            await bench.engine.command(DiscardOperation(operation_id=waiting.id))
            assert "Subject 1" in bench.subjects()
        assert bench.subjects("Archive") == ["Subject 1"]
        assert not [one for one in bench.reader.operations() if one.state != "done"]


def bare(number: int) -> bytes:
    """Without a Message-ID, and with one header for all of them."""
    return b"From: cron@example.org\r\nSubject: done\r\n\r\n%d\r\n" % number


def cut(number: int) -> bytes:
    """One that has a line end more by POP3."""
    return bare(number).removesuffix(b"\r\n")


def texts(bench: Bench, path: str = "INBOX") -> list[str]:
    return sorted(row.preview for row in bench.rows(path))


@pytest.mark.parametrize("policy", ["everything", "headers"])
@pytest.mark.parametrize("make", [bare, cut])
@pytest.mark.parametrize("target", ["Archive", "Projects"])
async def test_what_names_nothing_is_known_by_its_octets_where_it_was_filed(
    tmp_path: Path, target: str, make: Callable[[int], bytes], policy: str
) -> None:
    async with by_pop3(tmp_path, make=make) as (server, bench, account_id):
        await bench.engine.command(CreateMailbox(account_id=account_id, name="Projects"))
        (one,) = [row for row in bench.rows() if row.preview == "1"]
        await bench.engine.command(
            MoveMessages(placement_ids=(one.id,), mailbox_id=bench.mailbox(target))
        )
        if policy == "headers":
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET policy = 'headers'")
            )
        for kind in (Kind.IMAP, Kind.POP3, Kind.IMAP):
            await bench.switch(server, account_id, kind, syncs=2)
            assert (texts(bench), texts(bench, target)) == (["0", "2", "3"], ["1"])
        assert len(server.messages("alice")) == COUNT - (target == "Archive")
        assert bench.reader.problems() == []
        server.deliver("alice", make(1))  # somebody puts it there once more
        await bench.sync(account_id)
        assert len(bench.rows()) == COUNT


def named_cut(number: int) -> bytes:
    """One with a Message-ID that has a line end more by POP3."""
    return mail(number) + b"no line end"


@pytest.mark.parametrize("make", [mail, named_cut, bare, cut])
async def test_where_all_was_filed_the_inbox_stays_empty(
    tmp_path: Path, make: Callable[[int], bytes]
) -> None:
    async with by_pop3(tmp_path, make=make) as (server, bench, account_id):
        ids = tuple(row.id for row in bench.rows())
        await bench.engine.command(
            MoveMessages(placement_ids=ids, mailbox_id=bench.mailbox("Archive"))
        )
        for kind in (Kind.IMAP, Kind.POP3, Kind.IMAP):
            await bench.switch(server, account_id, kind, syncs=2)
            assert (bench.rows(), len(bench.rows("Archive"))) == ([], COUNT)
        assert len(server.messages("alice", "Archive")) == COUNT


async def test_what_comes_later_with_octets_that_were_filed_is_shown(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", bare(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            (one,) = [row for row in bench.rows() if row.preview == "1"]
            await bench.engine.command(
                MoveMessages(placement_ids=(one.id,), mailbox_id=bench.mailbox("Archive"))
            )
            async with other_device(server) as device:  # it is deleted by another device
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(2)]), StoreMode.ADD, [DELETED])
                await device.uid_expunge(UidSet.of([Uid(2)]))
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            server.deliver("alice", bare(1))
            await bench.sync(account_id)
            assert (texts(bench), texts(bench, "Archive")) == (["0", "1"], ["1"])
