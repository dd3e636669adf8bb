"""A server of which a test writes every answer; it remembers every octet that it was sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError
from desktopmail.net.listen import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ServerTls

TLS = b"<tls>"
CLOSE = b"<close>"
FLOOD = b"<flood>"
TAG = b"<tag>"
#: What is said, or how it is made of the line that it answers.
Answer = bytes | Callable[[bytes], bytes]


@dataclass
class HostilePeer:
    """Answers each command by its verb.

    Attributes:
        greeting: Its first octets; may end with `CLOSE`.
        answers: By verb in capitals ("*" for any other). A tuple is answered one after the other,
            its last for ever. `TAG` becomes the tag of an IMAP command; `TLS` at the end begins the
            handshake, `CLOSE` ends the connection, `FLOOD` repeats what stands before it for ever.
        tagged: The protocol is IMAP.
        tls: The certificate for `TLS`, or for the whole connection.
        implicit: TLS from the first octet.
        heard: Every octet that came, decrypted.
        heard_in_clear: Those of them that came outside TLS.
    """

    greeting: bytes
    answers: Mapping[str, Answer | tuple[Answer, ...]]
    tagged: bool = False
    tls: ServerTls | None = None
    implicit: bool = False
    heard: bytearray = field(default_factory=bytearray)
    heard_in_clear: bytearray = field(default_factory=bytearray)
    sessions: int = 0
    port: int = 0

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[HostilePeer]:
        """Listen on a free port of this machine."""
        tls = self.tls if self.implicit else None
        listener = await listen("127.0.0.1", 0, self._session, tls=tls)
        self.port = listener.port
        try:
            yield self
        finally:
            await listener.aclose()

    async def _session(self, stream: Stream) -> None:
        self.sessions += 1
        given: dict[str, int] = {}
        with suppress(NetError):  # its victim may leave as rudely as it likes
            if not await self._say(stream, self.greeting, b""):
                return
            unread = b""
            while True:
                while b"\r\n" not in unread:
                    octets = await stream.read()
                    if not octets:
                        return
                    self.heard += octets
                    if stream.tls is None:
                        self.heard_in_clear += octets
                    unread += octets
                line, _, unread = unread.partition(b"\r\n")
                tag, answer = self._answer(line, given)
                if not await self._say(stream, answer, tag):
                    return

    def _answer(self, line: bytes, given: dict[str, int]) -> tuple[bytes, bytes]:
        words = line.split()
        tag = words[0] if self.tagged and len(words) > 1 else b""
        verb = (words[1] if tag else (words[0] if words else b"")).decode("latin-1").upper()
        known = verb if verb in self.answers else "*"
        answer = self.answers.get(known, b"")
        if isinstance(answer, tuple):
            place = min(given.get(known, 0), len(answer) - 1)
            given[known] = place + 1
            answer = answer[place]
        return tag, answer if isinstance(answer, bytes) else answer(line)

    async def _say(self, stream: Stream, answer: bytes, tag: bytes) -> bool:
        """Send an answer; returns whether the connection goes on."""
        starts, closes, floods = TLS in answer, CLOSE in answer, FLOOD in answer
        for mark in (TLS, CLOSE, FLOOD):
            answer = answer.replace(mark, b"")
        answer = answer.replace(TAG, tag)
        await stream.send(answer)
        while floods:
            await stream.send(answer * 100)
        if starts and self.tls is not None:
            await stream.start_tls(self.tls)
        return not closes
