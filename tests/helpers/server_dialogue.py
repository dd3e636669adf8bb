"""A dialogue in a file, held with the real server over a socket.

    # What the dialogue shows, and why it is here.
    protocol: imap
    mail: INBOX From: a@example.org\r\nSubject: one\r\n\r\nbody\r\n
    S: * OK …
    C: a1 LOGIN alice secret
    S: a1 OK …

`mail:` puts a message into a mailbox of alice's first, with Python's escapes. Lines of the client
are sent as they stand, each with CRLF; `…` in a line of the server stands for anything. The last
thing that the server says is the last line: then it closes the connection.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from localserver.config import Config
from localserver.local import LocalServer

if TYPE_CHECKING:
    from pathlib import Path

USERS = {"alice": "secret", "bob": "other"}
# So that no dialogue depends on the day: messages come one a day.
DATES = "2026-01-%02dT12:00:00+00:00"
PATIENCE_S = 10.0


@dataclass(slots=True)
class ServerDialogue:
    """One file.

    Attributes:
        protocol: `smtp`, `submission`, `pop3` or `imap`.
        mails: (mailbox, octets).
        turns: (who, lines) in their order.
    """

    protocol: str = ""
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    turns: list[tuple[str, list[str]]] = field(default_factory=list)


def read_dialogue(path: Path) -> ServerDialogue:
    """Read a file."""
    dialogue = ServerDialogue()
    for line in path.read_text("utf-8").splitlines():
        kind, _, text = line.partition(":")
        text = text.removeprefix(" ")
        if line.startswith("#") or not line:
            continue
        if kind == "protocol":
            dialogue.protocol = text
        elif kind == "mail":
            mailbox, _, octets = text.partition(" ")
            dialogue.mails.append((mailbox, octets.encode().decode("unicode_escape").encode()))
        elif kind in {"C", "S"}:
            if not dialogue.turns or dialogue.turns[-1][0] != kind:
                dialogue.turns.append((kind, []))
            dialogue.turns[-1][1].append(text)
        else:
            raise AssertionError(f"{path.name}: {line!r} is neither C: nor S:")
    return dialogue


def hold(dialogue: ServerDialogue, *, piece: int = 0) -> list[tuple[str, str]]:
    """Hold a dialogue; returns (what was expected, what came) for each line of the server.

    Args:
        dialogue: The file.
        piece: So many octets are sent at once; 0 for a whole turn.
    """
    config = Config(max_message_octets=100_000)
    said: list[tuple[str, str]] = []
    with LocalServer(USERS, config=config) as server:
        for number, (mailbox, octets) in enumerate(dialogue.mails, 1):
            moment = datetime.fromisoformat(DATES % number)
            server.deliver("alice", octets, mailbox=mailbox, internal_date=moment)
        where = (server.host, server.ports[dialogue.protocol])
        with socket.create_connection(where, PATIENCE_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = connection.makefile("rb")
            for who, lines in dialogue.turns:
                if who == "C":
                    octets = "".join(f"{line}\r\n" for line in lines).encode()
                    size = piece or len(octets)
                    for begin in range(0, len(octets), size):
                        connection.sendall(octets[begin : begin + size])
                else:
                    said += [(line, _text(answers.readline())) for line in lines]
            said.append(("", _text(answers.read())))
    return said


def fits(expected: str, came: str) -> bool:
    """Whether a line of the server is the one that was expected."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, came) is not None


def _text(octets: bytes) -> str:
    return octets.removesuffix(b"\r\n").decode("utf-8", "backslashreplace")
