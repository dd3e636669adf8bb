"""A raw IMAP client for dialogues: lines go out as they are, and come back as they came."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.net.dial import TcpDialer
from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from desktopmail.net.stream import Stream
    from localserver.faults import Fault

PATIENCE_S = 5.0
_LITERAL = re.compile(rb"~?\{([0-9]+)\}\r\n$")


class Dialogue:
    """One connection to a server."""

    def __init__(self, server: LocalServer, stream: Stream) -> None:
        self.server = server
        self.stream = stream
        self._buffer = b""
        self._count = 0

    async def line(self) -> bytes:
        """Return the next response, its literals included, without the last CRLF."""
        whole = b""
        while True:
            line = await self._until_crlf()
            whole += line
            literal = _LITERAL.search(line)
            if literal is None:
                return whole.removesuffix(b"\r\n")
            whole += await self._exactly(int(literal[1]))

    async def send(self, octets: bytes) -> None:
        self.stream.write(octets)
        await self.stream.drain()

    async def run(self, command: str | bytes) -> list[str]:
        """Send a command (its tag is put before it), and return all that comes up to its answer.

        The tag is cut off the answer: `OK [CODE] text`.
        """
        self._count += 1
        tag = b"T%d" % self._count
        octets = command if isinstance(command, bytes) else command.encode()
        await self.send(tag + b" " + octets + b"\r\n")
        return await self.answers(tag)

    async def answers(self, tag: bytes) -> list[str]:
        lines: list[str] = []
        while True:
            line = await self.line()
            if line.startswith(tag + b" "):
                lines.append(line.removeprefix(tag + b" ").decode("latin-1"))
                return lines
            lines.append(line.decode("latin-1"))

    async def append(
        self, octets: bytes, mailbox: str = "INBOX", options: str = "", *, binary: bool = False
    ) -> list[str]:
        """APPEND with a non-synchronising literal."""
        self._count += 1
        tag = b"T%d" % self._count
        head = f"APPEND {mailbox} {options}{' ' if options else ''}".encode()
        literal = b"%b{%d+}\r\n" % (b"~" if binary else b"", len(octets))
        await self.send(tag + b" " + head + literal + octets + b"\r\n")
        return await self.answers(tag)

    async def at_end(self) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            return self._buffer == b"" and await self.stream.read() == b""

    async def _until_crlf(self) -> bytes:
        while b"\r\n" not in self._buffer:
            await self._more()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line + b"\r\n"

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._more()
        octets, self._buffer = self._buffer[:size], self._buffer[size:]
        return octets

    async def _more(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            octets = await self.stream.read()
        if not octets:
            raise ConnectionError(f"the server closed the connection; left: {self._buffer!r}")
        self._buffer += octets


@asynccontextmanager
async def connected(server: LocalServer) -> AsyncIterator[Dialogue]:
    """A connection whose greeting was read."""
    stream = await TcpDialer().dial("127.0.0.1", server.ports["imap"])
    try:
        dialogue = Dialogue(server, stream)
        greeting = await dialogue.line()
        assert greeting.startswith(b"* OK")
        yield dialogue
    finally:
        await stream.aclose()


@asynccontextmanager
async def logged_in(
    *,
    select: str | None = "INBOX",
    without: Iterable[str] = (),
    plan: Iterable[Fault] = (),
    messages: Iterable[bytes] = (),
) -> AsyncIterator[Dialogue]:
    """A session of alice on a fresh server, with a mailbox selected."""
    async with LocalServer({"alice": "secret"}, without=without, plan=plan) as server:
        for octets in messages:
            await server.deliver_async("alice", octets)
        async with connected(server) as dialogue:
            assert (await dialogue.run("LOGIN alice secret"))[-1].startswith("OK")
            if select is not None:
                assert (await dialogue.run(f"SELECT {select}"))[-1].startswith("OK")
            yield dialogue


@asynccontextmanager
async def another(dialogue: Dialogue, *, select: str | None = "INBOX") -> AsyncIterator[Dialogue]:
    """A second session of alice on the same server."""
    async with connected(dialogue.server) as second:
        assert (await second.run("LOGIN alice secret"))[-1].startswith("OK")
        if select is not None:
            assert (await second.run(f"SELECT {select}"))[-1].startswith("OK")
        yield second


def mail(subject: str, body: str = "A body.", **fields: str) -> bytes:
    """A small message."""
    lines = [
        "From: Carol <carol@example.org>",
        "To: alice@localhost",
        f"Subject: {subject}",
        "Date: Mon, 7 Feb 1994 21:52:25 -0800",
        f"Message-ID: <{subject.replace(' ', '.')}@example.org>",
        *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()),
    ]
    return "\r\n".join([*lines, "", body, ""]).encode()
