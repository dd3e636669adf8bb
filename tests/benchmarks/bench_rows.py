"""All rows of a large mailbox, stored and listed, against imapclient's reading of its envelopes."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import imapclient

from desktopmail.engine.sync.fetch import MAX_WHOLE_AT_ONCE
from tests.benchmarks.bench_sync import fill
from tests.benchmarks.corpus import messages
from tests.benchmarks.engine import running, settings
from tests.benchmarks.peer import program
from tests.benchmarks.ratio import Ratio
from tests.helpers.dovecot import running_dovecot

if TYPE_CHECKING:
    from tests.helpers.dovecot import Dovecot

PASSWORD = "tanstaaf"
SCALE = float(os.environ.get("BENCH_SCALE", "0.2"))
# A command line of Dovecot's holds no more numbers.
_CHUNK = 5_000
_ITEMS = ("ENVELOPE", "BODYSTRUCTURE")
_MEMORY_OCTETS = 150_000_000


def measure() -> list[Ratio]:
    """Open a mailbox that is so large that its rows are fetched before its contents."""
    program("dovecot")
    count = max(int(100_000 * SCALE), MAX_WHOLE_AT_ONCE + 1)
    with running_dovecot({"alice": PASSWORD}) as server, tempfile.TemporaryDirectory() as folder:
        fill(server, messages(count, mean_octets=3_000))
        _warm(server, count)
        peer_s = _by_imapclient(server, count)
        ours = asyncio.run(_by_ours(server, Path(folder), count))
    return [
        Ratio(
            f"{count} rows stored and listed", ours["rows"], peer_s,
            "imapclient, ENVELOPE and BODYSTRUCTURE", "s", 0.3, at_least=False,
        ),
        Ratio(
            f"first screen of {count} messages", ours["screen"], 1.0, "one second", "s", 1.0,
            at_least=False,
        ),
        Ratio(
            "memory of the engine while rows come", ours["memory"], _MEMORY_OCTETS, "150 MB", "B",
            1.0, at_least=False,
        ),
    ]  # fmt: skip


def _warm(server: Dovecot, count: int) -> None:
    """Let Dovecot keep in its index what either asks for.

    A size or an arrival that was never asked for is looked up in a file for each message: who comes
    first would pay for it.
    """
    _by_imapclient(server, count, ("RFC822.SIZE", "INTERNALDATE", *_ITEMS))


def _by_imapclient(server: Dovecot, count: int, items: tuple[str, ...] = _ITEMS) -> float:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with imapclient.IMAPClient("localhost", port=server.imaps, ssl_context=context) as client:
        client.login("alice", PASSWORD)
        client.select_folder("INBOX")
        begin = time.perf_counter()
        found = sum(
            len(client.fetch(list(range(start, min(start + _CHUNK, count + 1))), items))
            for start in range(1, count + 1, _CHUNK)
        )
        taken = time.perf_counter() - begin
    assert found == count, f"imapclient read {found} of {count}"
    return taken


async def _by_ours(server: Dovecot, folder: Path, count: int) -> dict[str, float]:
    async with running(folder) as engine:
        begin = time.perf_counter()
        await engine.add(settings(folder, server.imaps, PASSWORD, server.ca_file))
        await engine.rows(50)
        screen = time.perf_counter() - begin
        await engine.rows(count)
        rows = time.perf_counter() - begin
        return {"screen": screen, "rows": rows, "memory": await engine.peak_memory()}
