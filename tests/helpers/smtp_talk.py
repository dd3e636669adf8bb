"""A bundled server in the test's own loop, and a client that says exactly what it is told."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktopmail.net.ports import system_ports
from desktopmail.wire.smtp.reply import Reply, ReplyReader
from localserver.config import Config
from localserver.server import Server, start_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream
    from localserver.faults import Fault

SERVICES = {"smtp": 0, "submission": 0, "submissions": 0}
PEOPLE = (("alice", "wonderland"), ("bob", "builder"))
MESSAGE = b"From: alice@localhost\r\nSubject: x\r\nDate: Mon, 23 Nov 2026 06:00:00 +0000\r\n" + (
    b"Message-ID: <1@localhost>\r\n\r\nbody\r\n"
)


class Talk:
    """One connection."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._reader = ReplyReader()

    async def reply(self) -> Reply:
        """The next reply."""
        while (found := self._reader.next_reply()) is None:
            octets = await self.stream.read()
            if not octets:
                raise EOFError("the server closed the connection")
            self._reader.receive(octets)
        return found

    async def say(self, text: str | bytes) -> Reply:
        """Send a line (or octets as they are) and return the next reply."""
        self.stream.write(text if isinstance(text, bytes) else f"{text}\r\n".encode())
        return await self.reply()

    async def codes(self, *lines: str) -> list[int]:
        """Say several lines, each after the reply to the one before."""
        return [(await self.say(line)).code for line in lines]

    async def message(self, octets: bytes) -> Reply:
        """Send DATA and a message that needs no stuffing."""
        answer = await self.say("DATA")
        assert answer.code == 354, answer
        return await self.say(octets + b".\r\n")

    async def at_end(self) -> bool:
        """Whether the server closes the connection."""
        return await self.stream.read() == b""


class Post:
    """A running server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ports = server.context.ports
        self._talks: list[Talk] = []

    async def talk(self, service: str = "smtp", hello: str | None = "EHLO me.example") -> Talk:
        """Connect, read the greeting, and say hello."""
        stream = await self.ports.dialer.dial("127.0.0.1", self.server.ports[service])
        talk = Talk(stream)
        self._talks.append(talk)
        assert (await talk.reply()).code == 220
        if hello is not None:
            assert (await talk.say(hello)).code == 250
        return talk

    async def logged_in(self, user: str = "alice", password: str = "wonderland") -> Talk:
        """Connect to the submission port and log in."""
        import base64

        talk = await self.talk("submission")
        proof = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        answer = await talk.say(f"AUTH PLAIN {proof}")
        assert answer.code == 235, answer
        return talk

    async def aclose(self) -> None:
        """Close the connections and the server."""
        for talk in self._talks:
            talk.stream.abort()
        await self.server.aclose(grace_s=0.0)

    async def inbox(self, user: str) -> list[bytes]:
        """The messages of a user's INBOX."""
        maildrop = await self.server.store.lock_maildrop(user)
        try:
            return [maildrop.octets(each.number) or b"" for each in maildrop.messages]
        finally:
            maildrop.release()


@asynccontextmanager
async def post_office(
    *, plan: tuple[Fault, ...] = (), users: tuple[tuple[str, str], ...] = PEOPLE, **settings: object
) -> AsyncIterator[Post]:
    """Run a server with the settings of `Config`."""
    config = Config(listen=dict(SERVICES), **settings)  # type: ignore[arg-type] # the test's
    server = await start_server(config, system_ports(), users=users, plan=plan, failure_delay_s=0.0)
    post = Post(server)
    try:
        yield post
    finally:
        await post.aclose()
