"""Searching at the servers finds what is not here, and says where it could not look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import SetMailboxPolicy, SetOffline
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import SearchServers, ServerHits
from desktopmail.door.rows import Kind, View
from desktopmail.engine import search
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId

BODIES = {1: "zebra", 2: "horse", 3: "zebra and horse", 4: "Grüße, 会議"}


async def ask(bench: Bench, query: str) -> ServerHits:
    answer = await bench.engine.query(SearchServers(query=query))
    assert isinstance(answer, ServerHits)
    return answer


def subjects(bench: Bench, query: str, hits: ServerHits) -> tuple[list[str], list[str]]:
    """What is found here, and what both found, newest first."""
    view = View(query=query)
    both = msgspec.structs.replace(view, also=hits.placement_ids)
    return (
        [row.subject for row in bench.reader.window(view, 0, 100)],
        [row.subject for row in bench.reader.window(both, 0, 100)],
    )


async def with_headers_only(bench: Bench, server: LocalServer) -> AccountId:
    account_id = await bench.add(server)
    await bench.engine.command(SetMailboxPolicy(account_id=account_id, policy="headers"))
    await bench.sync(account_id)
    for number, body in BODIES.items():
        server.deliver("alice", mail(number, body=body, hour=number))
    await bench.sync(account_id)
    assert not any(row.has_octets for row in bench.rows())
    return account_id


@pytest.mark.parametrize(
    "without",
    [(), ("ESEARCH",), ("CONDSTORE", "QRESYNC"), ("IDLE",), ("ENABLE", "ESEARCH", "IMAP4rev2")],
    ids="+".join,
)
async def test_bodies_that_are_at_the_server_only_are_searched_there(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            for query, here, both in (
                ("zebra", [], ["Subject 3", "Subject 1"]),
                ("zebra -horse", [], ["Subject 1"]),
                ("zebra OR subject:2", ["Subject 2"], ["Subject 3", "Subject 2", "Subject 1"]),
                ("body:grüße", [], ["Subject 4"]),
                ("会議", [], ["Subject 4"]),
                ('"zebra and horse"', [], ["Subject 3"]),
                ("subject:subject in:archive", [], []),
            ):
                hits = await ask(bench, query)
                assert subjects(bench, query, hits) == (here, both), query
                assert hits.notes == ()
                assert hits.fetched == 0


async def test_what_is_wholly_here_costs_no_server_a_question(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1, body="zebra"))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.sync(account_id)
            before = len(server.transcript.commands())
            assert await ask(bench, "zebra") == ServerHits()
            said = server.transcript.commands()[before:]
            assert not any("SEARCH" in line for line in said)


async def test_pop3_and_being_offline_are_said(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            await bench.add(server, "bob", Kind.POP3)
            assert (await ask(bench, "zebra")).notes == (
                "bob-pop3 fetches by POP3, which cannot search: what was fetched is searched here.",
            )
            await bench.engine.command(SetOffline(offline=True))
            hits = await ask(bench, "zebra")
            assert "The server of alice-imap was not asked while you work offline." in hits.notes
            assert hits.asked == ()


async def test_a_server_that_refuses_is_one_sentence_and_the_others_answer(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server, LocalServer(PASSWORDS) as other:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            bob = await bench.add(other, "bob")
            await bench.engine.command(SetMailboxPolicy(account_id=bob, policy="headers"))
            await bench.sync(bob)
            other.deliver("bob", mail(9, body="zebra"))
            await bench.sync(bob)
            refusal = Fault(
                protocol="imap", command="UID SEARCH", reply="NO No searching today", times=None
            )
            server.add_fault(refusal)
            hits = await ask(bench, "zebra")
            assert all("No searching today" in note for note in hits.notes)
            assert any(
                note.startswith("INBOX of alice-imap was not searched at its server: ")
                for note in hits.notes
            )
            assert subjects(bench, "zebra", hits)[1] == ["Subject 9"]


async def test_a_server_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            server.add_fault(Fault(protocol="imap", command="UID SEARCH", drop=True))
            (note,) = (await ask(bench, "zebra")).notes
            assert note.startswith("alice-imap was not searched at its server: ")


async def test_too_many_hits_are_cut_to_the_newest_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_HITS", 1)
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await with_headers_only(bench, server)
            hits = await ask(bench, "zebra")
            assert subjects(bench, "zebra", hits)[1] == ["Subject 3"]
            assert hits.notes == ("The servers found 2 messages more; the newest 1 are shown.",)


async def test_what_cannot_be_understood_asks_nobody(tmp_path: Path) -> None:
    async with running_engine(tmp_path) as bench:
        with pytest.raises(DoorError) as caught:
            await ask(bench, "before:tomorrow")
        assert caught.value.code == "bad-query"
