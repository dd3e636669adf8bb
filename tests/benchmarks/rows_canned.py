"""An IMAP server in a process of its own with a mailbox of any size, made up as it is asked for.

`python -m tests.benchmarks.rows_canned MESSAGES` prints its port and serves connections one after
the other. A million messages of a real server would be a million files.
"""

from __future__ import annotations

import re
import socket
import sys

from tests.benchmarks.corpus import WORDS
from tests.benchmarks.imap_canned import numbers

_OFFERED = b"CAPABILITY IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ESEARCH UIDPLUS"
_WORDS = [word.encode() for word in WORDS if word.isascii()]
# Five words of these are a subject: as many as there are messages, nearly.
_STEPS = (1, 3, 7, 11, 13)
_AT_ONCE = 500


def envelope(uid: int) -> bytes:
    """A row."""
    subject = b" ".join([_WORDS[uid // step % len(_WORDS)] for step in _STEPS])
    person = b'(("Person%d Example" NIL "person%d" "bench.example"))' % (uid % 400, uid % 400)
    hour, minute = uid // 60 % 24, uid % 60
    return (
        b"* %d FETCH (UID %d FLAGS (%b) INTERNALDATE \"%2d-Nov-%d %02d:%02d:00 +0000\""
        b' RFC822.SIZE %d ENVELOPE ("Thu, %d Nov %d %02d:%02d:00 +0000" "%b" %b %b %b'
        b' (("Alice" NIL "alice" "localhost")("Team" NIL "team%d" "bench.example")) NIL NIL NIL'
        b' "<%d@bench.example>") BODYSTRUCTURE ("text" "plain" ("charset" "utf-8") NIL NIL "7bit"'
        b" %d 33 NIL NIL NIL NIL))\r\n"
    ) % (
        uid, uid, b"\\Seen" if uid % 3 else b"", 1 + uid // 1440 % 28, 2000 + uid // 40_320 % 25,
        hour, minute, 1000 + uid % 5000, 1 + uid // 1440 % 28, 2000 + uid // 40_320 % 25,
        hour, minute, subject, person, person, person, uid % 30, uid, 500 + uid % 5000,
    )  # fmt: skip


def content(uid: int, *, whole: bool) -> bytes:
    """The answer with a header block, or with a whole message."""
    octets = (
        b"From: Person%d Example <person%d@bench.example>\r\nTo: Alice <alice@localhost>\r\n"
        b"Subject: message %d\r\nMessage-ID: <%d@bench.example>\r\n\r\n"
    ) % (uid % 400, uid % 400, uid, uid)
    octets += b"Hello.\r\n" if whole else b""
    section = b"" if whole else b"HEADER"
    return b"* %d FETCH (UID %d FLAGS () RFC822.SIZE %d BODY[%b] {%d}\r\n%b)\r\n" % (
        uid, uid, len(octets), section, len(octets), octets,
    )  # fmt: skip


def answers(command: bytes, tag: bytes, messages: int) -> list[bytes]:
    """What a command brings before its tagged answer, but for FETCH."""
    verb = command.upper()
    if verb.startswith((b"SELECT", b"EXAMINE")):
        told = (
            b"* FLAGS (\\Seen)\r\n* %d EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT %d] x\r\n"
        )
        return [told % (messages, messages + 1)]
    if verb.startswith(b"LIST"):
        return [b'* LIST () "/" INBOX\r\n']
    if verb.startswith(b"CAPABILITY"):
        return [b"* %b\r\n" % _OFFERED]
    if verb.startswith(b"UID SEARCH"):
        return [b'* ESEARCH (TAG "%b") UID ALL 1:%d\r\n' % (tag, messages)]
    return []


def serve(client: socket.socket, messages: int) -> None:
    """Serve one connection."""
    client.sendall(b"* OK [%b] ready\r\n" % _OFFERED)
    heard = b""
    while piece := client.recv(65536):
        heard += piece
        while b"\r\n" in heard:
            line, _, heard = heard.partition(b"\r\n")
            tag, _, command = line.partition(b" ")
            found = re.match(rb"UID FETCH (\S+) (.*)", command)
            if found:
                uids = numbers(found[1], messages)
                whole = b"BODY.PEEK[]" in found[2]
                for at in range(0, len(uids), _AT_ONCE):
                    some = uids[at : at + _AT_ONCE]
                    if b"ENVELOPE" in found[2]:
                        client.sendall(b"".join(map(envelope, some)))
                    else:
                        client.sendall(b"".join([content(uid, whole=whole) for uid in some]))
            else:
                client.sendall(b"".join(answers(command, tag, messages)))
            client.sendall(tag + b" OK done\r\n")


def main() -> None:
    """Serve until killed."""
    messages = int(sys.argv[1])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    serve(client, messages)
                except ConnectionError as error:
                    print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
