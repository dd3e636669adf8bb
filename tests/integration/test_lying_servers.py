"""Servers that lie about UIDNEXT or lose UIDVALIDITY: what they have is shown, once, and in peace.

A relay changes what the bundled server says; what it really holds is looked at afterwards.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import MoveMessages, StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.wire.imap.flags import DELETED, FLAGGED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, relayed_engine
from tests.helpers.relay import Relay
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desktopmail.door.ids import AccountId

LEVELS = [
    pytest.param((), id="QRESYNC"),
    pytest.param(("QRESYNC",), id="CONDSTORE"),
    pytest.param(("QRESYNC", "CONDSTORE", "ESEARCH"), id="plain"),
]
# Without IDLE it looks when it is told to, and at no other time.
QUIET = ("IDLE",)
# Nothing happens for so long: then so many commands are said at most.
PEACE_S, PEACE_COMMANDS = 1.0, 8


def uidnext(change: Callable[[int], bytes]) -> Callable[[bytes], bytes]:
    """A server that says another UIDNEXT wherever it says one; empty: that says none."""

    def rewrite(line: bytes) -> bytes:
        def of_select(match: re.Match[bytes]) -> bytes:
            said = change(int(match[1]))
            return b"* OK [UIDNEXT %b] next\r\n" % said if said else b""

        line = re.sub(rb"^\* OK \[UIDNEXT (\d+)\].*\r\n", of_select, line)
        if not line.startswith(b"* STATUS"):
            return line

        def of_status(match: re.Match[bytes]) -> bytes:
            said = change(int(match[1]))
            return b"UIDNEXT %b" % said if said else b"UNSEEN 0"

        return re.sub(rb"UIDNEXT (\d+)", of_status, line)

    return rewrite


def going_back() -> Callable[[int], bytes]:
    """Tells a smaller one each time."""
    said = Counter[str]()

    def change(real: int) -> bytes:
        said["times"] += 1
        return b"%d" % max(1, real - said["times"] % 5)

    return change


UIDNEXTS = [
    pytest.param(lambda: lambda real: b"%d" % max(1, real - 3), id="too-low"),
    pytest.param(lambda: lambda _: b"1", id="always-1"),
    pytest.param(lambda: lambda real: b"%d" % (real + 1000), id="too-high"),
    pytest.param(lambda: lambda _: b"4294967295", id="the-highest"),
    pytest.param(going_back, id="going-back"),
    pytest.param(lambda: lambda _: b"", id="absent"),
]


@asynccontextmanager
async def behind(
    folder: Path, server: LocalServer, rewrite: Callable[[bytes], bytes]
) -> AsyncIterator[tuple[Bench, Relay, AccountId]]:
    """An engine that speaks to the server through a relay that lies."""
    relay = Relay(server.ports["imap"], rewrite)
    async with relayed_engine(folder, server, relay) as (bench, account_id):
        yield bench, relay, account_id


def agree(bench: Bench, server: LocalServer, path: str = "INBOX") -> None:
    """What is shown is what the server has, each once."""
    shown = [(row.subject, row.flags & Flag.FLAGGED) for row in bench.rows(path)]
    there = sorted(
        (one.subject, Flag.FLAGGED if "\\Flagged" in one.flags else Flag.NONE)
        for one in server.messages("alice", path)
    )
    assert sorted(shown) == there
    octets = sorted(bench.reader.octets(row.message_id) or b"" for row in bench.rows(path))
    assert octets == sorted(one.octets for one in server.messages("alice", path))


async def live_through(bench: Bench, server: LocalServer, account_id: AccountId) -> None:
    """Mail comes, another device changes and removes, and a person files and flags."""
    for number in range(6):
        server.deliver("alice", mail(number))
    await bench.sync(account_id)
    agree(bench, server)
    async with other_device(server) as device:
        await device.select("INBOX")
        await device.uid_store(UidSet.of([Uid(2)]), StoreMode.ADD, [FLAGGED])
        await device.uid_store(UidSet.of([Uid(4)]), StoreMode.ADD, [DELETED])
        await device.expunge()
    server.deliver("alice", mail(7))
    server.deliver("alice", mail(8))
    await bench.sync(account_id)
    await bench.sync(account_id)
    agree(bench, server)
    await bench.engine.command(
        StoreFlags(placement_ids=(bench.placed("Subject 0"),), add=Flag.FLAGGED)
    )
    await bench.engine.command(
        MoveMessages(
            placement_ids=(bench.placed("Subject 1"), bench.placed("Subject 7")),
            mailbox_id=bench.mailbox("Archive"),
        )
    )
    server.deliver("alice", mail(9))
    await bench.sync(account_id)
    await bench.sync(account_id)
    agree(bench, server)
    agree(bench, server, "Archive")
    assert [one.subject for one in server.messages("alice", "Archive")] == [
        "Subject 1", "Subject 7",
    ]  # fmt: skip
    assert not [row for row in bench.reader.operations() if row.state != "done"]


@pytest.mark.parametrize("without", LEVELS)
@pytest.mark.parametrize("lie", UIDNEXTS)
async def test_whatever_uidnext_says_what_the_server_has_is_shown_once(
    lie: Callable[[], Callable[[int], bytes]], without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=(*without, *QUIET)) as server:
        async with behind(tmp_path, server, uidnext(lie())) as (bench, _, account_id):
            await live_through(bench, server, account_id)


def uidvalidity(change: Callable[[int], bytes]) -> Callable[[bytes], bytes]:
    """A server that says another UIDVALIDITY wherever it says one; empty: that says none."""

    def rewrite(line: bytes) -> bytes:
        def of_select(match: re.Match[bytes]) -> bytes:
            said = change(int(match[1]))
            return b"* OK [UIDVALIDITY %b] valid\r\n" % said if said else b""

        line = re.sub(rb"^\* OK \[UIDVALIDITY (\d+)\].*\r\n", of_select, line)
        if not line.startswith(b"* STATUS"):
            return line

        def of_status(match: re.Match[bytes]) -> bytes:
            said = change(int(match[1]))
            return b"UIDVALIDITY %b" % said if said else b"UNSEEN 0"

        return re.sub(rb"UIDVALIDITY (\d+)", of_status, line)

    return rewrite


def another_each_time() -> Callable[[int], bytes]:
    """Never the same twice."""
    said = Counter[str]()

    def change(real: int) -> bytes:
        said["times"] += 1
        return b"%d" % (real + said["times"])

    return change


@pytest.mark.parametrize("without", LEVELS)
async def test_without_a_uidvalidity_what_the_server_has_is_shown_once(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=(*without, *QUIET)) as server:
        lie = uidvalidity(lambda _: b"")
        async with behind(tmp_path, server, lie) as (bench, _, account_id):
            await live_through(bench, server, account_id)


@pytest.mark.parametrize("without", LEVELS)
async def test_a_uidvalidity_that_is_lost_later_loses_and_doubles_nothing(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    is_lost = False
    with LocalServer(PASSWORDS, without=(*without, *QUIET)) as server:
        lie = uidvalidity(lambda real: b"" if is_lost else b"%d" % real)
        async with behind(tmp_path, server, lie) as (bench, _, account_id):
            for number in range(10, 14):
                server.deliver("alice", mail(number))
            await bench.sync(account_id)
            before = {row.message_id for row in bench.rows()}
            is_lost = True
            await bench.sync(account_id)
            await bench.sync(account_id)
            agree(bench, server)
            assert {row.message_id for row in bench.rows()} == before
            is_lost = False
            await bench.sync(account_id)
            await bench.sync(account_id)
            agree(bench, server)
            assert {row.message_id for row in bench.rows()} == before


@pytest.mark.parametrize("without", LEVELS)
async def test_a_uidvalidity_that_changes_each_time_loses_nothing_and_makes_no_storm(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(6):
            server.deliver("alice", mail(number))
        lie = uidvalidity(another_each_time())
        async with behind(tmp_path, server, lie) as (bench, relay, account_id):
            await bench.sync(account_id)
            agree(bench, server)
            before = {row.message_id for row in bench.rows()}
            flagged = bench.placed("Subject 0")
            await bench.engine.command(StoreFlags(placement_ids=(flagged,), add=Flag.FLAGGED))
            for _ in range(3):
                await bench.sync(account_id)
            # Told on the connection and in the very selection that met the messages again.
            agree(bench, server)
            assert [one.subject for one in server.messages("alice") if one.flags] == ["Subject 0"]
            assert {row.message_id for row in bench.rows()} == before
            relay.commands.clear()
            await asyncio.sleep(PEACE_S)
            assert len(relay.commands) <= PEACE_COMMANDS, relay.commands


def half_a_listing(line: bytes) -> bytes:
    """A listing of UIDs that ends in the middle, at a server whose UIDNEXT makes us ask for one."""
    line = re.sub(rb"^(\* ESEARCH .* ALL) [\d:,]+", rb"\1 1:3", line)
    line = re.sub(rb"^\* SEARCH [\d ]+", rb"* SEARCH 1 2 3", line)
    return uidnext(lambda _: b"1")(line)


@pytest.mark.parametrize("without", LEVELS)
async def test_a_listing_that_contradicts_the_number_of_messages_deletes_nothing(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    is_cut = False
    with LocalServer(PASSWORDS, without=(*without, *QUIET)) as server:
        for number in range(6):
            server.deliver("alice", mail(number))
        async with behind(
            tmp_path, server, lambda line: half_a_listing(line) if is_cut else line
        ) as (bench, relay, account_id):
            await bench.sync(account_id)
            before = {row.id for row in bench.rows()}
            is_cut = True
            relay.forget()
            for _ in range(4):
                await bench.sync(account_id)
                agree(bench, server)
            assert {row.id for row in bench.rows()} == before
            assert relay.said("UID SEARCH")  # they were listed
