"""SIGTERM: idle clients are told at once, and what is under way is finished."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from pathlib import Path

GOODBYES = {
    "imap": b"* BYE", "pop3": b"-ERR [SYS/TEMP]", "smtp": b"421 ", "submission": b"421 ",
}  # fmt: skip


class Talk:
    """A connection in the clear, line by line."""

    def __init__(self, server: ServerProcess, name: str, stack: ExitStack) -> None:
        self.socket = stack.enter_context(
            socket.create_connection(("127.0.0.1", server.ports[name]), timeout=10)
        )
        self.file = stack.enter_context(self.socket.makefile("rwb"))

    def say(self, line: str) -> bytes:
        self.file.write(line.encode() + b"\r\n")
        self.file.flush()
        return self.file.readline()


def stopped_in_s(server: ServerProcess) -> float:
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    return time.monotonic() - begun


def test_idle_clients_are_told_goodbye_and_nobody_waits_for_them(tmp_path: Path) -> None:
    with server_process(tmp_path) as server, ExitStack() as stack:
        talks = [(name, Talk(server, name, stack)) for name in GOODBYES for _ in range(3)]
        for _, talk in talks:
            talk.file.readline()
        # One of each is logged in; IMAP's idles.
        imap = talks[0][1]
        assert imap.say(f'a LOGIN alice "{PASSWORD}"').startswith(b"a OK")
        assert imap.say("b IDLE").startswith(b"+")
        pop = talks[3][1]
        pop.say("USER alice")
        assert pop.say(f"PASS {PASSWORD}").startswith(b"+OK")
        silent = Talk(server, "imaps", stack)  # never begins its handshake
        assert stopped_in_s(server) < 1.0
        for name, talk in talks:
            assert talk.file.readline().startswith(GOODBYES[name]), name
            assert talk.file.read() == b""
        assert silent.file.read() == b""


@pytest.mark.parametrize("ends", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_message_under_way_is_waited_for_but_not_for_ever(tmp_path: Path, ends: bool) -> None:
    data = tmp_path / "data"
    with server_process(tmp_path, "--data", str(data)) as server, ExitStack() as stack:
        talk = Talk(server, "smtp", stack)
        talk.file.readline()
        talk.say("HELO x.test")
        talk.say("MAIL FROM:<a@x.test>")
        talk.say("RCPT TO:<alice@localhost>")
        assert talk.say("DATA").startswith(b"354")
        talk.file.write(b"Subject: half\r\n\r\n")
        talk.file.flush()
        # The message has begun as soon as a later connection is answered.
        other = Talk(server, "smtp", stack)
        assert other.file.readline().startswith(b"220")
        server.process.send_signal(signal.SIGTERM)
        assert other.file.readline().startswith(b"421")
        if ends:
            assert talk.say("the other half\r\n.").startswith(b"250")
        assert talk.file.readline().startswith(b"421")
        assert server.process.wait(10) == 0
    with server_process(tmp_path, "--data", str(data)) as server, ExitStack() as stack:
        talk = Talk(server, "imap", stack)
        talk.file.readline()
        talk.say(f'a LOGIN alice "{PASSWORD}"')
        assert talk.say("b STATUS INBOX (MESSAGES)") == (b"* STATUS INBOX (MESSAGES %d)\r\n" % ends)


@pytest.mark.parametrize(("octets", "plus"), [(1000, ""), (1000, "+"), (3_000_000, "+")])
def test_an_append_under_way_is_ended_and_leaves_nothing(
    tmp_path: Path, octets: int, plus: str
) -> None:
    # Nothing of it was acknowledged: the client is told goodbye, and sends it again elsewhere.
    data = tmp_path / "data"
    with server_process(tmp_path, "--data", str(data)) as server, ExitStack() as stack:
        talk = Talk(server, "imap", stack)
        talk.file.readline()
        assert talk.say(f'a LOGIN alice "{PASSWORD}"').startswith(b"a OK")
        line = f"b APPEND INBOX {{{octets}{plus}}}\r\n".encode()
        if not plus:
            assert talk.say(line.decode().strip()).startswith(b"+ ")
            line = b""
        talk.file.write(line + b"Subject: half\r\n\r\n" + b"x" * (octets // 2))
        talk.file.flush()
        # It has begun as soon as a later connection is answered, and what is large is on the disk.
        other = Talk(server, "smtp", stack)
        assert other.file.readline().startswith(b"220")
        assert stopped_in_s(server) < 2.0
        assert talk.file.readline().startswith(b"* BYE")
        # What the server did not read any more makes its system reset the connection behind that.
        with suppress(ConnectionResetError):
            assert talk.file.read() == b""
    assert [path for path in data.rglob("*") if "spool" in path.parts and path.is_file()] == []
    with server_process(tmp_path, "--data", str(data)) as server, ExitStack() as stack:
        talk = Talk(server, "imap", stack)
        talk.file.readline()
        talk.say(f'a LOGIN alice "{PASSWORD}"')
        answer = talk.say("b STATUS INBOX (MESSAGES UIDNEXT)")
        assert answer == b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1)\r\n"
