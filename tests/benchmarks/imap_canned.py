"""An IMAP server in a process of its own that sends what was prepared, as fast as it is read.

`python -m tests.benchmarks.imap_canned MESSAGES OCTETS` prints its port and serves connections one
after the other. Every message of its mailbox has the same octets.
"""

from __future__ import annotations

import re
import socket
import sys

_LINE = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n"
_HEADER = b"Subject: canned\r\n\r\n"


def body(octets: int) -> bytes:
    """The octets of each message."""
    return (_HEADER + _LINE * (octets // len(_LINE) + 1))[:octets]


def numbers(octets: bytes, messages: int) -> list[int]:
    """The members of a set."""
    found: list[int] = []
    for part in octets.split(b","):
        first, _, last = part.partition(b":")
        end = messages if last == b"*" else int(last or first)
        found += range(int(first), end + 1)
    return found


def serve(client: socket.socket, messages: int, octets: int) -> None:
    """Serve one connection."""
    content = body(octets)
    client.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ IDLE] ready\r\n")
    heard = b""
    while piece := client.recv(65536):
        heard += piece
        while b"\r\n" in heard:
            line, _, heard = heard.partition(b"\r\n")
            tag, _, command = line.partition(b" ")
            found = re.match(rb"UID FETCH (\S+) ", command)
            if command == b"CAPABILITY":
                client.sendall(b"* CAPABILITY IMAP4rev1 LITERAL+ IDLE\r\n")
            elif command.startswith((b"SELECT", b"EXAMINE")):
                client.sendall(
                    b"* FLAGS ()\r\n* %d EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n" % messages
                )
            elif found:
                for uid in numbers(found[1], messages):
                    # The octets are not copied: what is measured is who reads them.
                    client.sendall(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, octets))
                    client.sendall(content)
                    client.sendall(b")\r\n")
            elif command.startswith(b"LOGOUT"):
                client.sendall(b"* BYE bye\r\n" + tag + b" OK bye\r\n")
                return
            client.sendall(tag + b" OK done\r\n")


def main() -> None:
    """Serve until killed."""
    messages, octets = map(int, sys.argv[1:3])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    serve(client, messages, octets)
                except ConnectionError as error:
                    print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
