"""The bundled server's POP3, and a client that speaks in lines."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.net.dial import TcpDialer
from desktopmail.net.ports import system_ports
from desktopmail.net.tls import ClientTls
from localserver.config import Config, Limits
from localserver.server import start_server
from localserver.store.interface import Delivery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from desktopmail.net.stream import Stream
    from localserver.faults import Fault
    from localserver.server import Server

USERS = [("alice", "wonderland"), ("bob", "builder")]
MESSAGES = (
    b"Subject: one\r\n\r\n.dotted\r\n",
    b"Subject: two\n\nbare LF\n.\nend",
    b"Subject: three without a body\r\n",
)


@asynccontextmanager
async def pop3_server(
    *messages: bytes,
    plan: Iterable[Fault] = (),
    failure_delay_s: float = 0.0,
    domain: str = "localhost",
    without: frozenset[str] = frozenset(),
    limits: Limits | None = None,
    strict: bool = False,
) -> AsyncIterator[Server]:
    """Run a server with alice, who has the messages, and bob, who has none."""
    server = await start_server(
        Config(
            listen={"pop3": 0, "pop3s": 0},
            domain=domain,
            without=without,
            strict=strict,
            limits=limits or Limits(),
        ),
        system_ports(),
        users=USERS,
        plan=plan,
        failure_delay_s=failure_delay_s,
    )
    try:
        if messages:
            await server.context.store.deliver([Delivery("alice", each) for each in messages])
        yield server
    finally:
        await server.aclose(grace_s=0.2)


class LineClient:
    """Sends lines and reads answers, and knows nothing else."""

    def __init__(self, stream: Stream, server: Server) -> None:
        self.stream = stream
        self._server = server
        self._buffer = b""

    async def line(self) -> bytes:
        """Read one line, without its CRLF; b"" at the end."""
        while b"\r\n" not in self._buffer:
            octets = await self.stream.read()
            if not octets:
                return b""
            self._buffer += octets
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    async def lines(self) -> list[bytes]:
        """Read lines up to the one with a dot."""
        lines = []
        while (line := await self.line()) != b".":
            lines.append(line)
        return lines

    async def ask(self, line: bytes) -> bytes:
        """Send a line and read the status line."""
        self.stream.write(line + b"\r\n")
        return await self.line()

    async def log_in(self, name: bytes = b"alice", password: bytes = b"wonderland") -> bytes:
        """Log in with USER and PASS."""
        assert (await self.ask(b"USER " + name)).startswith(b"+OK")
        return await self.ask(b"PASS " + password)

    async def start_tls(self) -> None:
        """Go on inside TLS."""
        await self.stream.start_tls(client_tls(self._server))

    async def is_closed(self) -> bool:
        """Whether nothing more comes."""
        return not self._buffer and await self.stream.read() == b""


def client_tls(server: Server) -> ClientTls:
    """How to check the server."""
    return ClientTls("localhost", ca_file=server.ca_file)


def blocking_context(server: Server) -> ssl.SSLContext:
    """The same for blocking clients."""
    return ssl.create_default_context(cafile=str(server.ca_file))


@asynccontextmanager
async def line_client(
    server: Server, *, tls: bool = False, greeting: bool = True
) -> AsyncIterator[LineClient]:
    """Connect; the greeting is read."""
    stream = await TcpDialer().dial(
        "127.0.0.1",
        server.ports["pop3s" if tls else "pop3"],
        tls=client_tls(server) if tls else None,
    )
    client = LineClient(stream, server)
    try:
        if greeting:
            assert (await client.line()).startswith(b"+OK")
        yield client
    finally:
        await stream.aclose()
