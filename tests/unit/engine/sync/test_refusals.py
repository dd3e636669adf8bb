"""A message that an IMAP server cannot read keeps no other from coming, and stands there."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.door.commands import FetchOctets
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState
from desktopmail.engine.store import ended_at
from desktopmail.engine.sync import fetch
from desktopmail.net.errors import ClosedError, RefusedError
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.fetch_item import BodyItem, FetchItem
from desktopmail.wire.imap.section import HEADER, WHOLE
from desktopmail.wire.imap.sequence import UidSet
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, other_device, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.wire.imap.expunge import VanishedResponse
    from desktopmail.wire.imap.fetch_response import FetchResponse
    from desktopmail.wire.imap.fetch_rows import FetchRows


class Refusing:
    """An IMAP server that cannot read some of its messages.

    Attributes:
        uids: Which.
        parts: What of these it refuses: "WHOLE", "HEADER".
        asked: For how many messages each command asked that it refused.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, gives_others: bool) -> None:
        self.uids = {5}
        self.parts = {WHOLE}
        self.asked: list[int] = []
        fetch = ImapClient.uid_fetch

        async def uid_fetch(
            client: ImapClient, uids: UidSet, items: tuple[FetchItem, ...], **more: Any
        ) -> AsyncIterator[FetchResponse | VanishedResponse]:
            sections = {item.section for item in items if isinstance(item, BodyItem)}
            refused = self.uids & set(uids) if sections & self.parts else set()
            given = UidSet.of(set(uids) - refused)
            if given and (gives_others or not refused):
                async for answer in fetch(client, given, items, **more):
                    yield answer
            if refused:
                self.asked.append(len(set(uids)))
                raise RefusedError("It is damaged.", reply=None, code="refused")

        monkeypatch.setattr(ImapClient, "uid_fetch", uid_fetch)


@pytest.mark.parametrize("gives_others", [True, False])
@pytest.mark.parametrize("path", ["INBOX", "Lists"])
async def test_all_others_come_and_it_stands_there_by_its_header(
    path: str, gives_others: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(monkeypatch, gives_others=gives_others)
    with LocalServer(PASSWORDS) as server:
        async with other_device(server) as client:
            if path != "INBOX":
                await client.create(path)
        for number in range(1, 10):
            server.deliver("alice", mail(number), mailbox=path)
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert bench.subjects(path) == [f"Subject {n}" for n in range(1, 10)]
            lacking = [row.subject for row in bench.rows(path) if not row.has_octets]
            assert lacking == ["Subject 5"]
            assert bench.reader.accounts()[0].state is ConnectionState.READY
            assert bench.problems() == [
                "127.0.0.1 lists “Subject 5” and does not give it: It is damaged."
            ]
            asked = len(refusing.asked)
            await bench.cycle(account_id)
            assert len(refusing.asked) == asked
            demand = FetchOctets(placement_ids=(bench.placed("Subject 5", path),))
            with pytest.raises(DoorError, match="It is damaged"):
                await bench.engine.command(demand)
            assert bench.reader.accounts()[0].state is not ConnectionState.FAILED
            await bench.sync(account_id)
            assert len(refusing.asked) == asked + 2
            refusing.uids.clear()
            await bench.sync(account_id)
            assert all(row.has_octets for row in bench.rows(path))
            assert bench.problems() == []


async def test_one_of_which_nothing_is_given_has_a_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(monkeypatch, gives_others=False)
    refusing.parts |= {HEADER}
    with LocalServer(PASSWORDS) as server:
        for number in range(1, 10):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            stand_in = "The server does not give this message"
            assert bench.subjects() == sorted(
                [f"Subject {n}" for n in range(1, 10) if n != 5] + [stand_in]
            )
            assert bench.problems() == [
                "127.0.0.1 lists message 5 (INBOX) and does not give it: It is damaged."
            ]
            refusing.uids.clear()
            await bench.sync(account_id)
            assert bench.subjects() == [f"Subject {n}" for n in range(1, 10)]
            assert bench.problems() == []


async def test_a_large_mailbox_is_listed_though_one_has_no_envelope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_WHOLE_AT_ONCE", 3)
    list_rows = ImapClient.uid_fetch_rows

    async def uid_fetch_rows(
        client: ImapClient, uids: UidSet, items: tuple[FetchItem, ...]
    ) -> AsyncIterator[FetchRows | FetchResponse]:
        if 5 in uids:
            raise RefusedError("It is damaged.", reply=None, code="serverbug")
        async for answer in list_rows(client, uids, items):
            yield answer

    monkeypatch.setattr(ImapClient, "uid_fetch_rows", uid_fetch_rows)
    with LocalServer(PASSWORDS) as server:
        for number in range(1, 10):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.sync(await bench.add(server))
            assert bench.subjects() == [f"Subject {n}" for n in range(1, 10)]
            assert all(row.has_octets for row in bench.rows())


async def test_what_is_wrong_with_all_is_said_of_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(monkeypatch, gives_others=False)
    refusing.uids = set(range(1, 100))
    with LocalServer(PASSWORDS) as server:
        for number in range(1, 40):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            with pytest.raises(DoorError, match="It is damaged"):
                await bench.sync(account_id)
            assert len(refusing.asked) < 50
            refusing.uids.clear()
            await bench.sync(account_id)
            assert all(row.has_octets for row in bench.rows())
            assert bench.problems() == []


def dying(monkeypatch: pytest.MonkeyPatch, *, gives_others: bool) -> set[int]:
    """Have a server that dies of messages whose UIDs are in a set, and return that."""
    asked = ImapClient.uid_fetch
    damaged = {5}

    async def uid_fetch(
        client: ImapClient, uids: UidSet, items: tuple[FetchItem, ...], **more: Any
    ) -> AsyncIterator[FetchResponse | VanishedResponse]:
        dies = damaged & set(uids) and BodyItem(WHOLE) in items
        given = UidSet.of(uid for uid in uids if not dies or (gives_others and uid < min(damaged)))
        if given:
            async for answer in asked(client, given, items, **more):
                yield answer
        if dies:
            await client.aclose()
            raise ClosedError("The server closed the connection.")

    monkeypatch.setattr(ImapClient, "uid_fetch", uid_fetch)
    return damaged


@pytest.mark.parametrize("gives_others", [True, False])
async def test_one_at_which_the_connection_ends_is_found_and_left_out(
    gives_others: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some servers die of a message that they cannot read: no older one ever came."""
    damaged = dying(monkeypatch, gives_others=gives_others)
    with LocalServer(PASSWORDS) as server:
        for number in range(1, 40):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            for _ in range(8):
                if len(bench.rows()) == 39:
                    break
                await asyncio.gather(bench.sync(account_id), return_exceptions=True)
            assert len(bench.rows()) == 39
            assert [row.subject for row in bench.rows() if not row.has_octets] == ["Subject 5"]
            assert bench.problems() == [
                "127.0.0.1 lists “Subject 5” and does not give it: The connection ended each time."
            ]
            await bench.cycle(account_id)
            assert bench.reader.accounts()[0].state is ConnectionState.READY
            for _ in range(2):  # asked for once more, and left out at once
                await asyncio.gather(bench.sync(account_id), return_exceptions=True)
            await bench.cycle(account_id)
            assert len(bench.problems()) == 1
            damaged.clear()
            await bench.sync(account_id)
            assert all(row.has_octets for row in bench.rows())
            assert bench.problems() == []


async def test_at_which_message_the_connection_ends_is_known_to_the_next_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each engine tries once or twice, as that of a command does, no older one ever came."""
    damaged, keyring = dying(monkeypatch, gives_others=False), MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        for number in range(1, 40):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path, keyring) as bench:
            account_id = await bench.add(server)
        for _ in range(8):
            async with running_engine(tmp_path, keyring) as bench:
                await asyncio.gather(bench.sync(account_id), return_exceptions=True)
                if len(bench.rows()) == 39:
                    break
        async with running_engine(tmp_path, keyring) as bench:
            assert len(bench.rows()) == 39
            assert [row.subject for row in bench.rows() if not row.has_octets] == ["Subject 5"]
            damaged.clear()
            await bench.sync(account_id)
            assert all(row.has_octets for row in bench.rows())
            left = await bench.engine.store.read(partial(ended_at.every, account_id=account_id))
            assert left == {}
