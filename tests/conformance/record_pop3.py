"""Records the dialogues in `pop3/` anew: `python -m tests.conformance.record_pop3`.

Dovecot runs on loopback with a user that exists nowhere else, so that the password in the records
is nobody's secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import pwd
import re
import socket
from pathlib import Path

from tests.helpers.dovecot import Dovecot, running_dovecot

HERE = Path(__file__).parent / "pop3"
USER, PASSWORD = "mrose", "tanstaaf"
MAILS = (
    b"Subject: one\n\n.dot\n..\n\nlast\n",
    b"Subject: two\n\nbody without a line end",
    b"Subject: three\n\n",
)


class Talk:
    """One connection whose lines are kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self._socket.makefile("rb")
        self.kept: list[str] = []
        self.last = ""
        self._hear()

    def say(self, line: str, *, many: bool = False) -> str:
        """Say a line, hear the answer, and the lines that follow it."""
        self.kept.append(f"C: {line}")
        self._socket.sendall(line.encode() + b"\r\n")
        answer = self._hear()
        while many and answer.startswith("+OK") and self.last != ".":
            self._hear()
        return answer

    def _hear(self) -> str:
        self.last = self._file.readline().decode().removesuffix("\r\n")
        self.kept.append(f"S: {self.last}")
        return self.last

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


def whole_session(talk: Talk) -> None:
    """Everything a client does."""
    talk.say("CAPA", many=True)
    talk.say(f"USER {USER}")
    talk.say(f"PASS {PASSWORD}")
    talk.say("CAPA", many=True)
    talk.say("STAT")
    talk.say("LIST", many=True)
    talk.say("LIST 2")
    talk.say("UIDL", many=True)
    talk.say("UIDL 1")
    for number in (1, 2, 3):
        talk.say(f"RETR {number}", many=True)
    talk.say("TOP 1 2", many=True)
    talk.say("TOP 3 9", many=True)
    talk.say("DELE 2")
    talk.say("STAT")
    talk.say("NOOP")
    talk.say("RSET")
    talk.say("STAT")
    talk.say("QUIT")


def refusals(talk: Talk) -> None:
    """What a server refuses."""
    talk.say("STAT")
    talk.say("XTND")
    talk.say("PASS x")
    talk.say(f"USER {USER}")
    talk.say("PASS wrong")
    talk.say("AUTH NO-SUCH-MECHANISM")
    talk.say("AUTH PLAIN AAAA")
    talk.say(f"USER {USER}")
    talk.say(f"PASS {PASSWORD}")
    talk.say("RETR 99", many=True)
    talk.say("TOP 99 1", many=True)
    talk.say("DELE 99")
    talk.say("LIST 99")
    talk.say("UIDL 99")
    talk.say("DELE 1")
    talk.say("RETR 1", many=True)
    talk.say("DELE 1")
    talk.say("RSET")
    talk.say("RETR x", many=True)
    talk.say("TOP 1")
    talk.say("QUIT")


def apop(talk: Talk) -> None:
    """A login by APOP."""
    found = re.search(r"<[^>]+>", talk.last)
    if found is None:
        raise RuntimeError("no timestamp in the greeting")
    digest = hashlib.md5((found[0] + PASSWORD).encode(), usedforsecurity=False).hexdigest()
    talk.say(f"APOP {USER} {digest}")
    talk.say("QUIT")


def auth_plain(talk: Talk) -> None:
    """AUTH PLAIN cancelled, with and without an initial response."""
    response = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    talk.say("AUTH PLAIN")
    talk.say("*")
    talk.say("AUTH PLAIN")
    talk.say(response)
    talk.say("QUIT")


def auth_plain_initial(talk: Talk) -> None:
    """AUTH PLAIN in one line."""
    response = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    talk.say(f"AUTH PLAIN {response}")
    talk.say("QUIT")


def auth_cram_md5(talk: Talk) -> None:
    """AUTH CRAM-MD5."""
    challenge = base64.b64decode(talk.say("AUTH CRAM-MD5")[2:])
    digest = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
    talk.say(base64.b64encode(f"{USER} {digest}".encode()).decode())
    talk.say("QUIT")


def fill(server: Dovecot) -> None:
    """Put the mails into the user's Maildir."""
    owner = pwd.getpwnam("nobody")
    new = server.home(USER) / "Maildir" / "new"
    for name in ("new", "cur", "tmp"):
        (new.parent / name).mkdir(parents=True)
    for number, octets in enumerate(MAILS):
        (new / f"{1700000000 + number}.M{number:06d}P1.test").write_bytes(octets)
    for path in [server.home(USER), new.parent, *new.parent.iterdir(), *new.iterdir()]:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def main() -> None:
    """Record everything."""
    HERE.mkdir(exist_ok=True)
    with running_dovecot({USER: PASSWORD}, mechanisms="plain login cram-md5 apop") as server:
        fill(server)
        for record in (
            whole_session, refusals, apop, auth_plain, auth_plain_initial, auth_cram_md5,
        ):  # fmt: skip
            talk = Talk(server.pop3)
            record(talk)
            talk.close()
            name = record.__name__.replace("_", "-")
            kept = [f"# Dovecot 2.3 (Debian 12), recorded by {Path(__file__).name}", *talk.kept]
            (HERE / f"dovecot-{name}.txt").write_text("\n".join(kept) + "\n", "utf-8")


if __name__ == "__main__":
    main()
