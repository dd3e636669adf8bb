"""The pump of an SMTP client: commands out, replies in, with deadlines and a transcript."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.net.deadline import deadline
from desktopmail.net.errors import (
    ClosedError,
    NetError,
    ProtocolViolationError,
    TimedOutError,
)
from desktopmail.net.stream import READ_OCTETS
from desktopmail.net.transcript import record_output
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.smtp.client import ClientConnection
from desktopmail.wire.smtp.events import Answer, Closed, ServiceClosing

if TYPE_CHECKING:
    from typing import Final

    from desktopmail.net.stream import Stream
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.smtp.client import Event, Sendable

# RFC 5321 section 4.5.3.2 allows minutes; a server that is silent for one before the message is
# not worth waiting for with a person in front of the screen. After the final dot the full time is
# kept: who gives up there sends twice.
COMMAND_S: Final = 60.0
FINAL_S: Final = 600.0
# RFC 5321 section 4.5.3.2.5: until a piece of the message is taken.
PIECE_S: Final = 180.0


class Dialogue:
    """One connection of a client, and the machine behind it.

    Args:
        stream: The connection.
        authority: `host:port`, for messages.
        recorder: Told what was said, redacted.
        lmtp: Speak LMTP.

    Attributes:
        wire: The machine.
        masked: Inside AUTH: the carrier records what the server says.
    """

    def __init__(
        self, stream: Stream, authority: str, recorder: Recorder | None, *, lmtp: bool = False
    ) -> None:
        self.stream = stream
        self.authority = authority
        self.recorder = recorder
        self.wire = ClientConnection(lmtp=lmtp)
        self.masked = False
        self._loop = asyncio.get_running_loop()

    async def ask(self, command: Sendable, timeout_s: float = COMMAND_S) -> Answer:
        """Send one command and wait for its reply.

        Raises:
            LocalProtocolError: It may not be sent now.
            NetError: No reply came.
        """
        self.wire.send(command)
        return await self.answer(timeout_s, type(command).__name__.upper())

    async def answer(self, timeout_s: float, what: str) -> Answer:
        """Wait for the reply to the oldest command that has none; `what` names it in messages."""
        try:
            event = self.wire.next_event()  # most replies of a group come together
        except RemoteProtocolError as error:
            raise self.violated(error) from error
        if event is None:
            event = await self._wait(timeout_s, what)
        if isinstance(event, Answer):
            return event
        if isinstance(event, ServiceClosing):
            raise self.closed(f"said {event.reply}")
        if isinstance(event, Closed):
            raise self.closed("closed the connection")
        raise self.violated(f"{event} is no answer")

    async def next_event(self, timeout_s: float, what: str) -> Event:
        """Send what is to be sent and wait for the next event.

        Raises:
            NetError: None came; the connection is closed then.
        """
        try:
            event = self.wire.next_event()
        except RemoteProtocolError as error:
            raise self.violated(error) from error
        return event if event is not None else await self._wait(timeout_s, what)

    async def _wait(self, timeout_s: float, what: str) -> Event:
        event: Event | None = None
        if self.stream.is_closed:  # a reply that was owed when it closed never comes
            raise self.closed("closed the connection")
        try:
            # The limit holds for all of the reply: trickling octets do not prolong it.
            until = self._loop.time() + timeout_s
            await self._flush_before(until)
            while event is None:
                await self._fill(until)
                event = self.wire.next_event()
        except RemoteProtocolError as error:
            raise self.violated(error) from error
        except BaseException as error:
            # An answer that nobody waited for must not be taken for the next one.
            self.stream.abort()
            if isinstance(error, TimeoutError):
                raise TimedOutError(
                    f"{self.authority} did not answer to {what} in {timeout_s:g} s.",
                    remedy="Try again later.",
                    code="timed-out",
                ) from error
            raise
        return event

    async def _flush_before(self, until: float) -> None:
        segments = self.wire.take_output()
        if not segments:
            return
        octets = record_output(self.recorder, "C", segments)
        if len(octets) <= READ_OCTETS:
            self.stream.write(octets)
            if not self.stream.is_congested:
                return
            octets = b""
        async with asyncio.timeout_at(until):
            await self.stream.send(octets)

    async def _fill(self, until: float) -> None:
        octets = await self.stream.read(until)
        if not octets:
            self.wire.receive_eof()
            return
        if self.recorder is not None and not self.masked:
            self.recorder.record("S", octets)
        self.wire.receive(octets)

    async def flush(self) -> None:
        """Send what is to be sent of a message.

        Raises:
            NetError: The connection ended, or the server takes no more.
        """
        octets = record_output(self.recorder, "C", self.wire.take_output())
        for begin in range(0, len(octets), READ_OCTETS):
            async with deadline(PIECE_S, f"{self.authority} takes no more of the message."):
                await self.stream.send(octets[begin : begin + READ_OCTETS])

    def closed(self, how: str) -> NetError:
        """Close, and return the error that says so."""
        self.stream.abort()
        return ClosedError(f"{self.authority} {how}.", remedy="Try again later.", code="closed")

    def violated(self, error: object) -> NetError:
        """Close, and return the error that blames the server."""
        self.stream.abort()
        return ProtocolViolationError(
            f"{self.authority} broke the protocol: {error}.",
            remedy="Ask its administrator; this is not your fault.",
            code="protocol",
        )
