"""A server that plays its part of a written dialogue, and an `ImapClient` connected to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import ClosedError
from desktopmail.net.imap import ImapClient
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.net.tls import ServerTls
from desktopmail.net.transcript import MemoryRecorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream
    from desktopmail.wire.imap.client_events import Malformed
    from desktopmail.wire.imap.response import UntaggedResponse
    from tests.helpers.certificates import Certificates

CAPABLE = (
    "S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR MOVE UIDPLUS UNSELECT IDLE CONDSTORE "
    "QRESYNC ENABLE ESEARCH BINARY COMPRESS=DEFLATE NAMESPACE ID] hello\n"
)
HOST = "mail.example.test"


class Script:
    """What both sides say: `C: ` and `S: ` lines; `S? ` sends without the CRLF at its end.

    `*: close` closes, `*: tls` starts TLS, `*: wait` waits until the client has closed.
    """

    def __init__(self, text: str, certificates: Certificates | None = None) -> None:
        self.lines = [line for line in text.split("\n") if line.strip()]
        self.certificates = certificates
        self.done = False
        self.problem = ""

    async def serve(self, stream: Stream) -> None:
        """Play the server."""
        unread = b""
        for line in self.lines:
            kind, said = line[:3], line[3:].encode("utf-8", "surrogateescape")
            if kind == "S: ":
                stream.write(said + b"\r\n")
            elif kind == "S? ":
                stream.write(said)
            elif kind == "C: ":
                while b"\r\n" not in unread:
                    octets = await stream.read()
                    if not octets:
                        self.problem = f"closed instead of {line!r}"
                        return
                    unread += octets
                heard, _, unread = unread.partition(b"\r\n")
                if heard != said:
                    self.problem = f"{heard!r} instead of {line!r}"
                    return
            elif line == "*: tls":
                assert self.certificates is not None
                await stream.start_tls(
                    ServerTls(self.certificates.certificate, self.certificates.key)
                )
            elif line == "*: close":
                break
            elif line == "*: wait":
                # A client that is done with us may close as rudely as it likes.
                with suppress(ClosedError):
                    while await stream.read():
                        pass
        if unread:
            self.problem = f"{unread!r} was said too"
        self.done = True


@asynccontextmanager
async def scripted(
    text: str,
    *,
    segment_octets: int = 65536,
    security: Security = Security.NONE,
    certificates: Certificates | None = None,
    timeout_s: float = 10,
    told: list[UntaggedResponse | Malformed] | None = None,
) -> AsyncIterator[ImapClient]:
    """Connect to a server that plays `text`, and see that all of it was said."""
    script = Script(text, certificates)
    network = MemoryNetwork(segment_octets=segment_octets)
    listener = await network.listen(HOST, 143, script.serve)
    clock = SystemClock()
    ports = Ports(clock, SystemEntropy(), network, InlineExecutor(), network.listen)
    endpoint = Endpoint(HOST, 143, security, ca_file=certificates.ca_file if certificates else None)
    recorder = MemoryRecorder(clock)
    try:
        client = await ImapClient.connect(
            endpoint,
            ports=ports,
            recorder=recorder,
            timeout_s=timeout_s,
            told=told.append if told is not None else None,
        )
        try:
            yield client
        finally:
            await client.aclose()
        for _ in range(50):
            if script.done or script.problem:
                break
            await asyncio.sleep(0.01)
        assert not script.problem, f"{script.problem}\n{recorder.text()}"
        assert script.done, f"not everything was said\n{recorder.text()}"
    finally:
        await listener.aclose()
