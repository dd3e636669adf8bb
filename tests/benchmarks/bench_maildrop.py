"""The engine by POP3 against mpop, on Debian's Dovecot over loopback: durable on both sides."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.rows import Kind
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


def measure() -> list[Ratio]:
    """Fetch a whole maildrop."""
    mpop = program("mpop")
    program("dovecot")
    count = int(10_000 * SCALE)
    with running_dovecot({"alice": PASSWORD}) as server, tempfile.TemporaryDirectory() as name:
        fill(server, messages(count, mean_octets=31_000))
        _mpop(mpop, server, Path(name), "warm")  # Dovecot makes its index for both
        peer_s = _mpop(mpop, server, Path(name), "near")
        ours_s = asyncio.run(_ours(server, Path(name), count))
    return [
        Ratio(
            f"{count} messages by POP3, durable and searchable", ours_s, peer_s, "mpop", "s", 0.6,
            at_least=False,
        )
    ]  # fmt: skip


def _mpop(mpop: str, server: Dovecot, folder: Path, name: str) -> float:
    for part in ("cur", "new", "tmp"):
        (folder / name / part).mkdir(parents=True)
    configuration = folder / f"{name}rc"
    configuration.write_text(
        f"account near\nhost localhost\nport {server.pop3s}\nuser alice\npassword {PASSWORD}\n"
        f"tls on\ntls_starttls off\ntls_trust_file {server.ca_file}\nauth user\nkeep on\n"
        f"uidls_file {folder}/{name}.uidls\ndelivery maildir {folder}/{name}\n"
        "account default : near\n"
    )
    configuration.chmod(0o600)
    begin = time.perf_counter()
    subprocess.run(
        [mpop, "-C", str(configuration), "-Q"], check=True, timeout=900, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begin


async def _ours(server: Dovecot, folder: Path, count: int) -> float:
    async with running(folder) as engine:
        begin = time.perf_counter()
        await engine.add(settings(folder, server.pop3s, PASSWORD, server.ca_file), Kind.POP3)
        await engine.rows(count)
        await engine.sync()
        return time.perf_counter() - begin
