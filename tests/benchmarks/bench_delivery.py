"""SMTP into mailboxes, durably, with ten sessions of postfix's `smtp-source`.

A message counts when 250 was said, and 250 means on the disk: our server commits it to the user's
mailbox, Postfix to its queue, and aiosmtpd's handler writes a file and calls fsync, for it and for
its folder; all three on one file system. What Postfix does behind its queue is thrown away
(`discard`), so that it costs little, and it does not wait for that (`in_flow_delay`).

Both we and Postfix leave work for behind the acknowledgement: we the summaries (`backlog.py`), it
the delivery. Neither is in its own number, as long as mail goes on coming, and neither may be in
the next one's: so each round begins when the others have come to rest. The rounds are long enough
for what comes only now and then, such as the folding in of our log.

The quicker the disk's fsync, the less group commit gains, and what is left is the time of one
Python process against Postfix's several: in minutes in which Postfix takes 1,400 messages of 5 KB a
second we are at 2.3 times that, in those in which it takes 900 at 3.3.

Measured: of a message of 5 KB the loop takes two thirds of the server's processor time, and the
thread that commits the rest; of one of 1 MB three fifths are the thread's, which writes each octet
twice, into the log and, when that is folded in, into the file.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.bench_server import our_server
from tests.benchmarks.bench_smtp import SMALL, source
from tests.benchmarks.ratio import Ratio
from tests.helpers.postfix import postfix

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 3
# aiosmtpd gets fewer: it waits for the disk with each.
SMALL_COUNT, LARGE_COUNT = 2000, 100
FEWER = {"aiosmtpd with fsync": 4}
REST_S = 0.4
PATIENCE_S = 60.0
LARGE = 1024 * 1024


async def theirs(folder: Path) -> None:
    """Serve with aiosmtpd, each message in a file of its own that was synced."""
    from aiosmtpd.smtp import SMTP

    class Durable:
        count = 0

        async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802 - aiosmtpd's name
            type(self).count += 1
            _write(folder / f"{self.count}", getattr(envelope, "content"))  # noqa: B009 - untyped
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Durable(), data_size_limit=33_554_432, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _write(path: Path, octets: bytes) -> None:
    with path.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def aiosmtpd_server(folder: Path) -> Iterator[int]:
    """Run aiosmtpd and give its port."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_delivery", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def wait_for_rest(server: int, queue: Path) -> None:
    """Wait until our server uses no processor, and until Postfix's queue is empty."""
    until = time.monotonic() + PATIENCE_S
    before = -1
    while time.monotonic() < until:
        fields = Path(f"/proc/{server}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        queued = any(
            path.is_file() for name in ("incoming", "active") for path in (queue / name).rglob("*")
        )
        if ticks == before and not queued:
            return
        before = ticks
        time.sleep(REST_S)
    raise TimeoutError("the servers did not come to rest")


def measure() -> list[Ratio]:
    """Measure everything, the three by turns."""
    from statistics import median

    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for each in ("ours", "theirs", "postfix"):
            (folder / each).mkdir()
        with (
            our_server(folder / "ours") as (ports, _, _, pid),
            aiosmtpd_server(folder / "theirs") as other,
            postfix(folder / "postfix", virtual_transport="discard", in_flow_delay="0s") as queue,
        ):
            servers = {
                "ours": (ports["smtp"], "alice@localhost"),
                "aiosmtpd with fsync": (other, "alice@localhost"),
                "Postfix's queue": (queue.port, "alice@postfix.test"),
            }
            for size, count, unit, aiosmtpd_bound, postfix_bound in (
                (SMALL, SMALL_COUNT, "messages/s", 2.5, 2.5),
                (LARGE, LARGE_COUNT, "MB/s", 4.0, 1.0),
            ):
                bounds = {"aiosmtpd with fsync": aiosmtpd_bound, "Postfix's queue": postfix_bound}
                rates: dict[str, list[float]] = {name: [] for name in servers}
                for _ in range(ROUNDS):
                    for name, (port, recipient) in servers.items():
                        wait_for_rest(pid, queue.folder / "queue")
                        fewer = count // FEWER.get(name, 1)
                        amount = fewer if size == SMALL else fewer * size / 1e6
                        rates[name].append(amount / source(port, size, fewer, recipient))
                for name, bound in bounds.items():
                    ratios.append(
                        Ratio(f"durable SMTP, messages of {size // 1024} KB",
                              median(rates["ours"]), median(rates[name]),
                              name, unit, bound, at_least=True)
                    )  # fmt: skip
    return ratios


if __name__ == "__main__":
    if len(sys.argv) == 2:
        asyncio.run(theirs(Path(sys.argv[1])))
    else:
        for ratio in measure():
            print(ratio)
