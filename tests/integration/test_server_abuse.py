"""Clients that send drops, and clients that never read: dropped, and no memory goes with them."""

from __future__ import annotations

import base64
import contextlib
import logging
import smtplib
import socket
import struct
import threading
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

    from desktopmail.net.stream import Stream

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


ENVELOPE = b"MAIL FROM:<alice@localhost>\r\nRCPT TO:<alice@localhost>\r\n"
MUCH = b"x" * 76 + b"\r\n"
# What is sent at first, and then again and again, each time soon enough.
ENDLESS = {
    "smtp: much, then drops": ("smtp", ENVELOPE + b"DATA\r\n", MUCH * 300, b"x\r\n"),
    "smtp: flawed, in drops": ("smtp", ENVELOPE + b"DATA\r\n", b"\0\r\n", b"x\r\n"),
    "smtp: more than is taken": ("smtp", ENVELOPE + b"DATA\r\n", MUCH, MUCH * 30),
    "smtp: small chunks": ("smtp", ENVELOPE, b"BDAT 1\r\nx", b"BDAT 1\r\nx"),
    "smtp: chunks and commands": ("smtp", ENVELOPE, b"BDAT 1\r\nx", b"NOOP\r\nBDAT 1\r\nx"),
    "smtp: a chunk in drops": ("smtp", ENVELOPE, b"BDAT 90000\r\n" + MUCH * 300, b"x"),
    "imap: much, then drops": ("imap", b"c APPEND INBOX {90000+}\r\n", MUCH * 300, b"x"),
    "imap: many messages": ("imap", b"c APPEND INBOX", b"", b" {2+}\r\nxx"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_message_that_does_not_end_ends_with_the_session(
    caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.INFO, "localserver")
    protocol, opening, first, again = ENDLESS[name]
    config = Config(max_message_octets=100_000, limits=Limits(command_s=COMMAND_S))
    said = b""
    with (
        LocalServer({"alice": "secret"}, config=config) as server,
        connected(server, protocol) as connection,
    ):
        connection.settimeout(0.01)
        begun = time.monotonic()
        connection.sendall(opening)
        time.sleep(0.1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(first)
            while time.monotonic() - begun < 10.0:
                connection.sendall(again)
                time.sleep(0.04)
                with contextlib.suppress(TimeoutError):
                    if not (heard := connection.recv(65536)):
                        break
                    said += heard
        took_s = time.monotonic() - begun
    assert took_s < 6.0
    assert b"421 4.4.2" in said if protocol == "smtp" else b"* BYE" in said
    assert [each.getMessage().count("(command_s)") for each in caplog.records] == [1]


MANY = 40
# What is sent after the login, and what the log says of who sent it.
SENT_AWAY = [
    ("imap", b"x" * 100_000, "a line is too long"),
    ("imap", b"c APPEND INBOX {99999999999+}\r\n", "A literal of at most"),
    ("imap", (b"c SEARCH SUBJECT {70000+}\r\n" + b"x" * 70_000 + b"\r\n") * MANY, "too many bad"),
    ("imap", b"+ go on\r\n" * MANY, "too many bad commands"),
    ("imap", b"* 1 EXISTS\r\n" * MANY, "too many bad commands"),
    ("imap", b"\r\n" * MANY, "too many bad commands"),
    ("imap", b"c NONSENSE\r\n" * MANY, "too many bad commands"),
    ("imap", b"c IDLE\r\n" + b"x" * 100_000, "a line is too long"),
    ("imap", b"c FETCH 1", "it sent a command too slowly (command_s)"),
    ("pop3", b"x" * 1000, "a line is longer than 255 octets"),
    ("pop3", b"NONSENSE\r\n" * MANY, "too many bad commands"),
    ("pop3", b"+OK\r\n" * MANY, "too many bad commands"),
    ("pop3", b"RETR", "it sent a command too slowly (command_s)"),
    ("submission", b"NONSENSE\r\n" * MANY, "too many bad commands"),
    ("submission", b"250 OK\r\n" * MANY, "too many bad commands"),
    ("submission", b"MAIL FR", "it sent a command or a message too slowly (command_s)"),
    ("submission", b"x" * 100_000, "it sent a command or a message too slowly (command_s)"),
    (
        "submission",
        b"MAIL FROM:<alice@localhost>\r\nRCPT TO:<alice@localhost>\r\nDATA\r\nx\r\n",
        "it sent a command or a message too slowly (command_s)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "octets", "reason"), SENT_AWAY)
def test_who_is_sent_away_is_named_in_the_log_with_the_reason(
    caplog: pytest.LogCaptureFixture, protocol: str, octets: bytes, reason: str
) -> None:
    caplog.set_level(logging.INFO, "localserver")
    config = Config(limits=Limits(command_s=COMMAND_S))
    with (
        LocalServer({"alice": "secret"}, config=config) as server,
        connected(server, protocol) as connection,
    ):
        connection.settimeout(20)
        peer = ":".join(map(str, connection.getsockname()))
        connection.sendall(octets)
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(65536):
                pass
    said = [record.getMessage() for record in caplog.records if record.name == "localserver"]
    assert len(said) == 1
    name = "SMTP" if protocol == "submission" else protocol.upper()
    assert said[0].startswith(f"{name}: {peer} (alice) was sent away: {reason}")


def peak_octets(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


# Who says this, and then nothing for ever, as from behind a cable that was pulled out.
SILENT = [
    ("imap", b"", b"* BYE You were silent"),
    ("imap", b"c IDLE\r\n", b"* BYE You were silent"),
    ("submission", b"", b"421 4.4.2"),
]


@pytest.mark.parametrize(("protocol", "octets", "last"), SILENT)
def test_who_says_nothing_for_ever_has_no_connection_for_ever(
    caplog: pytest.LogCaptureFixture, protocol: str, octets: bytes, last: bytes
) -> None:
    caplog.set_level(logging.INFO, "localserver")
    config = Config(limits=Limits(command_s=COMMAND_S, idle_s=COMMAND_S))
    with (
        LocalServer({"alice": "secret"}, config=config) as server,
        connected(server, protocol) as connection,
    ):
        connection.settimeout(20)
        connection.sendall(octets)
        said = b""
        while heard := connection.recv(65536):
            said += heard
    assert last in said
    assert not [record for record in caplog.records if "sent away" in record.getMessage()]


def written_and_not_taken(stream: Stream) -> int:
    """How many octets the server holds for a client that does not read."""
    transport = stream._protocol._transport
    return 0 if transport is None else transport.get_write_buffer_size()


def test_a_client_that_idles_and_never_reads_is_not_told_more_than_it_takes() -> None:
    with LocalServer({"alice": "secret"}) as server:
        for number in range(300):
            server.deliver("alice", b"Subject: %d\r\n\r\n" % number)
        with connected(server, "imap") as idler, connected(server, "imap") as other:
            idler.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            idler.sendall(b"c IDLE\r\n")
            keyword = b"k" * 190
            for sign in [b"+", b"-"] * 60:
                other.sendall(b"d STORE 1:* %bFLAGS.SILENT (%b)\r\n" % (sign, keyword))
                until_answered(other, b"d OK", 1)
            held = [written_and_not_taken(each.stream) for each in server.server.sessions.all()]
    assert max(held) < 1024 * 1024


FLOODS = {
    "imap": (b"c NOOP\r\n" * 100_000, b"c OK"),
    "pop3": (b"NOOP\r\n" * 100_000, b"+OK"),
    "smtp": (b"NOOP\r\n" * 100_000, b"250"),
}


@pytest.mark.parametrize("protocol", FLOODS)
def test_who_sends_commands_without_end_is_served_in_turn_with_others(protocol: str) -> None:
    octets, answer = FLOODS[protocol]
    with (
        LocalServer({"alice": "secret", "bob": "secret"}) as server,
        connected(server, protocol) as greedy,
        connected(server, "submission") as other,
    ):
        sending = threading.Thread(target=greedy.sendall, args=(octets,))
        reading = threading.Thread(target=until_answered, args=(greedy, answer, 100_000))
        sending.start()
        reading.start()
        waits = []
        while reading.is_alive():
            begun = time.monotonic()
            other.sendall(b"RSET\r\n")
            until_answered(other, b"250", 1)
            waits.append(time.monotonic() - begun)
        sending.join()
        reading.join()
    assert max(waits) < 3.0
    assert len(waits) > 20


# Lines that took minutes, gigabytes, or the server for ever.
COSTLY = {
    "subjects": b"SEARCH %b" % b" ".join([b"NOT SUBJECT x"] * 990),
    "texts": b"SEARCH %b" % b" ".join([b"NOT TEXT x"] * 990),
    "patterns": b'LIST "" "%b"' % (b"*a" * 200 + b"b"),
    "pattern-lists": b'LIST "" (%b)' % b" ".join([b"*a*b*c"] * 9000),
    "sets": b"SEARCH %b" % b" ".join([b"1:*"] * 15_000),
    "sets-with-holes": b"SEARCH %b" % b" ".join([b"1:2,4:*"] * 990),
    "ranges": b"FETCH 1 (%b)" % b" ".join([b"BODY.PEEK[]<%d.1>" % n for n in range(3000)]),
    "copies": b"FETCH 1 (%b)" % b" ".join([b"BODY.PEEK[]<%d.9999999>" % n for n in range(250)]),
    "parts": b"FETCH 1 (%b)" % b" ".join([b"BODY.PEEK[%d]" % n for n in range(1, 251)]),
    "fields": b"FETCH 2:* (%b)"
    % b" ".join([b"BODY.PEEK[HEADER.FIELDS (X%d)]" % n for n in range(250)]),
}
PARTS = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000


@pytest.mark.parametrize("name", COSTLY)
def test_no_command_keeps_others_from_being_served(name: str) -> None:
    with LocalServer({"alice": "secret", "bob": "secret"}) as server:
        server.deliver("alice", PARTS + b"\r\n" + b"x" * 4_000_000 + b"\r\n--b--\r\n")
        for number in range(200):
            server.deliver("alice", b"Subject: %d\r\n\r\n" % number)
        with connected(server, "imap") as greedy, connected(server, "imap") as other:
            for name_of in range(20):
                greedy.sendall(b"d CREATE %b%d\r\n" % (b"a" * 100, name_of))
            until_answered(greedy, b"d OK", 20)
            greedy.sendall(b"e " + COSTLY[name] + b"\r\n")
            time.sleep(0.05)
            begun = time.monotonic()
            other.sendall(b"f NOOP\r\n")
            until_answered(other, b"f OK", 1)
            waited_s = time.monotonic() - begun
            until_answered(greedy, b"e ", 1)
        assert waited_s < 3.0


LARGE = b"Subject: x\r\n\r\n" + (b"y" * 76 + b"\r\n") * 2600
# It takes some seconds of the processor: a hundred texts in two hundred messages.
SLOW_SEARCH = b"SEARCH " + b" ".join(b"NOT TEXT absent%d" % n for n in range(100)) + b"\r\n"


@pytest.fixture(params=["memory", "disk"])
def large_mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalServer]:
    data = None if request.param == "memory" else tmp_path
    with LocalServer({"alice": "secret", "bob": "secret"}, data=data) as server:
        for _ in range(200):
            server.deliver("alice", LARGE)
        yield server


def test_a_search_of_a_large_mailbox_lets_other_sessions_have_their_turn(
    large_mailbox: LocalServer,
) -> None:
    with (
        connected(large_mailbox, "imap") as greedy,
        connected(large_mailbox, "imap") as other,
        connected(large_mailbox, "submission") as writer,
    ):
        waits: list[float] = []
        searching = threading.Thread(target=until_answered, args=(greedy, b"e OK", 1))
        greedy.sendall(b"e " + SLOW_SEARCH)
        searching.start()
        while searching.is_alive():
            for each, asked, answer in (
                (other, b"f NOOP\r\n", b"f OK"),
                (other, b"g SEARCH 1 TEXT y\r\n", b"g OK"),
                (writer, ENVELOPE + b"DATA\r\n", b"354"),
                (writer, b"x\r\n.\r\n", b"250"),
            ):
                begun = time.monotonic()
                each.sendall(asked)
                until_answered(each, answer, 1)
                waits.append(time.monotonic() - begun)
        searching.join()
    assert len(waits) > 20
    assert max(waits) < 2.0


def test_a_search_within_one_large_message_lets_other_sessions_have_their_turn() -> None:
    with LocalServer({"alice": "secret", "bob": "secret"}) as server:
        server.deliver("alice", b"Subject: x\r\n\r\n" + (b"y" * 76 + b"\r\n") * 100_000)
        with connected(server, "imap") as greedy, connected(server, "imap") as other:
            searching = threading.Thread(target=until_answered, args=(greedy, b"e OK", 1))
            begun = time.monotonic()
            greedy.sendall(b"e " + SLOW_SEARCH)
            searching.start()
            waits: list[float] = []
            while searching.is_alive():
                asked = time.monotonic()
                other.sendall(b"f NOOP\r\n")
                until_answered(other, b"f OK", 1)
                waits.append(time.monotonic() - asked)
            searching.join()
            took_s = time.monotonic() - begun
    assert max(waits) < took_s / 3  # nearly all of it: whoever asked was answered at the end


@pytest.mark.parametrize("reset", [False, True])
def test_a_search_ends_when_its_client_has_gone(large_mailbox: LocalServer, *, reset: bool) -> None:
    with connected(large_mailbox, "imap") as greedy:
        greedy.sendall(b"e " + SLOW_SEARCH * 4)
        time.sleep(0.3)
        if reset:
            greedy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        greedy.close()
        begun = time.monotonic()
        while large_mailbox.server.sessions.all():
            time.sleep(0.05)
            assert time.monotonic() - begun < 3.0


def test_a_client_that_only_reads_any_more_hears_what_its_search_found(
    large_mailbox: LocalServer,
) -> None:
    with connected(large_mailbox, "imap") as greedy:
        greedy.sendall(b"e SEARCH 1:5 " + SLOW_SEARCH.removeprefix(b"SEARCH "))
        greedy.shutdown(socket.SHUT_WR)
        greedy.settimeout(20)
        said = b""
        while heard := greedy.recv(65536):
            said += heard
    assert b"* SEARCH 1 2 3 4 5\r\n" in said
    assert said.endswith(b"e OK Searched.\r\n")


def until_answered(connection: socket.socket, answer: bytes, count: int) -> None:
    """Read until so many lines with this beginning have come."""
    connection.settimeout(60)
    rest = b"\r\n"
    while count > 0:
        octets = connection.recv(1 << 20)
        assert octets, "the server closed the connection"
        rest += octets
        count -= rest.count(b"\r\n" + answer)
        rest = rest[-len(answer) - 1 :]


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
