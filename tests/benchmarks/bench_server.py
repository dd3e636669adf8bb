"""The bundled server against Dovecot, on disk, in one run: a mailbox of 10,000 small messages.

Both serve a raw client that reads as fast as it can; each number is the median of several rounds.
What starts, and what idles, is measured against the bounds themselves.
"""

from __future__ import annotations

import imaplib
import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.ratio import Ratio, median_seconds
from tests.helpers.dovecot import running_dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 10_000
APPENDS = 300
SESSIONS = 1000
PATIENCE_S = 60.0


class RawImap:
    """Sends a command and reads until its answer, as fast as a client can."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.recv(65536)
        self._count = 0
        self.run(f"LOGIN {user} {password}".encode())

    def run(self, command: bytes) -> int:
        """Run a command; returns the octets of its answers."""
        self._count += 1
        tag = b"b%06d" % self._count
        self._socket.sendall(tag + b" " + command + b"\r\n")
        return self._until(tag)

    def _until(self, tag: bytes) -> int:
        size, tail = 0, b"\r\n"
        while True:
            octets = self._socket.recv(1 << 20)
            if not octets:
                raise ConnectionError("the server closed the connection")
            size += len(octets)
            tail = tail[-4096:] + octets[-4096:]
            place = tail.find(b"\r\n" + tag + b" ")
            if place >= 0 and tail.endswith(b"\r\n"):
                if not tail[place + 2 + len(tag) :].startswith(b" OK"):
                    raise RuntimeError(tail[place:].decode("latin-1"))
                return size

    def idle(self) -> None:
        self._socket.sendall(b"i IDLE\r\n")
        self._socket.recv(4096)

    def wait(self) -> bytes:
        return self._socket.recv(4096)

    def done(self) -> None:
        self._socket.sendall(b"DONE\r\n")
        self._until(b"i")

    def close(self) -> None:
        self._socket.close()


def mail(number: int) -> bytes:
    words = f"word{number % 97} text{number % 31} needle{number % 1009}"
    return (
        f"From: Person {number % 50} <p{number % 50}@example.org>\r\nTo: alice@example.org\r\n"
        f"Subject: Message {number} about {words}\r\nDate: Mon, 7 Feb 2022 21:52:25 -0800\r\n"
        f"Message-ID: <{number}@bench.example>\r\n\r\n" + f"{words} and so on\r\n" * 40
    ).encode()


def fill(client: RawImap, mailbox: bytes) -> None:
    """Append the messages, a hundred in each command."""
    client.run(b"CREATE " + mailbox)
    for start in range(0, COUNT, 100):
        octets = b"APPEND " + mailbox
        for number in range(start, start + 100):
            message = mail(number)
            octets += b" {%d+}\r\n%b" % (len(message), message)
        client.run(octets)


@contextmanager
def our_server(folder: Path) -> Iterator[tuple[dict[str, int], str, float, int]]:
    """Start `localserver serve` on disk; yields ports, CA file, seconds to ready, and its pid."""
    ready = folder / "ready.json"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "localserver", "serve", "--data", str(folder / "data"),
         "--smtp=0", "--submission=0", "--submissions=0", "--pop3=0", "--pop3s=0", "--imap=0",
         "--imaps=0", "--api=-1", "--user=alice:secret", "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.002)
        took = time.perf_counter() - begun
        told = json.loads(ready.read_text())
        yield told["ports"], told["ca_file"], took, process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


COMMANDS = [
    (b"FETCH 1:* ENVELOPE", 0.7, 3),
    (b"FETCH 1:* BODY.PEEK[]", 0.7, 3),
    (b"UID FETCH 1:* (FLAGS)", 1.5, 5),
    (b"FETCH 5000 (FLAGS ENVELOPE BODY.PEEK[])", 1.5, 200),
    (b"SEARCH FROM p7@example.org", 1.0, 3),
    (b"SEARCH TEXT needle77", 1.0, 3),
]


def compare(ours: RawImap, theirs: RawImap) -> Iterator[Ratio]:
    """Run the same commands on both."""
    for command, bound, rounds in COMMANDS:
        name = command.decode()
        mine = median_seconds(lambda command=command: ours.run(command), rounds)
        other = median_seconds(lambda command=command: theirs.run(command), rounds)
        yield Ratio(name, mine, other, "Dovecot", "s", bound, at_least=False)
    for name, one, other_flags, bound, rounds in (
        ("STORE 1:* FLAGS", b"STORE 1:* +FLAGS.SILENT (\\Flagged)",
         b"STORE 1:* -FLAGS.SILENT (\\Flagged)", 3.0, 3),
        ("a durable STORE of one message", b"STORE 77 +FLAGS (\\Answered)",
         b"STORE 77 -FLAGS (\\Answered)", 2.0, 50),
    ):  # fmt: skip

        def both(client: RawImap, one: bytes = one, other: bytes = other_flags) -> None:
            client.run(one)
            client.run(other)

        mine = median_seconds(lambda: both(ours), rounds) / 2
        their = median_seconds(lambda: both(theirs), rounds) / 2
        yield Ratio(name, mine, their, "Dovecot", "s", bound, at_least=False)


def select_seconds(client: RawImap) -> float:
    def work() -> None:
        client.run(b"SELECT Bench")

    return median_seconds(work, 20)


def append_rate(port: int, user: str, password: str) -> float:
    """Messages a second by the standard library's client, which writes in two segments."""
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login(user, password)
        client.create("Rate")
        message = mail(1)
        begun = time.perf_counter()
        for _ in range(APPENDS):
            client.append("Rate", "", None, message)
        return APPENDS / (time.perf_counter() - begun)


def push_seconds(port: int) -> float:
    """The 95th percentile of the time from a STORE, committed and all, to the push elsewhere."""
    waiting, acting = RawImap(port, "alice", "secret"), RawImap(port, "alice", "secret")
    waiting.run(b"SELECT Bench")
    acting.run(b"SELECT Bench")
    waiting.idle()
    waits = []
    for number in range(100):
        sign = b"-" if number % 2 else b"+"
        begun = time.perf_counter()
        acting.run(b"STORE 5 %bFLAGS (\\Draft)" % sign)
        waiting.wait()
        waits.append(time.perf_counter() - begun)
    waiting.done()
    waiting.close()
    acting.close()
    return sorted(waits)[94]


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def idle_memory(ports: dict[str, int], ca_file: str, pid: int, *, tls: bool) -> float:
    """The server's memory with a thousand sessions that idle in the mailbox."""
    import ssl

    context = ssl.create_default_context(cafile=ca_file)
    sockets: list[socket.socket] = []
    try:
        for _ in range(SESSIONS):
            port = ports["imaps" if tls else "imap"]
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            if tls:
                connection = context.wrap_socket(connection, server_hostname="localhost")
            sockets.append(connection)
            connection.recv(4096)
            for line in (b"a LOGIN alice secret\r\n", b"b SELECT Bench\r\n", b"c IDLE\r\n"):
                connection.sendall(line)
                answer = b""
                while (
                    b"\r\na OK" not in b"\r\n" + answer
                    and b"\r\nb OK" not in answer
                    and (b"+ " not in answer)
                ):
                    answer += connection.recv(4096)
        return resident_mb(pid)
    finally:
        for connection in sockets:
            connection.close()


def start_seconds() -> float:
    from localserver.local import LocalServer

    def work() -> None:
        with LocalServer({"alice": "a", "bob": "b"}):
            times.append(time.perf_counter() - begun[0])

    times: list[float] = []
    begun = [0.0]
    for _ in range(5):
        begun[0] = time.perf_counter()
        work()
    return sorted(times)[2]


def absolute(name: str, value: float, unit: str, bound: float) -> Ratio:
    return Ratio(name, value, 1.0, "the bound itself,", unit, bound, at_least=False)


def measure() -> list[Ratio]:
    """All ratios."""
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ratios.append(absolute("LocalServer, constructor to listeners", start_seconds(), "s", 0.1))
        with (
            our_server(folder) as (ports, ca_file, took, pid),
            running_dovecot({"alice": "secret"}) as peer,
        ):
            ratios.append(absolute("cold `localserver serve` to its ready file", took, "s", 0.6))
            ours = RawImap(ports["imap"], "alice", "secret")
            theirs = RawImap(peer.imap, "alice", "secret")
            fill(ours, b"Bench")
            fill(theirs, b"Bench")
            ratios.append(absolute("SELECT of 10,000", select_seconds(ours), "s", 0.01))
            theirs.run(b"SELECT Bench")
            ratios += compare(ours, theirs)
            mine = append_rate(ports["imap"], "alice", "secret")
            other = append_rate(peer.imap, "alice", "secret")
            rate = Ratio(
                "APPEND by imaplib", mine, other, "Dovecot", "messages/s", 1.0, at_least=True
            )
            ratios.append(rate)
            ratios.append(absolute("IDLE push, p95", push_seconds(ports["imap"]), "s", 0.01))
            ours.close()
            theirs.close()
        with our_server(folder) as (ports, ca_file, _, pid):
            memory = idle_memory(ports, ca_file, pid, tls=False)
            ratios.append(absolute("1,000 idle IMAP sessions", memory, "MB", 80.0))
        with our_server(folder) as (ports, ca_file, _, pid):
            memory = idle_memory(ports, ca_file, pid, tls=True)
            ratios.append(absolute("1,000 idle IMAPS sessions", memory, "MB", 200.0))
    return ratios


if __name__ == "__main__":
    for ratio in measure():
        print(ratio)
