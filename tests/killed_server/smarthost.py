"""A server that takes everything but what is for `refused`, and counts what it took."""

from __future__ import annotations

import re
import socketserver
import threading
from collections import Counter

_NAME = re.compile(rb"^Message-ID: (<[^>]+>)", re.MULTILINE | re.IGNORECASE)


class Smarthost(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback, from the constructor to `shutdown`.

    Attributes:
        taken: How often each message was acknowledged, by its Message-ID.
        busy: Sessions under way.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: Counter[str] = Counter()
        self.busy = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, name="smarthost", daemon=True).start()

    @property
    def where(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: Smarthost

    def handle(self) -> None:
        with self.server.lock:
            self.server.busy += 1
        try:
            self._talk()
        except OSError:
            return  # the other end was killed
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _talk(self) -> None:
        self._say(b"220 smart")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(b"354 go")
                self._take()
            elif verb == b"RCPT" and b"refused@" in line:
                self._say(b"550 5.1.1 nobody")
            elif verb == b"QUIT":
                self._say(b"221 bye")
                return
            else:
                self._say(b"250 fine")

    def _take(self) -> None:
        octets = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            octets += line
        name = _NAME.search(octets)
        with self.server.lock:
            self.server.taken[name[1].decode() if name else "?"] += 1
        self._say(b"250 taken")

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")
