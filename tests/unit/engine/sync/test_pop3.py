"""POP3: a UIDL is stored with its message, what is known is not fetched again or purged."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.changes import AnyChange, Progress
from desktopmail.door.commands import DeleteMessages, MoveMessages, StoreFlags
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind, View
from desktopmail.engine.store import account, pop_seen
from desktopmail.engine.store.account import Learned
from desktopmail.engine.sync import pipeline, pop3
from desktopmail.engine.sync.pop3 import Pop3Sync
from desktopmail.net.ports import InlineExecutor, system_ports
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.maildrop import FakeMaildrop
from tests.helpers.store import bare, mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.engine.store.store import Store
    from desktopmail.net.ports import Ports


def retrieved(server: LocalServer) -> int:
    return sum(line.startswith("RETR") for line in server.transcript.commands())


async def seen(bench: Bench, account_id: AccountId) -> dict[str, pop_seen.Seen]:
    return await bench.engine.store.read(lambda tx: pop_seen.every(tx, account_id))


@pytest.mark.parametrize("without", [(), ("PIPELINING",), ("TOP",), ("UIDL",), ("CAPA",)])
async def test_every_message_is_fetched_once(without: tuple[str, ...], tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(8):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(8)]
            server.deliver("alice", mail(8))
            await bench.sync(account_id)
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(9)]
            assert len(server.messages("alice")) == 9  # left on the server
            octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
            assert octets == [mail(number) for number in range(9)]
            if without != ("UIDL",):
                assert retrieved(server) == 9


async def progress(folder: Path, count: int) -> list[Progress]:
    """How far it is, as it is told while so many messages come."""
    with LocalServer(PASSWORDS) as server:
        async with running_engine(folder) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            for number in range(count):
                server.deliver("alice", mail(number))
            told: list[AnyChange] = []
            bench.engine.subscribe(told.append)
            await bench.sync(account_id)
            return [one for one in told if isinstance(one, Progress)]


async def test_how_far_it_is_is_told_in_messages_and_octets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3, "PROGRESS_MESSAGES", 20)
    steps = await progress(tmp_path, 60)
    assert [one.done for one in steps] == [0, 20, 40, 60, 60]
    assert {one.total for one in steps} == {60}
    assert [one.finished for one in steps] == [False] * 4 + [True]
    sizes = [len(mail(number)) for number in range(60)]
    assert [one.octets for one in steps[1:]] == [sum(sizes[:count]) for count in (20, 40, 60, 60)]


async def test_of_large_messages_each_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3, "PROGRESS_OCTETS", len(mail(1)))
    assert [one.done for one in await progress(tmp_path, 3)] == [0, 1, 2, 3, 3]


async def test_two_equal_messages_are_two(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1", "Subject 1"]


async def test_a_server_that_renumbers_is_recognised_by_its_headers(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(5):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE pop_seen SET uidl = 'old-' || uidl")
            )
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(5)]
            assert retrieved(server) == 5
            assert not any(uidl.startswith("old-") for uidl in await seen(bench, account_id))


@pytest.mark.parametrize("has_top", [True, False])
@pytest.mark.parametrize("lie", ["doubled", "one-is-doubled", "none"])
async def test_an_empty_or_doubled_uidl_purges_nothing(
    lie: str, has_top: bool, tmp_path: Path
) -> None:
    """Neither here, nor at a server that deletes what is deleted here, nor what is known of it."""
    honest = [(f"u{number}", mail(number)) for number in range(4)]
    async with (
        FakeMaildrop(*honest, has_top=has_top).serve() as maildrop,
        running_engine(tmp_path) as bench,
    ):
        account_id = AccountId((await bench.engine.command(maildrop.account())).ids[0])
        learned = Learned(pop_deletes_with_local=True, pop_deletes_after_days=30.0)
        await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
        await bench.sync()
        known = await seen(bench, account_id)
        ids = {row.id for row in bench.rows()}
        match lie:
            case "doubled":
                maildrop.messages[:] = [("u1", octets) for _, octets in honest]
            case "one-is-doubled":
                maildrop.messages[1] = ("u2", honest[1][1])
            case "none":
                maildrop.lists_ids = False
        for _ in range(2):
            await bench.sync()
            assert {row.id for row in bench.rows()} == ids
        maildrop.messages[:] = honest
        maildrop.lists_ids = True
        await bench.sync()
        assert {row.id for row in bench.rows()} == ids
        assert (await seen(bench, account_id)).keys() == known.keys()
        assert not any(line.startswith("DELE") for line in maildrop.heard)
        assert bench.reader.problems() == []


@pytest.mark.parametrize("has_top", [True, False])
async def test_an_id_that_is_used_again_for_another_message_is_fetched(
    has_top: bool, tmp_path: Path
) -> None:
    """A server that counts: its maildrop was emptied elsewhere, and the numbers begin anew."""
    async with (
        FakeMaildrop(("1", mail(1)), ("2", mail(2)), has_top=has_top).serve() as maildrop,
        running_engine(tmp_path) as bench,
    ):
        await bench.engine.command(maildrop.account())
        await bench.sync()
        maildrop.messages[:] = [("1", mail(3, body="a longer text")), ("2", mail(4, body="x"))]
        await bench.sync()
        await bench.sync()
        assert bench.subjects() == [f"Subject {n}" for n in (1, 2, 3, 4)]
        octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
        assert octets[2:] == [mail(3, body="a longer text"), mail(4, body="x")]


async def test_an_id_that_is_used_again_for_a_message_of_the_same_size_is_fetched(
    tmp_path: Path,
) -> None:
    one, other = mail(3), mail(7)
    assert len(one) == len(other)
    async with FakeMaildrop(("1", one)).serve() as maildrop, running_engine(tmp_path) as bench:
        await bench.engine.command(maildrop.account())
        await bench.sync()
        maildrop.messages[:] = [("1", other)]
        await bench.sync()
        assert bench.subjects() == ["Subject 3", "Subject 7"]


@pytest.mark.parametrize("has_top", [True, False])
async def test_numbers_that_moved_up_by_one_double_nothing(has_top: bool, tmp_path: Path) -> None:
    drop = FakeMaildrop(*((str(n), mail(n, body="x" * n)) for n in range(1, 5)), has_top=has_top)
    async with drop.serve() as maildrop, running_engine(tmp_path) as bench:
        await bench.engine.command(maildrop.account())
        await bench.sync()
        maildrop.messages[:] = [
            (str(n), octets) for n, (_, octets) in enumerate(maildrop.messages[1:], 1)
        ]
        await bench.sync()
        maildrop.messages.append(("4", mail(5)))
        await bench.sync()
        assert bench.subjects() == [f"Subject {n}" for n in range(1, 6)]
        if has_top:
            assert maildrop.retrieved == 5  # by their headers they were known


@asynccontextmanager
async def id_taken_over(folder: Path) -> AsyncIterator[tuple[FakeMaildrop, Bench]]:
    """A maildrop whose only message was deleted here, and in it another one with that id."""
    async with FakeMaildrop(("u1", mail(1))).serve() as maildrop, running_engine(folder) as bench:
        account_id = AccountId((await bench.engine.command(maildrop.account())).ids[0])
        learned = Learned(pop_deletes_with_local=True)
        await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
        await bench.sync()
        await bench.engine.command(
            DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
        )
        maildrop.messages[:] = [("u1", mail(2, body="another text"))]
        yield maildrop, bench


async def test_a_message_that_took_over_an_id_is_not_deleted_for_it(tmp_path: Path) -> None:
    """Message 1 was deleted here; what the server calls 1 now was never read by anybody."""
    async with id_taken_over(tmp_path) as (maildrop, bench):
        await bench.sync()
        assert bench.subjects() == ["Subject 2"]
        assert [octets for _, octets in maildrop.messages] == [mail(2, body="another text")]


@pytest.mark.parametrize("how", ["refuses", "dies"])
async def test_a_message_that_took_over_an_id_and_whose_header_is_not_shown_is_not_deleted_for_it(
    how: str, tmp_path: Path
) -> None:
    async with id_taken_over(tmp_path) as (maildrop, bench):
        (maildrop.unshown if how == "refuses" else maildrop.dies_of).add("u1")
        for _ in range(5):
            with suppress(DoorError):
                await bench.sync()
        assert bench.subjects() == (["Subject 2"] if how == "refuses" else [])
        assert [octets for _, octets in maildrop.messages] == [mail(2, body="another text")]


@pytest.mark.parametrize("has_top", [True, False])
@pytest.mark.parametrize("is_other", [True, False])
async def test_an_id_that_is_listed_again_after_a_time_is_looked_at(
    is_other: bool, has_top: bool, tmp_path: Path
) -> None:
    """Its size does not tell. Without TOP its message is fetched to be compared, and once."""
    first, other = mail(1), mail(2)
    assert len(first) == len(other)
    fake = FakeMaildrop(("u1", first), ("u2", mail(3, body="Some more.")), has_top=has_top)
    async with fake.serve() as maildrop, running_engine(tmp_path) as bench:
        await bench.engine.command(maildrop.account())
        await bench.sync()
        taken = maildrop.messages.pop(0)
        await bench.sync()
        maildrop.messages.append(("u1", other) if is_other else taken)
        maildrop.heard.clear()
        for _ in range(3):
            await bench.sync()
        came = ["Subject 2"] if is_other else []
        assert bench.subjects() == ["Subject 1", *came, "Subject 3"]
        assert maildrop.retrieved == (is_other or not has_top)


async def test_ids_that_a_cut_listing_left_out_are_not_fetched_again_without_top(
    tmp_path: Path,
) -> None:
    fake = FakeMaildrop(*((f"u{n}", mail(n)) for n in range(30)), has_top=False)
    async with fake.serve() as maildrop, running_engine(tmp_path) as bench:
        await bench.engine.command(maildrop.account())
        await bench.sync()
        listed, maildrop.messages = maildrop.messages, []
        await bench.sync()
        maildrop.messages = listed
        maildrop.heard.clear()
        await bench.sync()
        assert maildrop.retrieved == 0
        assert len(bench.subjects()) == 30


async def test_a_size_that_is_told_differently_is_no_other_message(tmp_path: Path) -> None:
    """Some servers estimate what LIST tells."""
    async with FakeMaildrop(("u1", mail(1))).serve() as maildrop, running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(maildrop.account())).ids[0])
        await bench.sync()
        await bench.engine.store.write(lambda tx: pop_seen.resize(tx, account_id, {"u1": 77}))
        for _ in range(2):
            await bench.sync()
        assert bench.subjects() == ["Subject 1"]
        assert maildrop.retrieved == 1
        assert sum(line.startswith("TOP") for line in maildrop.heard) == 1  # learned


async def test_deleted_here_stays_at_the_server_by_default(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
            )
            await bench.sync(account_id)
            assert bench.subjects() == []
            assert len(server.messages("alice")) == 1


async def test_until_deleted_here_deletes_there_too(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        server.deliver("alice", mail(2))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            learned = Learned(pop_deletes_with_local=True)
            await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
            await bench.sync(account_id)
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
            )
            await bench.sync(account_id)
            assert [one.subject for one in server.messages("alice")] == ["Subject 2"]
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 2"]


async def test_n_days_deletes_there_and_keeps_here(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            learned = Learned(pop_deletes_after_days=7.0)
            await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
            await bench.sync(account_id)
            assert len(server.messages("alice")) == 1
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE pop_seen SET first_seen_s = first_seen_s - 8 * 86400")
            )
            await bench.sync(account_id)
            assert server.messages("alice") == []
            assert bench.subjects() == ["Subject 1"]


async def test_local_mailboxes_flags_and_moves_work_as_with_imap(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            one = bench.placed("Subject 1")
            await bench.engine.command(StoreFlags(placement_ids=(one,), add=Flag.SEEN))
            await bench.engine.command(
                MoveMessages(placement_ids=(one,), mailbox_id=bench.mailbox("Archive"))
            )
            await bench.engine.command(DeleteMessages(placement_ids=(bench.placed("Subject 2"),)))
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 0"]
            assert bench.subjects("Archive") == ["Subject 1"]
            assert bench.rows("Archive")[0].flags == Flag.SEEN
            assert bench.subjects("Trash") == ["Subject 2"]
            assert bench.reader.operations() == []


async def test_a_server_without_ids_and_top_doubles_nothing(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=("UIDL", "TOP")) as server:
        for number in (1, 2, 2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.sync(account_id)
            server.deliver("alice", mail(2))
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1", "Subject 2", "Subject 2", "Subject 2"]


async def test_a_session_that_is_cut_before_quit_forgets_no_uidl(tmp_path: Path) -> None:
    """The server deletes at QUIT only: what it still has must stay known."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            learned = Learned(pop_deletes_after_days=0.0)
            await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
            server.add_fault(Fault(protocol="pop3", command="QUIT", drop=True))
            with pytest.raises(DoorError):
                await bench.sync(account_id)
            assert len(server.messages("alice")) == 1
            assert len(await seen(bench, account_id)) == 1
            await bench.sync(account_id)
            assert server.messages("alice") == []
            assert bench.subjects() == ["Subject 1"]
            assert await seen(bench, account_id) == {}


async def test_a_dele_is_said_only_after_the_message_is_durable(tmp_path: Path) -> None:
    """A store that cannot be written deletes nothing at the server."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            server.deliver("alice", mail(2))
            learned = Learned(pop_deletes_after_days=0.0)
            await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
            # as a full disk does, at the worst moment: octets written, their rows refused
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "CREATE TRIGGER full BEFORE INSERT ON pop_seen BEGIN"
                    " SELECT RAISE(ABORT, 'no room'); END"
                )
            )
            at_work = bench.engine.working.of(account_id)
            assert at_work is not None
            assert isinstance(at_work.worker._cycle, Pop3Sync)
            work = await bench.engine.store.read(lambda tx: account.get(tx, account_id))
            with pytest.raises(apsw.ConstraintError):
                await at_work.worker._cycle.run(work)
            assert len(server.messages("alice")) == 2
            assert not any(line.startswith("DELE") for line in server.transcript.commands())
            rows = await bench.engine.store.read(lambda tx: tx.fetch("SELECT subject FROM message"))
            assert rows == [("Subject 1",)]
            await bench.engine.store.write(lambda tx: tx.execute("DROP TRIGGER full"))
            await bench.sync(account_id)
            assert server.messages("alice") == []
            assert bench.subjects() == ["Subject 1", "Subject 2"]


async def test_a_cut_in_the_middle_keeps_what_came_before_it_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_MESSAGES", 2)
    with LocalServer(PASSWORDS, without=("PIPELINING",)) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            for number in range(6):
                server.deliver("alice", mail(number))
            server.add_fault(Fault(protocol="pop3", command="RETR", argument="^4$", drop=True))
            with pytest.raises(DoorError):
                await bench.sync(account_id)
            assert len(bench.subjects()) == len(await seen(bench, account_id)) == 3
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(6)]
            assert len(await seen(bench, account_id)) == 6


@pytest.mark.parametrize("is_cut", [False, True])
async def test_the_server_does_not_wait_until_large_messages_are_read_for_their_words(
    is_cut: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_OCTETS", 20_000)
    monkeypatch.setattr(pipeline, "GLANCED_OCTETS", 1)
    monkeypatch.setattr(pipeline, "GLANCED_WITHIN_S", 60.0)
    unread: list[int] = []
    ports = replace(system_ports(), worker=InlineExecutor())
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ports=ports) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            for number in range(200):
                server.deliver("alice", mail(number, body=f"zebra{number} " + "x" * 500))
            index = pop3.index_octets

            async def watched(store: Store, ports: Ports) -> None:
                unread.append(bench.reader.unindexed())
                assert is_cut or server.transcript.commands()[-1] == "QUIT"
                await index(store, ports)

            monkeypatch.setattr(pop3, "index_octets", watched)
            if is_cut:
                server.add_fault(
                    Fault(protocol="pop3", command="RETR", argument="^150$", drop=True)
                )
            with pytest.raises(DoorError) if is_cut else nullcontext():
                await bench.sync(account_id)
            assert unread[0] > 20
            assert len(bench.rows()) >= (100 if is_cut else 200)
            assert bench.reader.unindexed() == 0
            assert all(row.preview.startswith("zebra") for row in bench.rows())
            assert len(bench.reader.window(View(query="zebra7"), 0, 5)) == 1


@pytest.mark.parametrize("without", [(), ("PIPELINING",)])
async def test_a_message_that_the_server_does_not_give_keeps_no_other_from_coming_or_going(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            learned = Learned(pop_deletes_after_days=0.0)
            await bench.engine.store.write(lambda tx: account.learn(tx, account_id, learned))
            for number in range(4):
                server.deliver("alice", mail(number))
            server.add_fault(
                Fault(protocol="pop3", command="RETR", argument="^2$", reply="-ERR damaged")
            )
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 0", "Subject 2", "Subject 3"]
            assert [one.subject for one in server.messages("alice")] == ["Subject 1"]
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(4)]
            assert server.messages("alice") == []


async def test_a_server_that_offers_top_and_refuses_it_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        server.add_fault(Fault(protocol="pop3", command="TOP", reply="-ERR no", times=None))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE pop_seen SET uidl = 'old-' || uidl")
            )
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(3)]


@pytest.mark.parametrize("has_top", [True, False])
async def test_one_with_the_header_of_a_message_deleted_before_is_fetched(
    has_top: bool, tmp_path: Path
) -> None:
    """Its header names nothing: it was taken for the one that was deleted, and never came."""
    drop = FakeMaildrop(("a", bare("1")), has_top=has_top)
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        for _ in range(2):  # into the Trash, and for good
            ids = tuple(row.id for path in ("INBOX", "Trash") for row in bench.rows(path))
            await bench.engine.command(DeleteMessages(placement_ids=ids))
        drop.messages[:] = [("b", bare("2"))]
        for _ in range(2):
            await bench.sync(account_id)
            assert [row.preview for row in bench.rows()] == ["2"]


@pytest.mark.parametrize("without", [("UIDL",), ("UIDL", "TOP")])
async def test_without_ids_what_was_deleted_here_and_names_nothing_stays_deleted(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", bare("1"))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            for _ in range(2):
                ids = tuple(row.id for path in ("INBOX", "Trash") for row in bench.rows(path))
                await bench.engine.command(DeleteMessages(placement_ids=ids))
            for _ in range(2):
                await bench.sync(account_id)
                assert (bench.rows(), bench.rows("Trash")) == ([], [])


@pytest.mark.parametrize("has_top", [True, False])
@pytest.mark.parametrize("bodies", [("one", "two"), ("one", "another"), ("one", "one")])
async def test_messages_of_one_header_that_names_nothing_have_their_own_octets(
    bodies: tuple[str, str], has_top: bool, tmp_path: Path
) -> None:
    messages = [(f"u{number}", bare(body)) for number, body in enumerate(bodies)]
    drop = FakeMaildrop(*messages, has_top=has_top)
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        ids = {row.id for row in bench.rows()}
        drop.messages[:] = [(f"v{number}", octets) for number, (_, octets) in enumerate(messages)]
        await bench.sync(account_id)  # with other ids they are told by their octets
        assert {row.id for row in bench.rows()} == ids
        here = [bench.reader.octets(row.message_id) for row in bench.rows()]
        assert sorted(filter(None, here)) == sorted(octets for _, octets in messages)


@pytest.mark.parametrize("has_top", [True, False])
@pytest.mark.parametrize("ids", ["12", "ab"], ids=["numbers", "names"])
async def test_an_id_that_is_used_again_for_one_of_the_same_header_is_fetched(
    ids: str, has_top: bool, tmp_path: Path
) -> None:
    """The header names nothing, and the size is another one: it may be another message."""
    first, second = ids
    drop = FakeMaildrop((first, bare("one")), (second, bare("two")), has_top=has_top)
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        drop.messages[:] = [(first, bare("another")), (second, bare("two"))]
        for _ in range(2):
            await bench.sync(account_id)
            found = sorted(bench.reader.octets(row.message_id) or b"" for row in bench.rows())
            assert found == [bare("another"), bare("one"), bare("two")]


async def test_numbers_that_moved_up_lose_none_of_one_header_and_size(tmp_path: Path) -> None:
    """The ids are numbers, and the second message is the first one now: its octets tell."""
    drop = FakeMaildrop(("1", bare("one")), ("2", bare("two")))
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        drop.messages[:] = [("1", bare("two"))]
        await bench.sync(account_id)
        drop.messages[:] = [("1", bare("two")), ("2", bare("six"))]
        await bench.sync(account_id)
        assert sorted(row.preview for row in bench.rows()) == ["one", "six", "two"]
        assert not bench.reader.problems()


async def test_a_size_that_is_told_differently_is_looked_up_once_where_a_header_names_nothing(
    tmp_path: Path,
) -> None:
    async with FakeMaildrop(("u1", bare("one"))).serve() as drop, running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        (row,) = bench.rows()
        await bench.engine.store.write(lambda tx: pop_seen.resize(tx, account_id, {"u1": 77}))
        for _ in range(3):
            await bench.sync(account_id)
        assert [one.id for one in bench.rows()] == [row.id]
        assert drop.retrieved == 2
        found = await bench.engine.store.read(lambda tx: account.get(tx, account_id))
        assert not found.learned.pop_reuses_uidls
