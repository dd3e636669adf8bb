"""A POP3 server that says what a test wrote down, in memory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.net.transcript import MemoryRecorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ServerTls

GREETING = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"
CAPA = b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\nRESP-CODES\r\nSASL PLAIN\r\n.\r\n"
START_TLS = b"<start tls>"


class Script:
    """What the server says.

    Args:
        greeting: Its first octets.
        steps: What a client has to send, and what is answered; `START_TLS` at the end of an answer
            begins the handshake behind it.
        tls: For `START_TLS`.
        segment_octets: How many octets arrive at once.

    Attributes:
        heard: The lines that came.
        recorder: The client's transcript.
    """

    def __init__(
        self,
        *steps: tuple[bytes, bytes],
        greeting: bytes = GREETING,
        tls: ServerTls | None = None,
        segment_octets: int = 65536,
        hang: bool = False,
    ) -> None:
        self._greeting = greeting
        self._steps = list(steps)
        self._tls = tls
        self._hang = hang
        self.network = MemoryNetwork(segment_octets=segment_octets)
        self.ports = Ports(
            SystemClock(), SystemEntropy(), self.network, InlineExecutor(), self.network.listen
        )
        self.recorder = MemoryRecorder(self.ports.clock)
        self.heard: list[bytes] = []

    async def _serve(self, stream: Stream) -> None:
        await stream.send(self._greeting)
        buffer = b""
        for expected, answer in self._steps:
            while b"\r\n" not in buffer:
                octets = await stream.read()
                if not octets:
                    return
                buffer += octets
            line, _, buffer = buffer.partition(b"\r\n")
            self.heard.append(line)
            if expected and line != expected:
                await stream.send(b"-ERR expected " + expected + b" and not " + line + b"\r\n")
                return
            starts = answer.endswith(START_TLS)
            await stream.send(answer.removesuffix(START_TLS))
            if starts and self._tls is not None:
                await stream.start_tls(self._tls)
        while self._hang and await stream.read():
            pass

    @asynccontextmanager
    async def client(
        self,
        security: Security = Security.NONE,
        *,
        ca_file: Path | None = None,
        timeout_s: float = 5.0,
    ) -> AsyncIterator[Pop3Client]:
        """Connect to it."""
        tls = self._tls if security is Security.TLS else None
        listener = await self.network.listen("mail.test", 110, self._serve, tls=tls)
        try:
            client = await Pop3Client.connect(
                Endpoint("mail.test", 110, security, ca_file=ca_file, timeout_s=5),
                ports=self.ports,
                recorder=self.recorder,
                timeout_s=timeout_s,
            )
            try:
                yield client
            finally:
                await client.aclose()
        finally:
            await listener.aclose()
