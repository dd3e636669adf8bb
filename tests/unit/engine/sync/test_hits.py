"""What a server finds is brought here: headers of what was never seen, placed under its UID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.queries import SearchServers, ServerHits
from desktopmail.engine.store import mailbox
from desktopmail.engine.sync import hits
from desktopmail.engine.sync.look import Look
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def search(bench: Bench, query: str) -> ServerHits:
    answer = await bench.engine.query(SearchServers(query=query))
    assert isinstance(answer, ServerHits)
    return answer


async def test_a_mailbox_that_was_never_looked_at_is_searched_and_what_is_found_stands_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Look.run

    async def never(self: Look) -> None:
        """The first look is far from this mailbox yet."""

    with LocalServer(PASSWORDS) as server:
        for number in range(6):
            server.deliver("alice", mail(number, body="zebra" if number in {2, 4} else "horse"))
        async with running_engine(tmp_path) as bench:
            with monkeypatch.context() as patch:
                patch.setattr(Look, "run", never)
                account_id = await bench.add(server)
                await bench.sync(account_id)
                assert bench.rows() == []
                found = await search(bench, "zebra")
                assert found.fetched == 2
                assert found.notes == ()
                assert bench.mailbox() in found.asked
                assert bench.subjects() == ["Subject 2", "Subject 4"]
                assert not any(row.has_octets for row in bench.rows())
                again = await search(bench, "zebra")
                assert again.placement_ids == found.placement_ids
                assert again.fetched == 0
            # The look goes on from there, and doubles nothing.
            assert Look.run is whole
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {number}" for number in range(6)]
            assert all(row.has_octets for row in bench.rows())
            assert set(found.placement_ids) <= {row.id for row in bench.rows()}


async def test_of_more_hits_than_are_fetched_at_once_the_newest_come_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(self: Look) -> None:
        """The first look is far from this mailbox yet."""

    monkeypatch.setattr(hits, "MAX_FETCHED", 2)
    with LocalServer(PASSWORDS) as server:
        for number in range(5):
            server.deliver("alice", mail(number, body="zebra"))
        async with running_engine(tmp_path) as bench:
            with monkeypatch.context() as patch:
                patch.setattr(Look, "run", never)
                account_id = await bench.add(server)
                await bench.sync(account_id)
                found = await search(bench, "zebra")
                assert bench.subjects() == ["Subject 3", "Subject 4"]
                (note,) = found.notes
                assert note.startswith("INBOX of alice-imap has 3 older hits")
            await bench.sync(account_id)
            assert len(bench.rows()) == 5


async def test_a_mailbox_made_anew_is_searched_as_what_it_is_now(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1, body="zebra"))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id, headers_only=True)
            inbox = bench.mailbox()
            await bench.engine.store.write(
                lambda tx: tx.execute(
                    "UPDATE mailbox SET uidvalidity = 7, complete = 0, policy = 'headers'"
                )
            )
            found = await search(bench, "zebra")
            assert inbox in found.asked
            box = await bench.engine.store.read(lambda tx: mailbox.get(tx, inbox))
            assert box.uidvalidity not in {None, 7}
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1"]
