"""Records the dialogues in `smtp/` anew: `python -m tests.conformance.record_smtp EXIM_FOLDER`.

Postfix has to be installed, and Exim unpacked into the folder (see `tests/helpers/exim.py`). Both
run on loopback with configurations of their own; the one password is that of RFC 4616, nobody's
secret, and stands masked in the records all the same.
"""

from __future__ import annotations

import base64
import re
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers import exim, postfix

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent / "smtp"
MESSAGE = ("From: a@example.org", "Subject: recorded", "", "..dot", "...", "", "last line")


class Talk:
    """One connection whose lines are kept."""

    def __init__(self, port: int, domain: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._file = self._socket.makefile("rb")
        self.domain = domain
        self.kept: list[str] = []
        self._hear()

    def say(self, *lines: str, shown: str | None = None, replies: int = 1) -> str:
        """Say lines at once; hear the replies; return the last line."""
        self.kept += [f"C: {line}" for line in (lines if shown is None else (shown,))]
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())
        answer = ""
        for _ in range(replies):
            answer = self._hear()
        return answer

    def _hear(self) -> str:
        while True:
            line = self._file.readline().decode().removesuffix("\r\n")
            if not line:
                raise EOFError("the server closed the connection")
            self.kept.append(f"S: {line}")
            if not re.match(r"[0-9]{3}-", line):
                return line

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


def whole_session(talk: Talk) -> None:
    """Everything a client does."""
    to = f"bob@{talk.domain}"
    talk.say("EHLO client.example")
    talk.say("NOOP")
    talk.say("MAIL FROM:<a@example.org> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=QQ314159")
    talk.say(f"RCPT TO:<{to}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;{to}")
    talk.say(f"RCPT TO:<nobody@{talk.domain}>")
    talk.say("RCPT TO:<x@elsewhere.example>")
    talk.say("DATA")
    talk.say(*MESSAGE, ".")
    talk.say("MAIL FROM:<>")
    talk.say("RSET")
    talk.say(f"VRFY {to}")
    talk.say("QUIT")


def pipelined(talk: Talk) -> None:
    """RFC 2920: an envelope in one group, twice; once nobody is left."""
    talk.say("EHLO client.example")
    talk.say("MAIL FROM:<a@example.org>", f"RCPT TO:<bob@{talk.domain}>", "DATA", replies=3)
    talk.say(*MESSAGE, ".")
    talk.say("MAIL FROM:<a@example.org>", f"RCPT TO:<nobody@{talk.domain}>", replies=2)
    talk.say("RSET", "QUIT", replies=2)


def refusals(talk: Talk) -> None:
    """What a server refuses."""
    talk.say("EHLO client.example")
    talk.say("RCPT TO:<a@example.org>")
    talk.say("MAIL FROM:<a@example.org>")
    talk.say("MAIL FROM:<a@example.org>")
    talk.say("DATA")
    talk.say("QUIT")


def unknown(talk: Talk) -> None:
    """Words that are no commands, and a message that is too large."""
    talk.say("EHLO client.example")
    talk.say("XYZZY")
    talk.say("MAIL FROM:<a@example.org> XSTRANGE=1")
    talk.say("MAIL FROM:<a@example.org> SIZE=99999999999")
    talk.say("QUIT")


def helo(talk: Talk) -> None:
    """The time before extensions."""
    talk.say("HELO client.example")
    talk.say("MAIL FROM:<a@example.org>")
    talk.say(f"RCPT TO:<bob@{talk.domain}>")
    talk.say("DATA")
    talk.say(*MESSAGE, ".")
    talk.say("HELP")
    talk.say("QUIT")


def auth_plain(talk: Talk) -> None:
    """RFC 4954, where the server offers it."""
    proof = base64.b64encode(b"\0tim\0tanstaaftanstaaf").decode()
    talk.say("EHLO client.example")
    talk.say("AUTH PLAIN")
    talk.say("*")
    talk.say("AUTH PLAIN AHRpbQB3cm9uZw==", shown="AUTH PLAIN <initial response>")
    talk.say(f"AUTH PLAIN {proof}", shown="AUTH PLAIN <initial response>")
    talk.say("QUIT")


COMMON: tuple[Callable[[Talk], None], ...] = (whole_session, pipelined, refusals, unknown, helo)


def record(
    server: str, port: int, domain: str, sessions: tuple[Callable[[Talk], None], ...]
) -> None:
    """Record some sessions with one server."""
    for session in sessions:
        talk = Talk(port, domain)
        session(talk)
        talk.close()
        name = f"{server.split()[0].lower()}-{session.__name__.replace('_', '-')}.txt"
        kept = [f"# {server} (Debian 12), recorded by {Path(__file__).name}", *talk.kept]
        (HERE / name).write_text("\n".join(kept) + "\n", "utf-8")


def main() -> None:
    """Record everything."""
    HERE.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as folder,
        postfix.postfix(Path(folder)) as running,
    ):
        record("Postfix 3.7", running.port, postfix.DOMAIN, COMMON)
    with (
        tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as folder,
        exim.exim(Path(sys.argv[1]), Path(folder)) as port,
    ):
        record("Exim 4.96", port, exim.DOMAIN, (*COMMON, auth_plain))


if __name__ == "__main__":
    main()
