"""Clients that send drops, and clients that never read: dropped, and no memory goes with them."""

from __future__ import annotations

import base64
import smtplib
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localserver.config import Config, Limits
from localserver.local import LocalServer
from tests.helpers.server import PASSWORD, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = base64.b64encode(b"\0alice\0secret").decode()
LOGINS = {
    "imap": ["a LOGIN alice secret", "b SELECT INBOX"],
    "pop3": ["USER alice", "PASS secret"],
    "smtp": ["EHLO x.test"],
    "submission": ["EHLO x.test", f"AUTH PLAIN {PLAIN}"],
}
COMMAND_S = 0.6


@contextmanager
def connected(server: LocalServer, protocol: str) -> Iterator[socket.socket]:
    """A client that has logged in, and read what it was told."""
    with socket.create_connection((server.host, server.ports[protocol]), 10) as connection:
        connection.recv(4096)
        for line in LOGINS[protocol]:
            connection.sendall(line.encode() + b"\r\n")
            time.sleep(0.05)
            connection.recv(65536)
        yield connection


def dripped(connection: socket.socket, octets: bytes) -> tuple[bytes, float]:
    """Send octet by octet until the server ends it; returns its last words, and after how long."""
    begun = time.monotonic()
    connection.setblocking(False)
    said = b""
    for octet in octets:
        try:
            connection.send(bytes([octet]))
        except OSError:
            break
        time.sleep(0.02)
        try:
            heard = connection.recv(4096)
        except BlockingIOError:
            continue
        except ConnectionResetError:
            break
        if not heard:
            break
        said += heard
    return said, time.monotonic() - begun


DRIPS = {
    "imap": [b"c FETCH 1:* (FLAGS " * 50, b"c APPEND INBOX {100000+}\r\n" + b"x" * 500],
    "pop3": [b"TOP 1 " + b" " * 240],
    "smtp": [b"MAIL FROM:<" + b"x" * 500],
    "submission": [b"MAIL FROM:<" + b"x" * 500],
}


@pytest.mark.parametrize(
    ("protocol", "octets"),
    [(protocol, octets) for protocol, found in DRIPS.items() for octets in found],
    ids=[f"{protocol}-{n}" for protocol, found in DRIPS.items() for n in range(len(found))],
)
def test_who_sends_a_command_in_drops_is_sent_away(protocol: str, octets: bytes) -> None:
    config = Config(limits=Limits(command_s=COMMAND_S))
    with LocalServer({"alice": "secret"}, config=config) as server:
        server.deliver("alice", b"Subject: x\r\n\r\n")
        with connected(server, protocol) as connection:
            said, after_s = dripped(connection, octets)
    # SMTP counts from the end of the command before.
    assert COMMAND_S / 2 < after_s < COMMAND_S + 3.0
    assert any(word in said for word in (b"* BYE", b"-ERR [SYS/TEMP]", b"421 "))


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
def test_a_message_over_a_slow_line_is_taken(protocol: str) -> None:
    config = Config(limits=Limits(command_s=COMMAND_S))
    with LocalServer({"alice": "secret"}, config=config) as server:
        with connected(server, protocol) as connection:
            connection.settimeout(10)
            if protocol == "imap":
                connection.sendall(b"c APPEND INBOX {50000+}\r\n")
            else:
                connection.sendall(b"MAIL FROM:<>\r\nRCPT TO:<alice@localhost>\r\nDATA\r\n")
            for _ in range(50):
                connection.sendall(b"x" * 998 + b"\r\n")
                time.sleep(2 * COMMAND_S / 50)
            connection.sendall(b"\r\n" if protocol == "imap" else b".\r\n")
            time.sleep(0.1)
            connection.recv(65536)
        assert len(server.wait_for(to="alice").octets) >= 50_000


def peak_octets(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


LINES = (b"x" * 76 + b"\r\n") * 50_000
# Each asks for a hundred megabytes and more.
GREEDY = {
    "imap": ([f'a LOGIN alice "{PASSWORD}"', "b SELECT INBOX"], b"c FETCH 1:* BODY[]\r\n" * 8),
    "pop3": (["USER alice", f"PASS {PASSWORD}"], b"RETR 1\r\n" * 40),
    "smtp": (["EHLO x.test"], b"HELP\r\n" * 2_000_000),
}


def asks_for_ever(connection: socket.socket, octets: bytes) -> None:
    """Ask, and never read."""
    for _ in range(1000):
        connection.sendall(octets)
        time.sleep(0.1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
@pytest.mark.parametrize("protocol", list(GREEDY))
def test_who_never_reads_takes_no_memory_and_is_dropped(tmp_path: Path, protocol: str) -> None:
    config = tmp_path / "server.toml"
    config.write_text("[limits]\nsend_s = 1.5\n")
    with server_process(tmp_path, "--config", str(config)) as server:
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
            for _ in range(4):
                smtp.sendmail("x@x.test", ["alice@localhost"], b"Subject: x\r\n\r\n" + LINES)
        before = peak_octets(server.process.pid)
        login, greedy = GREEDY[protocol]
        with socket.create_connection(("127.0.0.1", server.ports[protocol]), 30) as connection:
            connection.recv(4096)
            for line in login:
                connection.sendall(line.encode() + b"\r\n")
                time.sleep(0.2)
                connection.recv(65536)
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                asks_for_ever(connection, greedy)
        assert peak_octets(server.process.pid) - before < 40 * 1024 * 1024
