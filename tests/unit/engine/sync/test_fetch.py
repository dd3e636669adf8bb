"""Fetching: newest first, in batches that stay, and what was cut goes on where it was."""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.changes import AnyChange, Progress
from desktopmail.door.commands import FetchOctets, SetOffline
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Column, Kind, View
from desktopmail.engine import reading
from desktopmail.engine.store import placement
from desktopmail.engine.store.store import Transaction
from desktopmail.engine.sync import fetch, pipeline
from desktopmail.net.errors import ClosedError
from desktopmail.net.ports import InlineExecutor, system_ports
from desktopmail.wire.imap.fetch_rows import FetchRows
from desktopmail.wire.imap.sequence import UidSet
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine, until
from tests.helpers.store import bare, mail, open_store
from tests.helpers.told import octets_are_there

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from pathlib import Path

    from desktopmail.door.sqlite import Value
    from desktopmail.engine.guard import Guard
    from desktopmail.engine.plain_rows import Octets
    from desktopmail.net.ports import Ports
    from tests.helpers.engine import Bench


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "FIRST_SCREEN", 2)
    monkeypatch.setattr(fetch, "WHOLE_BATCH", 3)
    monkeypatch.setattr(fetch, "MOST_WHOLE_BATCH", 3)
    monkeypatch.setattr(fetch, "LISTED_AT_ONCE", 2)
    monkeypatch.setattr(fetch, "HEADER_BATCH", 3)
    monkeypatch.setattr(fetch, "MOST_LISTED_BATCH", 3)


@pytest.fixture
def large_mailbox(small_batches: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four messages and more are a mailbox too large to be fetched as it is listed."""
    del small_batches
    monkeypatch.setattr(fetch, "MAX_WHOLE_AT_ONCE", 3)


def fetched(server: LocalServer) -> list[str]:
    return [
        line.upper() for line in server.transcript.commands()
        if line.upper().startswith("UID FETCH") and "BODY" in line.upper()
    ]  # fmt: skip


def test_where_the_network_is_fast_as_much_is_asked_for_as_comes_in_half_a_second() -> None:
    each, batch = 30_000, fetch.BATCH_OCTETS
    slow = fetch._following(100, 100 * each, took_s=10.0)
    assert slow == batch // each  # a batch, however long it takes
    fast = fetch._following(100, 100 * each, took_s=0.2)
    assert fast == 250
    fastest = fetch._following(100, 100 * each, took_s=0.0)
    assert fastest == fetch.MOST_WHOLE_OCTETS // each
    assert fetch._following(100, 100, took_s=0.0) == fetch.MOST_WHOLE_BATCH
    assert fetch._following(1, 100_000_000, took_s=1.0) == fetch.LEAST_WHOLE_BATCH


@pytest.mark.usefixtures("small_batches")
async def test_the_newest_come_first_and_everything_comes(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            for number in range(9):
                server.deliver("alice", mail(number))
            seen: list[AnyChange] = []
            bench.engine.subscribe(seen.append)
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(9)]
            assert [bench.reader.octets(row.message_id) for row in bench.rows()] == [
                mail(number) for number in range(9)
            ]
            assert "8:9" in fetched(server)[0]  # the first screen
            steps = [one for one in seen if isinstance(one, Progress) and one.label == "INBOX"]
            assert steps[-1].finished
            assert all(one.done <= one.total for one in steps)
            # At last the bodies of the first screen, of which only the headers had come.
            assert steps[-1].octets == len(mail(7)) + len(mail(8))
            assert max(one.octets for one in steps) > sum(len(mail(n)) for n in range(7))


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_a_cut_costs_one_batch_and_is_a_problem_of_the_connection(
    nth: int, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(SetOffline(offline=True))
            for number in range(9):
                server.deliver("alice", mail(number))
            server.add_fault(
                Fault(
                    protocol="imap", command="UID FETCH", argument="INTERNALDATE", nth=nth, cut=700
                )
            )
            await bench.engine.command(SetOffline(offline=False))
            (told,) = await asyncio.gather(bench.sync(account_id), return_exceptions=True)
            if isinstance(told, DoorError):  # else a cycle of its own had met it before we asked
                assert "account was closed" not in told.sentence
                assert [one.service for one in bench.reader.problems()] == ["imap"]
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(9)]
            octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
            assert octets == [mail(number) for number in range(9)]
            assert bench.reader.problems() == []
            logins = [line for line in server.transcript.commands() if "AUTHENTICATE" in line]
            assert len(logins) == 3  # the connection before, the one that was cut, and the next


async def test_octets_that_were_left_at_the_server_come_when_they_are_asked_for(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(1, body="the word zebra"))
            await bench.sync(account_id, headers_only=True)
            (row,) = bench.rows()
            if row.has_octets:  # a cycle of its own was quicker than we were
                return
            await bench.engine.command(FetchOctets(placement_ids=(row.id,)))
            (row,) = bench.rows()
            assert row.has_octets
            assert bench.reader.octets(row.message_id) == mail(1, body="the word zebra")


async def test_octets_of_another_message_are_never_given_to_this_one(tmp_path: Path) -> None:
    """A server that answers with other octets than its header promised."""
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(1))
            await bench.sync(account_id, headers_only=True)
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "UPDATE message SET header_digest = zeroblob(32), blob_id = NULL,"
                    " header = zeroblob(4), message_id = 'other@example.org'"
                )
            )
            (row,) = bench.rows()
            await bench.engine.command(FetchOctets(placement_ids=(row.id,)))
            (row,) = bench.rows()
            assert bench.reader.octets(row.message_id) == mail(1)
            rows = await bench.engine.store.read(
                lambda tx: tx.fetch("SELECT message_id, blob_id IS NULL FROM message")
            )
            assert rows == [("1@example.org", 0)]


@pytest.mark.parametrize("dated", [True, False])
async def test_a_message_that_turns_out_to_be_another_stands_where_that_one_belongs(
    dated: bool, tmp_path: Path
) -> None:
    octets = mail(2, sender="Mia <mia@example.org>", hour=12)
    if not dated:
        octets = octets.replace(b"Date: ", b"X-Date: ")
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            for one in (mail(1, hour=1), octets, mail(3, sender="Zoe <z@example.org>", hour=3)):
                server.deliver("alice", one)
            await bench.sync(account_id, headers_only=True)
            placed = bench.placed("Subject 2")
            (here,) = await bench.engine.store.read(lambda tx: placement.get(tx, [placed]))

            def lie(tx: Transaction) -> None:
                tx.execute(
                    "UPDATE message SET header_digest = zeroblob(32), blob_id = NULL, date_s = 1,"
                    " header = zeroblob(4), message_id = 'x@example.org' WHERE id = ?",
                    (here.message_id,),
                )
                tx.execute(
                    "UPDATE placement SET date_s = 1, sort_sender = 'a', sort_subject = 'a',"
                    " size = 1 WHERE id = ?",
                    (placed,),
                )

            await bench.engine.store.write(lie)
            await bench.engine.command(FetchOctets(placement_ids=(placed,)))
            for column, order in (
                (Column.DATE, (2, 3, 1)),
                (Column.SENDER, (3, 2, 1)),
                (Column.SUBJECT, (3, 2, 1)),
            ):
                view = View(mailbox_ids=(bench.mailbox(),), column=column)
                found = [row.subject for row in bench.reader.window(view, 0, 10)]
                assert found == [f"Subject {number}" for number in order], column
            (row,) = [row for row in bench.rows() if row.id == placed]
            noon_s = int(datetime(2026, 11, 2, 12, 2, tzinfo=UTC).timestamp())
            assert row.date_s == (noon_s if dated else here.arrived_s)
            assert row.size_octets == len(octets)


@pytest.mark.parametrize("way", ["whole", "headers first", "envelopes first"])
@pytest.mark.parametrize("bodies", [("one", "two"), ("one", "another"), ("one", "one")])
@pytest.mark.parametrize("path", ["INBOX", "Archive"])
async def test_messages_of_one_header_that_names_nothing_have_their_own_octets(
    path: str, bodies: tuple[str, ...], way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one mailbox, or in two; octets come with them, behind headers, or behind envelopes."""
    if way == "envelopes first":
        monkeypatch.setattr(fetch, "MAX_WHOLE_AT_ONCE", 0)
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", bare(bodies[0]))
        server.deliver("alice", bare(bodies[1]), mailbox=path)
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            if way == "headers first":
                await bench.engine.store.write(
                    lambda tx: tx.execute("UPDATE mailbox SET policy = 'headers'")
                )
                await bench.sync(account_id, headers_only=True)
                await bench.engine.store.write(
                    lambda tx: tx.execute("UPDATE mailbox SET policy = ''")
                )
                ids = {row.id for place in {"INBOX", path} for row in bench.rows(place)}
                await bench.engine.command(FetchOctets(placement_ids=tuple(ids)))
            await bench.sync(account_id)
            await octets_are_there(bench, server, "INBOX", path)
            # Its UIDs are others now: each gets its own again.
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET uidvalidity = uidvalidity + 1")
            )
            ids = {row.id for place in {"INBOX", path} for row in bench.rows(place)}
            await bench.sync(account_id)
            assert {row.id for place in {"INBOX", path} for row in bench.rows(place)} == ids
            await octets_are_there(bench, server, "INBOX", path)


async def test_new_mail_is_told_while_nothing_is_asked_for(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(7))
            await until(lambda: bench.subjects() == ["Subject 7"], "the new mail, by IDLE")


async def nameless(bench: Bench) -> int:
    rows = await bench.engine.store.read(
        lambda tx: tx.fetch("SELECT count(*) FROM message WHERE header_digest = x''")
    )
    return int(rows[0][0])


@pytest.mark.usefixtures("large_mailbox")
@pytest.mark.parametrize("headers_only", [False, True])
async def test_a_large_mailbox_is_listed_by_envelopes_and_then_known_by_its_headers(
    headers_only: bool, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(9):
            server.deliver("alice", mail(number, references=f"<{number - 1}@example.org>"))
        async with running_engine(tmp_path) as bench:
            await bench.engine.command(SetOffline(offline=True))
            account_id = await bench.add(server)
            if headers_only:
                await bench.engine.store.write(
                    lambda tx: tx.execute("UPDATE mailbox SET policy = 'headers'")
                )
                await bench.engine.store.write(
                    lambda tx: tx.execute("UPDATE account SET policy = 'headers'")
                )
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync(account_id)
            listed = [one for one in server.transcript.commands() if "ENVELOPE" in one.upper()]
            assert len(listed) == 4  # the first screen of two, and seven behind it in threes
            assert bench.subjects() == [f"Subject {n}" for n in range(9)]
            assert await nameless(bench) == 0
            threads = await bench.engine.store.read(
                lambda tx: tx.fetch("SELECT DISTINCT thread_id FROM placement")
            )
            assert len(threads) == 1
            octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
            assert octets == [
                None if headers_only else mail(number, references=f"<{number - 1}@example.org>")
                for number in range(9)
            ]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("reason", ["a switch", "another UIDVALIDITY"])
async def test_what_is_here_is_not_fetched_again_though_the_look_that_meets_it_was_cut(
    reason: str, tmp_path: Path
) -> None:
    is_switch = reason == "a switch"
    with LocalServer(PASSWORDS) as server:
        for number in range(9):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3 if is_switch else Kind.IMAP)
            await bench.sync(account_id)
            said = len(server.transcript.commands())
            cut = Fault(protocol="imap", command="UID FETCH", argument="HEADER", nth=2, cut=0)
            server.add_fault(cut)
            if is_switch:
                await asyncio.gather(
                    bench.switch(server, account_id, Kind.IMAP), return_exceptions=True
                )
            else:
                server.add_fault(Fault(protocol="imap", command="SELECT", uidvalidity=True))
                await bench.engine.command(SetOffline(offline=True))
                await bench.engine.command(SetOffline(offline=False))
                await asyncio.gather(bench.sync(account_id), return_exceptions=True)
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(9)]
            commands = server.transcript.commands()[said:]
            assert sum("BODY.PEEK[HEADER]" in line for line in commands) > 2
            assert not [line for line in commands if "BODY.PEEK[]" in line]
            (count,) = await bench.engine.store.read(
                lambda tx: tx.fetch("SELECT count(*) FROM message")
            )
            assert count == (9,)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("known", [9, 0])
async def test_what_another_account_has_is_not_fetched_again(known: int, tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(9):
            server.deliver("alice", mail(number))
            server.deliver("bob", mail(number if number < known else number + 50))
        async with running_engine(tmp_path) as bench:
            await bench.sync(await bench.add(server, "bob"))
            said = len(server.transcript.commands())
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert bench.subjects("INBOX", account_id) == [f"Subject {n}" for n in range(9)]
            assert all(row.has_octets for row in bench.rows("INBOX", account_id))
            commands = server.transcript.commands()[said:]
            wholes = [line for line in commands if "RFC822.SIZE BODY.PEEK[]" in line]
            assert len(wholes) == (0 if known else 2)  # what is new comes in one step
            assert any("BODY.PEEK[]" in line for line in commands) is not bool(known)


@pytest.mark.usefixtures("large_mailbox")
@pytest.mark.parametrize("nth", range(1, 8))
async def test_a_cut_while_a_large_mailbox_is_listed_loses_and_doubles_nothing(
    nth: int, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(9):
            server.deliver("alice", mail(number))
        server.add_fault(Fault(protocol="imap", command="UID FETCH", nth=nth, cut=500))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await asyncio.gather(bench.sync(account_id), return_exceptions=True)
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(9)]
            octets = [bench.reader.octets(row.message_id) for row in bench.rows()]
            assert octets == [mail(number) for number in range(9)]
            assert await nameless(bench) == 0


async def test_what_was_listed_before_a_cut_is_given_out() -> None:
    """Else a connection that is cut again and again would never come any further."""

    async def answers() -> AsyncIterator[FetchRows]:
        yield FetchRows(b"* 1 FETCH (UID 1)\r\n", False)
        yield FetchRows(b"* 2 FETCH (UID 2)\r\n", False)
        raise ClosedError("The connection was cut.")

    pieces = fetch._in_pieces(answers())
    came = await anext(pieces)
    assert isinstance(came, FetchRows)
    assert came.octets == b"* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n"
    with pytest.raises(ClosedError):
        await anext(pieces)


async def indexed_rows(bench: Bench) -> dict[str, int]:
    """How many are in the word index, how many wait for it, and how many are found by `zebra`."""
    sql = (
        "SELECT (SELECT count(*) FROM words), (SELECT count(*) FROM word_queue),"
        " (SELECT count(*) FROM words WHERE words MATCH 'zebra'),"
        " (SELECT count(*) FROM words WHERE words MATCH 'subject: subject')"
    )
    (row,) = await bench.engine.store.read(lambda tx: tx.fetch(sql))
    return dict(zip(("indexed", "waiting", "zebra", "subject"), row, strict=True))


@pytest.mark.usefixtures("large_mailbox")
async def test_what_is_listed_is_put_into_the_word_index_once_with_its_octets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_out: list[int] = []
    monkeypatch.setattr(Transaction, "execute_many", _watched(taken_out))
    with LocalServer(PASSWORDS) as server:
        for number in range(9):
            server.deliver("alice", mail(number, body="zebra"))
        async with running_engine(tmp_path) as bench:
            await bench.sync(await bench.add(server))
            found = await indexed_rows(bench)
            assert found == {"indexed": 9, "waiting": 0, "zebra": 9, "subject": 9}
    assert taken_out == []


def _watched(
    taken_out: list[int],
) -> Callable[[Transaction, str, Iterable[tuple[Value, ...]]], None]:
    """Statements for many rows, of which those that take something out of the index are kept."""
    run = Transaction.execute_many

    def watched(self: Transaction, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        listed = list(rows)
        if sql.startswith("DELETE FROM words"):
            taken_out.extend(int(row[0] or 0) for row in listed)
        run(self, sql, listed)

    return watched


@pytest.mark.usefixtures("large_mailbox")
@pytest.mark.parametrize("reason", ["a cut", "going offline", "a long time"])
async def test_what_is_listed_and_does_not_get_its_octets_is_found_by_its_envelope(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "a long time":
        monkeypatch.setattr(fetch, "WORDS_AFTER_S", -1.0)
    cut, delay_s = (100, 0.0) if reason == "a cut" else (None, 1.0)
    with LocalServer(PASSWORDS) as server:
        for number in range(9):
            server.deliver("alice", mail(number, body="zebra"))
        server.add_fault(
            Fault(
                protocol="imap", command="UID FETCH", argument=r"PEEK\[\]", cut=cut, delay_s=delay_s
            )
        )
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await until(lambda: bool(whole_asked_for(server)), "the first FETCH of whole messages")
            if reason == "going offline":
                await bench.engine.command(SetOffline(offline=True))
            await until(lambda: bench.reader.unindexed() == 0, "the index")
            before = await indexed_rows(bench)
            assert (before["indexed"], before["subject"], before["waiting"]) == (9, 9, 0)
            if reason == "going offline":
                await bench.engine.command(SetOffline(offline=False))
            await bench.sync(account_id)
            found = await indexed_rows(bench)
            assert found == {"indexed": 9, "waiting": 0, "zebra": 9, "subject": 9}


def whole_asked_for(server: LocalServer) -> list[str]:
    return [one for one in fetched(server) if "BODY.PEEK[]" in one]


def members(command: str) -> set[int]:
    """The UIDs that a UID FETCH names."""
    parts = [part.partition(":") for part in command.split()[2].split(",")]
    return {uid for low, _, high in parts for uid in range(int(low), int(high or low) + 1)}


@pytest.mark.usefixtures("large_mailbox")
async def test_what_may_be_here_already_is_looked_at_by_its_header_and_not_fetched_again(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            for number in range(3):
                server.deliver("alice", mail(number))
            await bench.sync(account_id)
            await bench.engine.command(SetOffline(offline=True))
            for number in range(9):
                server.deliver("alice", mail(number))
            before = len(fetched(server))
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync(account_id)
            rows = await bench.engine.store.read(
                lambda tx: tx.fetch(
                    "SELECT (SELECT count(*) FROM placement), (SELECT count(*) FROM message)"
                )
            )
            assert rows == [(12, 9)]
            whole = [one for one in fetched(server)[before:] if "BODY.PEEK[]" in one]
            assert set().union(*map(members, whole)) == set(range(7, 13))


async def test_what_has_no_header_is_found_without_going_through_the_mailbox(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        rows = await store.read(
            lambda tx: tx.fetch(f"EXPLAIN QUERY PLAN {fetch.HEADERLESS}", (0, 1, 10))
        )
    assert [row[3].partition(" (")[0] for row in rows] == [
        "SEARCH m USING INDEX message_without_header",
        "SEARCH p USING INDEX placement_by_message",
    ]


@pytest.fixture
def glancing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch of twenty messages and more is large, and comes fast."""
    monkeypatch.setattr(pipeline, "BATCH_OCTETS", 20_000)
    monkeypatch.setattr(pipeline, "GLANCED_OCTETS", 1)
    monkeypatch.setattr(pipeline, "GLANCED_WITHIN_S", 60.0)
    monkeypatch.setattr(fetch, "LEAST_WHOLE_BATCH", 100)


@pytest.mark.usefixtures("glancing")
@pytest.mark.parametrize("listed_before", [False, True])
async def test_what_was_glanced_at_is_shown_and_found_in_the_end(
    listed_before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glanced: list[int] = []
    glance = reading.glance

    async def watched(guard: Guard, ports: Ports, contents: Sequence[Octets]) -> list[reading.Read]:
        glanced.append(len(contents))
        return await glance(guard, ports, contents)

    monkeypatch.setattr(reading, "glance", watched)
    if listed_before:
        monkeypatch.setattr(fetch, "MAX_WHOLE_AT_ONCE", 50)
    ports = replace(system_ports(), worker=InlineExecutor())
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, ports=ports) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(SetOffline(offline=True))
            for number in range(200):
                server.deliver("alice", mail(number, body=f"zebra{number} " + "x" * 500))
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync(account_id)
            assert sum(glanced) > 100
            assert len(bench.rows()) == 200
            assert all(row.preview.startswith("zebra") for row in bench.rows())
            assert bench.reader.unindexed() == 0
            found = await bench.engine.store.read(
                lambda tx: tx.fetch("SELECT count(*) FROM words WHERE words MATCH 'zebra77'")
            )
            assert found == [(1,)]


def test_the_uids_of_a_large_mailbox_take_little_memory() -> None:
    uids = UidSet.of([1, 5, *range(7, 200_000)])
    tracemalloc.start()
    try:
        newest = fetch._newest_first(uids)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * len(uids)
    assert (list(newest[:2]), list(newest[-2:])) == ([199_999, 199_998], [5, 1])
