"""A small SMTP server for tests of our client: our own server machine, and a script of misdeeds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.net.smtp import SmtpClient
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
from desktopmail.wire.smtp.control import Data, Quit, StartTls
from desktopmail.wire.smtp.events import BadCommand, ChunkEnd, Closed, MessageData, MessageEnd
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.reply import Reply, reply
from desktopmail.wire.smtp.server import ServerConnection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ServerTls
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.smtp.mail import Mail
    from desktopmail.wire.smtp.rcpt import Rcpt

FULL = {
    "PIPELINING": (),
    "SIZE": ("100000000",),
    "8BITMIME": (),
    "SMTPUTF8": (),
    "CHUNKING": (),
    "BINARYMIME": (),
    "DSN": (),
    "ENHANCEDSTATUSCODES": (),
}

NO_CHUNKING = {
    name: words for name, words in FULL.items() if name not in {"CHUNKING", "BINARYMIME"}
}
BASIC: dict[str, tuple[str, ...]] = {}


@dataclass
class Received:
    """One message that arrived."""

    mail: Mail
    recipients: list[Rcpt]
    octets: bytes


@dataclass
class FakeServer:
    """Answers 250 to everything, unless `answer` says otherwise.

    Attributes:
        keywords: What EHLO offers.
        answer: Gets each event; a Reply replaces the usual one, "drop" ends the connection, and
            behind the usual reply "stall" reads nothing more until `may_go` is set.
        greeting: The first reply.
        lmtp: Speak LMTP.
        tls: For STARTTLS.
    """

    keywords: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(FULL))
    answer: Callable[[object], Reply | str | None] = lambda _event: None
    greeting: Reply = field(default_factory=lambda: reply(220, "ready"))
    lmtp: bool = False
    tls: ServerTls | None = None
    injected: bytes = b""
    events: list[object] = field(default_factory=list)
    messages: list[Received] = field(default_factory=list)
    reads: int = 0
    may_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, stream: Stream) -> None:
        """Serve one connection."""
        wire = ServerConnection(lmtp=self.lmtp)
        wire.tls = stream.tls is not None
        data: list[bytes] = []
        wire.open(self.greeting)
        while True:
            while (event := wire.next_event()) is None:
                stream.write(b"".join(s.octets for s in wire.take_output()))
                octets = await stream.read()
                self.reads += 1
                if octets:
                    wire.receive(octets)
                else:
                    wire.receive_eof()
            if isinstance(event, Closed):
                return
            if isinstance(event, MessageData):
                data.append(event.octets)
                continue
            self.events.append(event)
            special = self.answer(event)
            if special == "drop":
                stream.write(b"".join(s.octets for s in wire.take_output()))
                return
            if special == "stall":
                wire.send(_usual(event))
                stream.write(b"".join(s.octets for s in wire.take_output()))
                await self.may_go.wait()
                return
            if isinstance(special, Reply):
                wire.send(special)
                if isinstance(event, MessageEnd | ChunkEnd):
                    data.clear()
            elif isinstance(event, Hello):
                wire.greet(Extensions("fake.example", self.keywords))
            elif isinstance(event, BadCommand):
                wire.send(event.reply)
            elif isinstance(event, StartTls) and self.tls is not None:
                wire.send(reply(220, "go"))
                stream.write(b"".join(s.octets for s in wire.take_output()) + self.injected)
                await stream.start_tls(self.tls)
                wire.tls_started()
            elif isinstance(event, MessageEnd):
                transaction = wire.transaction
                assert transaction is not None
                self.messages.append(
                    Received(transaction.mail, list(transaction.recipients), b"".join(data))
                )
                data.clear()
                for _ in transaction.recipients if self.lmtp else [0]:
                    wire.send(reply(250, "ok", "2.0.0"))
            else:
                wire.send(_usual(event))
            if isinstance(event, Quit):
                stream.write(b"".join(s.octets for s in wire.take_output()))
                return

    def count(self, kind: type) -> int:
        """How many events of a kind came."""
        return sum(isinstance(event, kind) for event in self.events)


async def client_of(
    server: FakeServer,
    *,
    security: Security = Security.NONE,
    ca_file: Path | None = None,
    recorder: Recorder | None = None,
    segment_octets: int = 65536,
) -> SmtpClient:
    """Connect our client to it, through memory."""
    network = MemoryNetwork(segment_octets=segment_octets)
    tls = server.tls if security is Security.TLS else None
    await network.listen("localhost", 25, server.serve, tls=tls)
    return await SmtpClient.connect(
        Endpoint("localhost", 25, security, ca_file=ca_file),
        ports=Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen),
        local_name="me.example",
        lmtp=server.lmtp,
        recorder=recorder,
    )


def _usual(event: object) -> Reply:
    match event:
        case Data():
            return reply(354, "go")
        case Quit():
            return reply(221, "bye")
        case Auth() if event.initial is None:
            return reply(334, "")
        case Auth() | AuthResponse():
            return reply(235, "welcome", "2.7.0")
        case AuthCancel():
            return reply(501, "cancelled", "5.7.0")
        case ChunkEnd():
            return reply(250, f"{event.size} octets")
        case _:
            return reply(250, "ok", "2.1.0")
