"""The engine against mbsync, on Debian's Dovecot over loopback: durable on both sides."""

from __future__ import annotations

import asyncio
import imaplib
import os
import pwd
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.corpus import messages
from tests.benchmarks.engine import running, settings
from tests.benchmarks.peer import program
from tests.benchmarks.ratio import Ratio
from tests.helpers.dovecot import Dovecot, running_dovecot

if TYPE_CHECKING:
    from collections.abc import Iterable

PASSWORD = "tanstaaf"
# The issue asks for 10,000 messages of 313 MB and 100,000 of 3 KB; `BENCH_SCALE=1` takes those.
SCALE = float(os.environ.get("BENCH_SCALE", "0.2"))
MEMORY_OCTETS = 150_000_000
_TURNS = 3
# A tagged answer with all its capabilities is shorter.
_TAGGED_OCTETS = 4096


def measure() -> list[Ratio]:
    """Measure a first full sync, a look at what is unchanged, and the first screen."""
    for name in ("dovecot", "mbsync"):
        program(name)
    return [*_large(int(10_000 * SCALE)), *_small(int(100_000 * SCALE))]


def _large(count: int) -> list[Ratio]:
    took = _measured(count, 31_000, turns=_TURNS)
    name = f"first full sync of {count} messages of {took['octets'] / 1e6:.0f} MB"
    return [
        Ratio(
            f"{name}, durable", took["durable"], took["mbsync"], "mbsync", "s", 0.3, at_least=False
        ),
        Ratio(
            f"{name}, durable", took["durable"], took["drained"], "a socket that drains the FETCH",
            "s", 7.0, at_least=False,
        ),
        Ratio(
            f"{name}, searchable too", took["sync"], took["mbsync"], "mbsync", "s", 0.7,
            at_least=False,
        ),
        *_room(took, f"{count} messages of {took['octets'] / 1e6:.0f} MB", 1.3),
    ]  # fmt: skip


def _small(count: int) -> list[Ratio]:
    took = _measured(count, 3_000)
    return [
        Ratio(
            f"first full sync of {count} small messages, durable and searchable",
            took["sync"], took["mbsync"], "mbsync", "s", 0.7, at_least=False,
        ),
        Ratio(
            f"sync of {count} unchanged messages", took["again"], took["mbsync again"], "mbsync",
            "s", 0.2, at_least=False,
        ),
        Ratio(
            f"first screen of {count} messages after adding the account", took["screen"], 1.0,
            "one second", "s", 1.0, at_least=False,
        ),
        *_room(took, f"{count} small messages", 1.5),
    ]  # fmt: skip


def _room(took: dict[str, float], what: str, bound: float) -> list[Ratio]:
    return [
        Ratio(
            f"the store of {what}", took["stored"], took["octets"], "their octets", "B", bound,
            at_least=False,
        ),
        Ratio(
            f"memory of the engine during the first sync of {what}", took["memory"],
            MEMORY_OCTETS, "150 MB", "B", 1.0, at_least=False,
        ),
    ]  # fmt: skip


def _measured(count: int, mean_octets: int, *, turns: int = 1) -> dict[str, float]:
    """Times of all who fetch the same mailbox, and what ours takes of memory and disk.

    Of several turns the middle of each is returned: mbsync waits for the disk with each message,
    and takes a fifth more of one minute than of the next, as others work at that disk.
    """
    with running_dovecot({"alice": PASSWORD}) as server, tempfile.TemporaryDirectory() as name:
        octets = fill(server, messages(count, mean_octets=mean_octets))
        _warm(server)
        taken = [_turn(server, Path(name) / str(turn), count) for turn in range(turns)]
    middle = {what: statistics.median(turn[what] for turn in taken) for what in taken[0]}
    return middle | {"octets": float(octets)}


def _turn(server: Dovecot, folder: Path, count: int) -> dict[str, float]:
    folder.mkdir()
    drained = _drained(server)
    first, again = _mbsync(server, folder)
    ours = asyncio.run(_ours(server, folder, count))
    return ours | {"drained": drained, "mbsync": first, "mbsync again": again}


def fill(server: Dovecot, contents: Iterable[bytes]) -> int:
    """Put messages into the Inbox of alice; returns their octets."""
    total = 0
    owner = pwd.getpwnam("nobody")
    maildir = server.home("alice") / "Maildir"
    for name in ("", "cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    for number, octets in enumerate(contents):
        path = maildir / "cur" / f"{1_700_000_000 + number}.{number}.bench,S={len(octets)}:2,"
        path.write_bytes(octets)
        total += len(octets)
    for path in (server.home("alice"), *server.home("alice").rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return total


def _warm(server: Dovecot) -> None:
    """Let Dovecot build its index, for both of those who are measured."""
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=context) as client:
        client.login("alice", PASSWORD)
        client.select("INBOX")
        client.uid("FETCH", "1:*", "(UID FLAGS RFC822.SIZE INTERNALDATE)")


def _drained(server: Dovecot) -> float:
    """How long a socket needs that asks for everything and looks at nothing."""
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with (
        socket.create_connection(("localhost", server.imaps)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):

        def ask(tag: bytes, command: bytes) -> None:
            tls.sendall(b"%b %b\r\n" % (tag, command))
            tail = b"\n"
            while b"\n%b OK" % tag not in tail:
                tail = tail[-_TAGGED_OCTETS:] + tls.recv(1 << 18)

        tls.recv(4096)
        ask(b"a", b"LOGIN alice %b" % PASSWORD.encode())
        ask(b"b", b"SELECT INBOX")
        begin = time.perf_counter()
        ask(b"c", b"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
        return time.perf_counter() - begin


def _mbsync(server: Dovecot, folder: Path) -> tuple[float, float]:
    """How long mbsync needs, the first time and again."""
    configuration = folder / "mbsyncrc"
    configuration.write_text(
        f"""
FSync yes

IMAPAccount far
Host localhost
Port {server.imaps}
User alice
Pass {PASSWORD}
SSLType IMAPS
CertificateFile {server.ca_file}

IMAPStore far
Account far

MaildirStore near
Path {folder}/near/
Inbox {folder}/near/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""
    )
    (folder / "near").mkdir()
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        subprocess.run(
            [program("mbsync"), "-c", str(configuration), "-q", "all"], check=True, timeout=900
        )
        times.append(time.perf_counter() - begin)
    return times[0], times[1]


async def _ours(server: Dovecot, folder: Path, count: int) -> dict[str, float]:
    """What our engine needs, in its own process."""
    async with running(folder) as engine:
        begin = time.perf_counter()
        await engine.add(settings(folder, server.imaps, PASSWORD, server.ca_file))
        took = {}
        await engine.rows(min(50, count))
        took["screen"] = time.perf_counter() - begin
        await engine.durable(count)
        took["durable"] = time.perf_counter() - begin
        await engine.sync()
        took["sync"] = time.perf_counter() - begin
        took["memory"] = await engine.peak_memory()
        begin = time.perf_counter()
        await engine.sync()
        took["again"] = time.perf_counter() - begin
        took["stored"] = engine.stored()
        return took
