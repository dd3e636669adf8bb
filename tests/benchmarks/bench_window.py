"""The window: frames while the engine works, clicks, and the start, on mailboxes of a real size.

What needs a display runs without one (Qt's offscreen platform), but for the start of Thunderbird,
which needs Xvfb. Each part runs in a process of its own: a start is measured from outside.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.corpus import messages
from tests.benchmarks.peer import MissingPeerError, program
from tests.benchmarks.ratio import Ratio
from tests.helpers.display import display
from tests.helpers.store import add_account, inbox_of, open_store

if TYPE_CHECKING:
    from desktopmail.engine.store.store import Transaction

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
START_ROWS = int(os.environ.get("BENCH_START_ROWS", "100000"))
IMPORTED = int(os.environ.get("BENCH_IMPORTED", "20000"))
_TIMEOUT_S = 300
_STARTS = 5


def measure() -> list[Ratio]:
    """Measure frames, clicks and starts."""
    ratios = []
    with tempfile.TemporaryDirectory(prefix="bench-window-") as name:
        folder = Path(name)
        for each in ("million", "profile"):
            (folder / each).mkdir(mode=0o700)
        asyncio.run(fill(folder / "million", ROWS))
        _mbox(folder / "busy.mbox", IMPORTED)
        ratios += _frames_and_clicks(folder)
        asyncio.run(fill(folder / "profile", START_ROWS))
        ratios += _starts(folder)
    return ratios


_NUMBERS = (
    "WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ?)"
)
_MESSAGES = (
    "INSERT INTO message (header, header_digest, message_id, subject, sender_name, sender_address,"
    " recipients, date_s, size, attachment, preview, thread_id, words_id) " + _NUMBERS + " SELECT"
    " CAST('Subject: ' || n AS BLOB), CAST('digest ' || n AS BLOB), n || '@bench.example',"
    " 'About the garden, part ' || n, 'Person ' || (n % 997), 'person' || (n % 997) ||"
    " '@example.org', 'Anna', 1600000000 + n * 60, 2000 + n % 7000, n % 11 = 0, 'This is how"
    " message ' || n || ' begins, and then it goes on for a while', n, (1600000000 + n * 60) * 64"
    " FROM counter"
)
_PLACEMENTS = (
    "INSERT INTO placement (message_id, mailbox_id, uid, flags, arrived_s, wanted, date_s, size,"
    " attachment, thread_id, sort_sender, sort_subject) SELECT id, ?, id, id % 9 <> 0, date_s, 0,"
    " date_s, size, attachment, thread_id, lower(sender_name), lower(subject) FROM message"
)


_TOTALS = (
    "UPDATE mailbox_total SET (total, unread, octets) = (SELECT count(*), sum(flags & 1 = 0),"
    " sum(size) FROM placement WHERE mailbox_id = mailbox_total.mailbox_id) WHERE mailbox_id = ?"
)


async def fill(folder: Path, count: int) -> None:
    """Make a profile whose Inbox has that many messages; only their headers are there."""

    def step(tx: Transaction) -> None:
        inbox = inbox_of(tx, add_account(tx))
        tx.execute(_MESSAGES, (count,))
        tx.execute(_PLACEMENTS, (inbox,))
        tx.execute(_TOTALS, (inbox,))

    async with open_store(folder) as store:
        await store.write(step)


def _mbox(path: Path, count: int) -> None:
    with path.open("wb") as file:
        for octets in messages(count, mean_octets=3_000):
            body = octets.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            file.write(b"From bench@example.org Mon Nov  2 10:00:00 2026\n" + body + b"\n")


def _frames_and_clicks(folder: Path) -> list[Ratio]:
    told = _part(folder / "million", folder / "busy.mbox")
    at_rest, busy = told["rest_p99_s"], told["busy_p99_s"]
    ratios = [
        Ratio(
            f"p99 of a frame, scrolling {ROWS:,} rows while the engine takes {IMPORTED:,} in",
            busy, at_rest, "the same view at rest", "s", 2.0, at_least=False,
        ),
        Ratio(
            "the same while they come into the mailbox in view", told["coming_p99_s"], at_rest,
            "the same view at rest", "s", 2.0, at_least=False,
        ),
        Ratio(
            f"a mailbox of {ROWS:,} opened to its first paint", told["open_s"], 0.15,
            "150 milliseconds", "s", 1.0, at_least=False,
        ),
        Ratio(
            "a click to the text of a message", told["text_s"], 0.05, "50 milliseconds", "s", 1.0,
            at_least=False,
        ),
    ]  # fmt: skip
    if told["html_s"] > 0:
        ratios.append(
            Ratio(
                "a click to an HTML message, warm", told["html_s"], 0.2, "200 milliseconds", "s",
                1.0, at_least=False,
            )
        )  # fmt: skip
    return ratios


def _starts(folder: Path) -> list[Ratio]:
    bare = _first_paint("bare", folder / "profile")
    ours = _first_paint("start", folder / "profile")
    ratios = [
        Ratio(
            f"cold start to a window with its list, {START_ROWS:,} messages", ours["seconds"],
            bare["seconds"], "a bare PySide6 window", "s", 2.5, at_least=False,
        )
    ]  # fmt: skip
    try:
        peer = _thunderbird(folder)
    except MissingPeerError as error:
        print(f"  not measured: {error}")
        return ratios
    return [
        *ratios,
        Ratio(
            "cold start to a mapped window", ours["seconds"], peer["seconds"], "Thunderbird", "s",
            0.6, at_least=False,
        ),
        Ratio(
            "memory of window and engine, before QtWebEngine is warmed", ours["octets"],
            peer["octets"], "Thunderbird", "octets", 0.4, at_least=False,
        ),
    ]  # fmt: skip


def _part(*arguments: Path) -> dict[str, float]:
    """Run one part in a process of its own, and return what it tells."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.window_parts", *map(str, arguments)],
        capture_output=True, timeout=_TIMEOUT_S, check=False, env=_environment(),
    )  # fmt: skip
    lines = found.stdout.splitlines()
    if found.returncode or not lines:
        raise RuntimeError(f"frames: {found.stderr.decode('utf-8', 'replace')[-2_000:]}")
    told: dict[str, float] = json.loads(lines[-1])
    return told


def _first_paint(name: str, folder: Path) -> dict[str, float]:
    """The median of some starts: to the first paint, and the memory once all is there.

    Memory is the window's and its engine's. Byte code is as an installation has it: the first start
    writes it, and does not count.
    """
    environment = _environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    told = []
    for _ in range(_STARTS + 1):
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.window_starts", name, str(folder)],
            stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
        stdout = process.stdout
        if stdout is None or not stdout.readline():
            raise RuntimeError(f"{name} did not show a window")
        seconds = time.perf_counter() - begin
        if not stdout.readline():
            raise RuntimeError(f"{name} did not come to rest")
        octets = _memory(process.pid)
        process.communicate(timeout=60)
        told.append((seconds, octets))
    del told[0]
    told.sort()
    seconds, octets = told[len(told) // 2]
    return {"seconds": seconds, "octets": octets}


def _environment() -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}


def _memory(pid: int) -> float:
    """What a process and its children use, shared pages by their share (PSS)."""
    octets = 0.0
    for child in _children(pid):
        with open(f"/proc/{child}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    octets += int(line.split()[1]) * 1024
    return octets


def _children(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _children(int(child))
    return found


def _thunderbird(folder: Path) -> dict[str, float]:
    """Thunderbird on a fresh profile, from its start to a window of its own on the display."""
    thunderbird, xwininfo = program("thunderbird"), program("xwininfo")
    told = []
    program("Xvfb")
    with display() as screen:
        environment = {
            **os.environ,
            "DISPLAY": screen,
            "HOME": str(folder),
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        for turn in range(3):
            profile = folder / f"thunderbird-{turn}"
            profile.mkdir(exist_ok=True)
            begin = time.perf_counter()
            process = subprocess.Popen(
                [thunderbird, "--profile", str(profile), "--no-remote"],
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            try:
                while not _is_mapped(xwininfo, environment):
                    if time.perf_counter() - begin > 60:
                        raise MissingPeerError("Thunderbird shows no window within a minute")
                    time.sleep(0.01)
                seconds = time.perf_counter() - begin
                time.sleep(2)  # it goes on allocating for a while
                told.append((seconds, _memory(process.pid)))
            finally:
                os.killpg(process.pid, signal.SIGKILL)  # a shell, and what it started
                process.wait(30)
    told.sort()
    return {"seconds": told[1][0], "octets": told[1][1]}


def _is_mapped(xwininfo: str, environment: dict[str, str]) -> bool:
    found = subprocess.run(
        [xwininfo, "-root", "-tree"], env=environment, capture_output=True, check=False
    )
    return b'("Mail" ' in found.stdout
