"""A POP3 server for benchmarks: it reads no mail and answers RETR with octets made before.

A program of its own, so that it shares neither loop nor interpreter with what is measured.
"""

from __future__ import annotations

import socket
import sys

_ANSWERS = {
    b"CAPA": b"+OK\r\nPIPELINING\r\nUIDL\r\nTOP\r\nUSER\r\n.\r\n",
    b"LIST": b"+OK\r\n.\r\n",
}


def serve(connection: socket.socket, message: bytes) -> None:
    """Answer one client until it hangs up."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"+OK ready\r\n")
    buffer = b""
    retr = b"+OK\r\n" + message + b".\r\n"
    while octets := connection.recv(65536):
        lines = (buffer + octets).split(b"\r\n")
        buffer = lines.pop()
        answers = [
            retr if line.startswith(b"RETR") else _ANSWERS.get(line, b"+OK\r\n") for line in lines
        ]
        connection.sendall(b"".join(answers))


def main() -> None:
    """Print a free port, and serve one client after the other with messages of that size."""
    size = int(sys.argv[1])
    line = b"x" * 76 + b"\r\n"
    message = b"Subject: benchmark\r\n\r\n" + b"..dot\r\n" + line * (size // len(line))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            serve(connection, message)


if __name__ == "__main__":
    main()
