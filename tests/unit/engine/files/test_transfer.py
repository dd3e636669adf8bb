"""What is exported can be imported: exact, with its flags, and twice is the same as once."""

from __future__ import annotations

import errno
import os
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import ExportMessages, ImportMessages, StoreFlags
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind
from desktopmail.engine.files import maildir, mbox, transfer
from desktopmail.engine.store import mailbox
from desktopmail.net.ports import system_ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.engine.files.message import FileMessage


@pytest.mark.parametrize("form", ["mbox", "maildir", "eml"])
async def test_an_export_is_imported_exact_and_once(form: str, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(5):
            server.deliver("alice", mail(number, body="From here\r\n>From there"))
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 2"),), add=Flag.FLAGGED | Flag.SEEN)
            )
            path = str(tmp_path / "out")
            inbox, archive = bench.mailbox(), bench.mailbox("Archive")
            await bench.engine.command(ExportMessages(mailbox_id=inbox, form=form, path=path))
            for expected in ("5 messages imported", "0 messages imported, 5 were there already"):
                outcome = await bench.engine.command(ImportMessages(path=path, mailbox_id=archive))
                assert outcome.label == expected
            await bench.sync()
            assert bench.reader.operations() == []
            there = {one.subject: one for one in server.messages("alice", "Archive")}
            assert len(there) == 5
            for number in range(5):
                octets = mail(number, body="From here\r\n>From there")
                assert there[f"Subject {number}"].octets == octets
            if form != "eml":
                assert set(there["Subject 2"].flags) >= {"\\Seen", "\\Flagged"}


@pytest.mark.parametrize("form", ["mbox", "maildir", "eml"])
async def test_a_message_without_a_last_line_end_is_not_doubled_for_it(
    form: str, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1) + b"no line end")
        server.deliver("alice", b"Subject: bare\r\n\r\nno line end")
        async with running_engine(tmp_path / "profile") as bench:
            await bench.sync(await bench.add(server))
            path, inbox = str(tmp_path / "out"), bench.mailbox()
            await bench.engine.command(ExportMessages(mailbox_id=inbox, form=form, path=path))
            outcome = await bench.engine.command(ImportMessages(path=path, mailbox_id=inbox))
            assert outcome.label == "0 messages imported, 2 were there already"


async def test_what_is_at_the_server_only_is_not_imported_beside_it(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path / "profile") as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id, headers_only=True)
            path = tmp_path / "folder"
            path.mkdir()
            for number in (1, 2, 3):
                (path / f"{number}.eml").write_bytes(mail(number))
            command = ImportMessages(path=str(path), mailbox_id=bench.mailbox())
            outcome = await bench.engine.command(command)
            assert outcome.label == "1 message imported, 2 were there already"
            await bench.sync()
            assert len(server.messages("alice")) == 4


async def test_when_messages_arrived_and_their_tags_travel(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server, kind=Kind.POP3)
            file = tmp_path / "x.mbox"
            file.write_bytes(
                b"\nFrom a@x.test Mon Nov 23 07:00:00 2026\nSubject: one\nX-Keywords: work\n\nx\n"
            )
            await bench.engine.command(
                ImportMessages(path=str(file), mailbox_id=bench.mailbox("Archive"))
            )
            for form in ("mbox", "maildir"):
                path = tmp_path / form
                await bench.engine.command(
                    ExportMessages(mailbox_id=bench.mailbox("Archive"), form=form, path=str(path))
                )
                read = mbox.read if form == "mbox" else maildir.read
                (one,) = read(path)
                assert (one.tags, one.date_s) == (("work",), 1_795_417_200)


@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_what_another_program_had_marked_as_deleted_is_shown_and_stays(
    tmp_path: Path, kind: Kind
) -> None:
    """A server hides what is marked so, and its next expunge takes it away."""
    folder = tmp_path / "m"
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    (folder / "cur" / "1.a.b:2,ST").write_bytes(mail(1))
    (tmp_path / "x.mbox").write_bytes(
        b"From a@x.test Mon Nov 23 07:00:00 2026\nSubject: Subject 2\nX-Status: DF\n\nx\n"
    )
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.sync(await bench.add(server, kind=kind))
            for path in (folder, tmp_path / "x.mbox"):
                assert await imported(bench, path) == "1 message imported"
            for _ in range(2):
                await bench.sync()
                assert bench.subjects() == ["Subject 1", "Subject 2"]
            flags = {row.subject: row.flags for row in bench.rows()}
            assert flags == {"Subject 1": Flag.SEEN, "Subject 2": Flag.FLAGGED}


async def test_an_export_that_fails_leaves_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path / "profile") as bench:
            await bench.sync(await bench.add(server))
            path = tmp_path / "mine.mbox"
            path.write_bytes(b"of somebody")

            def full(*_: object) -> bool:
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(mbox.MboxWriter, "write", full)
            with pytest.raises(DoorError, match="cannot be written: No space left"):
                await bench.engine.command(
                    ExportMessages(mailbox_id=bench.mailbox(), form="mbox", path=str(path))
                )
            assert path.read_bytes() == b"of somebody"
            assert {"mine.mbox", "profile"} == set(os.listdir(tmp_path))


async def test_an_import_into_a_local_mailbox_needs_no_server(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server, kind=Kind.POP3)
            (tmp_path / "one.eml").write_bytes(mail(9))
            await bench.engine.command(
                ImportMessages(path=str(tmp_path / "one.eml"), mailbox_id=bench.mailbox("Archive"))
            )
            assert bench.subjects("Archive") == ["Subject 9"]


async def test_what_is_not_there_or_not_known_is_one_sentence(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server, kind=Kind.POP3)
            inbox = bench.mailbox()
            with pytest.raises(DoorError, match="There is no"):
                await bench.engine.command(
                    ImportMessages(path=str(tmp_path / "none"), mailbox_id=inbox)
                )
            with pytest.raises(DoorError, match="no format"):
                await bench.engine.command(
                    ExportMessages(mailbox_id=inbox, form="pst", path=str(tmp_path / "x"))
                )


async def imported(bench: Bench, path: Path) -> str:
    command = ImportMessages(path=str(path), mailbox_id=bench.mailbox())
    return (await bench.engine.command(command)).label


@pytest.mark.parametrize(
    "octets", [b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, b"hello\nworld\n", b"a: b\n\nc"]
)
async def test_what_is_no_message_is_refused_and_makes_none(tmp_path: Path, octets: bytes) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server, kind=Kind.POP3)
            file = tmp_path / "file"
            file.write_bytes(octets)
            with pytest.raises(DoorError, match="holds no message") as caught:
                await imported(bench, file)
            assert caught.value.code == "no-message"
            assert bench.rows() == []
            file.write_bytes(b"")  # an mbox of an empty mailbox
            assert await imported(bench, file) == "0 messages imported"
            assert bench.rows() == []
            file.write_bytes(b"Subject: short\n\nBut a message.\n")
            assert await imported(bench, file) == "1 message imported"
            assert bench.subjects() == ["short"]


async def test_a_pipe_is_refused_at_once_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server, kind=Kind.POP3)
            for path in (pipe, Path("/dev/zero")):
                with pytest.raises(DoorError, match="neither a file nor a folder"):
                    await imported(bench, path)


async def test_a_folder_without_messages_is_named_and_an_empty_maildir_is_none(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            await bench.add(server, kind=Kind.POP3)
            for name in ("", "notes.txt"):
                (folder / name).write_text("x") if name else None
                with pytest.raises(DoorError, match="There is no message in") as caught:
                    await imported(bench, folder)
                assert caught.value.code == "no-message"
            for name in ("cur", "new", "tmp"):
                (folder / name).mkdir()
            assert await imported(bench, folder) == "0 messages imported"


@pytest.mark.parametrize("form", ["maildir", "eml"])
async def test_what_is_there_already_is_not_counted_as_exported(form: str, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path / "profile") as bench:
            await bench.sync(await bench.add(server))
            path = str(tmp_path / "out")
            command = ExportMessages(mailbox_id=bench.mailbox(), form=form, path=path)
            first = await bench.engine.command(command)
            assert first.label == f"1 message exported to {path}"
            server.deliver("alice", mail(2))
            await bench.sync()
            again = await bench.engine.command(command)
            assert again.label == f"1 message exported to {path}, 1 was there already"


async def test_what_is_there_already_is_looked_for_by_its_header_and_not_in_all_of_a_mailbox(
    tmp_path: Path,
) -> None:
    """Going through the mailbox for each message made an import of 20,000 last 75 s."""
    async with open_store(tmp_path) as store:
        plan = await store.read(
            lambda tx: tx.fetch(f"EXPLAIN QUERY PLAN {transfer.ALIKE}", ("[]", 1))
        )
    steps = [str(row[3]) for row in plan]
    assert steps[0].startswith("SCAN name")
    assert steps[1].startswith("SEARCH m USING INDEX message_by_digest (header_digest=?)")
    assert steps[2].startswith("SEARCH p USING INDEX placement_by_message (message_id=?)")


async def test_octets_that_are_there_already_are_looked_for_by_their_digest(tmp_path: Path) -> None:
    """Going through the mailbox for each 200 messages took 1.4 s where 350,000 were there."""
    async with open_store(tmp_path) as store:
        plan = await store.read(
            lambda tx: tx.fetch(f"EXPLAIN QUERY PLAN {transfer.STANDING}", ("[]", 1))
        )
    steps = [str(row[3]) for row in plan]
    assert steps[0].startswith("SCAN name")
    assert steps[1].startswith("SEARCH b USING COVERING INDEX sqlite_autoindex_blob_1 (sha256=?)")
    assert steps[2].startswith("SEARCH m USING COVERING INDEX message_by_blob (blob_id=?)")
    assert steps[3].startswith("SEARCH p USING INDEX placement_by_message (message_id=?)")


@pytest.mark.parametrize("form", ["mbox", "maildir", "eml"])
async def test_of_large_messages_a_few_are_in_memory_at_a_time(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "BATCH_OCTETS", 200_000)
    size, count = 100_000, 40
    body = "x" * size
    async with open_store(tmp_path / "profile") as store:
        account_id = await store.write(add_account)
        inbox, sent = await store.read(
            lambda tx: (
                inbox_of(tx, account_id),
                tx.fetch("SELECT id FROM mailbox WHERE path = 'Sent'")[0][0],
            )
        )
        placed = await store.write(
            lambda tx: put(
                tx, inbox, [mail(number, body=f"{number} {body}") for number in range(count)]
            )
        )
        out = tmp_path / "out"
        tracemalloc.start()
        try:
            assert await transfer.export(store, placed, form, out) == count
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < size * count / 3
        taken: list[int] = []
        next_of = transfer._next_of

        def watched(messages: Iterator[FileMessage]) -> list[FileMessage]:
            batch = next_of(messages)
            taken.append(sum(len(one.octets) for one in batch))
            return batch

        monkeypatch.setattr(transfer, "_next_of", watched)
        assert await transfer.import_(store, system_ports(), out, sent) == (count, 0)
        assert max(taken) < 200_000 + 2 * size


async def test_a_mailbox_that_holds_mailboxes_only_takes_no_import(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path / "profile") as bench:
            account_id = await bench.add(server)
            await bench.sync()
            lists = await bench.engine.store.write(
                lambda tx: mailbox.add(tx, account_id, "Lists", selectable=False)
            )
            path = tmp_path / "one.eml"
            path.write_bytes(mail(1))
            with pytest.raises(DoorError, match="holds mailboxes only"):
                await bench.engine.command(ImportMessages(path=str(path), mailbox_id=lists))
