"""The engine by POP3 against mpop, on Debian's Dovecot over loopback: durable on both sides."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.rows import Kind
from tests.benchmarks.bench_sync import MEMORY_OCTETS, fill
from tests.benchmarks.corpus import messages
from tests.benchmarks.engine import running, settings
from tests.benchmarks.peer import program
from tests.benchmarks.ratio import Ratio
from tests.helpers.dovecot import running_dovecot

if TYPE_CHECKING:
    from tests.helpers.dovecot import Dovecot

PASSWORD = "tanstaaf"
SCALE = float(os.environ.get("BENCH_SCALE", "0.2"))
_TURNS = 3


def measure() -> list[Ratio]:
    """Fetch a whole maildrop in turns, of which the middle ones count.

    mpop waits for the disk once a message: in one minute it takes twice the time that it took in
    the one before, as others work at that disk.
    """
    mpop = program("mpop")
    program("dovecot")
    count = int(10_000 * SCALE)
    peer, durable, searchable, memory = [], [], [], []
    with running_dovecot({"alice": PASSWORD}) as server, tempfile.TemporaryDirectory() as name:
        octets = fill(server, messages(count, mean_octets=31_000))
        _mpop(mpop, server, Path(name) / "warm")  # Dovecot makes its index for both
        for turn in range(_TURNS):
            peer.append(_mpop(mpop, server, Path(name) / f"mpop {turn}"))
            profile = Path(name) / f"ours {turn}"
            profile.mkdir()
            took = asyncio.run(_ours(server, profile, count))
            durable.append(took[0])
            searchable.append(took[1])
            memory.append(took[2])
    what = f"{count} messages of {octets / 1e6:.0f} MB by POP3, durable"
    peer_s = statistics.median(peer)
    return [
        Ratio(what, statistics.median(durable), peer_s, "mpop", "s", 0.6, at_least=False),
        Ratio(
            f"{what} and searchable", statistics.median(searchable), peer_s,
            "mpop, which only stores", "s", 1.0, at_least=False,
        ),
        Ratio(
            f"memory of the engine while {count} messages of {octets / 1e6:.0f} MB come by POP3",
            statistics.median(memory), MEMORY_OCTETS, "150 MB", "B", 1.0, at_least=False,
        ),
    ]  # fmt: skip


def _mpop(mpop: str, server: Dovecot, folder: Path) -> float:
    """How long mpop needs into a Maildir: as it comes it pipelines, and syncs each file."""
    for part in ("cur", "new", "tmp"):
        (folder / "mail" / part).mkdir(parents=True)
    configuration = folder / "mpoprc"
    configuration.write_text(
        f"account near\nhost localhost\nport {server.pop3s}\nuser alice\npassword {PASSWORD}\n"
        f"tls on\ntls_starttls off\ntls_trust_file {server.ca_file}\nauth user\nkeep on\n"
        f'uidls_file "{folder}/uidls"\ndelivery maildir "{folder}/mail"\n'
        "account default : near\n"
    )
    configuration.chmod(0o600)
    begin = time.perf_counter()
    subprocess.run(
        [mpop, "-C", str(configuration), "-Q"], check=True, timeout=900, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begin


async def _ours(server: Dovecot, folder: Path, count: int) -> tuple[float, float, float]:
    """When all messages are durable here, when all are found by their words too, and the memory."""
    async with running(folder) as engine:
        begin = time.perf_counter()
        await engine.add(settings(folder, server.pop3s, PASSWORD, server.ca_file), Kind.POP3)
        await engine.durable(count)
        durable = time.perf_counter() - begin
        await engine.sync()
        return durable, time.perf_counter() - begin, await engine.peak_memory()
