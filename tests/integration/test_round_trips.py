"""Round trips, counted through a relay of 50 ms each way: what a person far away waits for.

A large mailbox at the bundled server, one engine from its first screen on.
"""

from __future__ import annotations

import asyncio
import math
import os
import resource
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import SetOffline
from desktopmail.door.rows import Flag, View
from desktopmail.engine import journal
from desktopmail.engine.sync import expunge
from desktopmail.wire.imap.flags import FLAGGED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from localserver.store.interface import Delivery
from tests.helpers.engine import PASSWORDS, Bench, other_device, relayed_engine
from tests.helpers.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


# 100,000 are what a person may have: `ROUND_TRIP_MESSAGES=100000` takes them, and two minutes. So
# many as here are listed in the same way: by their envelopes (`engine/sync/fetch.py`), in half one.
COUNT = int(os.environ.get("ROUND_TRIP_MESSAGES", "25000"))
FIRST_SCREEN = 50
DELAY_S = 0.05
_BATCH = 2000
_MOST_GROWN_MIB = 150

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def mail(number: int) -> bytes:
    return (
        f"From: Carol <carol@example.org>\r\nTo: alice@localhost\r\nSubject: number {number}\r\n"
        f"Message-ID: <{number}@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHi\r\n"
    ).encode()


def fill(server: LocalServer, count: int) -> None:
    async def deliver(batch: Iterable[int]) -> None:
        await server.server.store.deliver([Delivery("alice", mail(number)) for number in batch])

    for start in range(0, count, _BATCH):
        server._call(deliver(range(start, min(start + _BATCH, count))))


@asynccontextmanager
async def far_away(
    folder: Path, server: LocalServer
) -> AsyncIterator[tuple[Bench, Relay, AccountId]]:
    """An engine whose every octet is 50 ms on its way."""
    relay = Relay(server.ports["imap"], delay_s=DELAY_S)
    async with relayed_engine(folder, server, relay) as (bench, account_id):
        yield bench, relay, account_id


def shown(bench: Bench, account_id: AccountId) -> int:
    return next((box.total for box in bench.reader.mailboxes(account_id) if box.path == "INBOX"), 0)


async def test_far_away_a_large_mailbox_costs_few_round_trips(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with LocalServer(PASSWORDS) as server:
        fill(server, COUNT)
        async with far_away(tmp_path, server) as (bench, relay, account_id):
            await _first_screen(bench, relay, account_id)
            relay.delay_s = 0.0
            await bench.sync(account_id, headers_only=True)
            assert shown(bench, account_id) == COUNT
            relay.delay_s = DELAY_S
            await _unchanged(bench, relay, account_id)
            await _changed_flags(server, bench, relay, account_id)
            passed_s, grown_mib = await _days_offline(server, bench, relay, account_id)
            record_property("operations told", f"{passed_s:.1f} s, {grown_mib:.0f} MiB more")


async def _first_screen(bench: Bench, relay: Relay, account_id: AccountId) -> None:
    """The fifty newest with their subjects, in at most 6 round trips after the greeting."""
    while shown(bench, account_id) < FIRST_SCREEN:
        await asyncio.sleep(0.005)
    rows = bench.reader.window(View(mailbox_ids=(bench.mailbox(),)), 0, FIRST_SCREEN)
    assert len(rows) == FIRST_SCREEN
    assert all(row.subject for row in rows)
    (first, *_) = [at for at, said in enumerate(relay.commands) if b"UID FETCH" in said]
    assert relay.flight_of[first] <= 6, relay.commands


def said(relay: Relay) -> list[str]:
    """What the engine said after its login, resting aside."""
    lines = [line.decode("latin-1").partition(" ")[2] for line in relay.commands]
    logged_in = next(at for at, line in enumerate(lines) if line.startswith("ENABLE"))
    return [line for line in lines[logged_in:] if line and line != "IDLE"]


async def _unchanged(bench: Bench, relay: Relay, account_id: AccountId) -> None:
    """Nothing has changed: no more than the numbers are looked at, and the Inbox is opened to idle.

    A look that has to be (the numbers of the server differ) costs nothing after its SELECT.
    """
    await bench.engine.command(SetOffline(offline=True))
    relay.forget()
    await bench.engine.command(SetOffline(offline=False))
    await bench.sync(account_id, headers_only=True)
    asked = said(relay)
    assert len(asked) <= 5, asked
    assert not any(" FETCH" in line or " SEARCH" in line for line in asked), asked
    inbox = bench.mailbox()
    await bench.engine.store.write(  # as if the server's numbers were not those known here
        lambda tx: tx.execute("UPDATE mailbox SET uidnext = uidnext - 1 WHERE id = ?", (inbox,))
    )
    relay.forget()
    await bench.sync(account_id, headers_only=True)
    resync = next(at for at, line in enumerate(relay.commands) if b"(QRESYNC (" in line)
    last = relay.flight_of[-1] if b"IDLE" not in relay.commands[-1] else relay.flight_of[-2]
    assert last - relay.flight_of[resync] <= 2, relay.commands


async def _changed_flags(
    server: LocalServer, bench: Bench, relay: Relay, account_id: AccountId
) -> None:
    """Another device has flagged 1,000 messages here and there: at most 5 commands."""
    await bench.engine.command(SetOffline(offline=True))
    async with other_device(server) as device:
        await device.select("INBOX")
        scattered = [Uid(uid) for uid in range(7, COUNT, COUNT // 1000)][:1000]
        for part in UidSet.of(scattered).pieces(300):
            await device.uid_store(part, StoreMode.ADD, [FLAGGED])
    await bench.engine.command(SetOffline(offline=False))
    relay.forget()
    await bench.sync(account_id, headers_only=True)
    assert len(said(relay)) <= 5, said(relay)
    flagged = bench.reader.window(View(mailbox_ids=(bench.mailbox(),)), 0, COUNT)
    assert sum(bool(row.flags & Flag.FLAGGED) for row in flagged) == len(scattered)


async def _days_offline(
    server: LocalServer, bench: Bench, relay: Relay, account_id: AccountId
) -> tuple[float, float]:
    """As many operations as messages were done offline; they are told in ranges."""
    await bench.engine.command(SetOffline(offline=True))
    rows = bench.reader.window(View(mailbox_ids=(bench.mailbox(),)), 0, COUNT)
    target = bench.mailbox("Archive")

    def step(tx: Transaction) -> None:
        for number, row in enumerate(rows):
            if number % 3:
                journal.store_flags(tx, (row.id,), add=Flag.SEEN)
            else:
                journal.move(tx, (row.id,), target)

    await bench.engine.store.write(step)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    relay.forget()
    begin = time.monotonic()
    await bench.engine.command(SetOffline(offline=False))
    await bench.sync(account_id, headers_only=True)
    passed_s = time.monotonic() - begin
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024
    # Every third message is another case than its neighbours: as many ranges as can be.
    ranges = 2 * math.ceil(len(rows) / 3 / expunge.MAX_RANGES)
    assert len(said(relay)) <= ranges + 12, [line[:40] for line in said(relay)]
    assert grown_mib < _MOST_GROWN_MIB
    assert len(server.messages("alice", "Archive")) == len(rows[::3])
    seen = [one for one in server.messages("alice") if "\\Seen" in one.flags]
    assert len(seen) == len(rows) - len(rows[::3])
    assert not [row for row in bench.reader.operations() if row.state != "done"]
    return passed_s, grown_mib
