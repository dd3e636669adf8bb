"""Pumps octets between a stream and the client's machine of POP3: deadlines, transcript, errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar, cast

from desktopmail.net.errors import (
    ClosedError,
    NetError,
    ProtocolViolationError,
    RefusedError,
    TimedOutError,
    TlsError,
)
from desktopmail.net.transcript import record_output
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.command import Follows
from desktopmail.wire.pop3.events import Answered, Closed, Data
from desktopmail.wire.pop3.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ClientTls
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.pop3.command import Command
    from desktopmail.wire.pop3.events import ClientEvent
    from desktopmail.wire.pop3.table import AnyCommand

T = TypeVar("T")

# How long an answer, or the next octets of it, may take. Servers hang up after ten minutes
# (RFC 1939 section 3), so nothing useful comes later.
ANSWER_TIMEOUT_S = 60.0
# A transcript shows so much of what arrives at once; the rest is a remark.
_SHOWN_OCTETS = 2048
# What is said in a row is one record, as long as none of it would be cut off for its length.
_GATHERED_OCTETS = 3072


class Dialogue:
    """One session, as questions and answers.

    Attributes:
        stream: The connection.
        where: The server as `host:port`, for sentences.
        machine: The state of the session.
        echoes: Octets that the transcript must not show when the server repeats them.
    """

    def __init__(
        self,
        stream: Stream,
        where: str,
        *,
        recorder: Recorder | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self.stream = stream
        self.where = where
        self.machine = ClientConnection()
        self.echoes: Sequence[bytes] = ()
        self._recorder = recorder
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        # While messages come, the transcript is made of events and not of reads: of each message
        # the beginning, but every status line.
        self._by_event = False
        self._left_out = 0
        self._shown = 0
        self._gathered: list[bytes] = []
        self._gathered_octets = 0

    async def ask(self, command: Command[T]) -> T:
        """Send a command that is answered by a line or a listing, and return what it means.

        Raises:
            RefusedError: The server said no.
            NetError: The session is over.
        """
        await self.drain_answers()
        self.send(command)
        return await self.answer(command)

    def send(self, command: AnyCommand) -> None:
        """Put a command into the output; it leaves with the next `next_event`.

        Raises:
            ClosedError: The session is over.
            LocalProtocolError: The command is not possible now, or not at all.
        """
        if self.machine.state is State.CLOSED or self.stream.is_closed:
            raise ClosedError(f"The session with {self.where} is over.", code="closed")
        self.machine.send(command)
        self._by_event = command.follows is Follows.DATA

    async def answer(self, command: Command[T]) -> T:
        """Return what the answer to the oldest command means.

        Raises:
            RefusedError: The server said no.
            NetError: The session is over.
        """
        event = await self.answered(command.keyword.decode())
        if not event.reply.ok:
            raise self.refused(event)
        return cast("T", event.result)

    async def answered(self, what: str) -> Answered:
        """Return the answer to the oldest command, whatever it is."""
        event = await self.next_event(what)
        if not isinstance(event, Answered):
            self.stream.abort()
            raise ProtocolViolationError(
                f"{self.where} answered {what} with something else.", code="protocol"
            )
        return event

    def refused(self, event: Answered) -> RefusedError:
        """Make the error of a negative answer."""
        return RefusedError(
            f"{self.where} refused {event.command.keyword.decode()}: {event.reply}.",
            reply=event.reply,
            remedy="Try again later." if event.reply.has("SYS/TEMP") else "",
        )

    async def drain_answers(self) -> None:
        """Read and drop the answers that nobody waits for any more."""
        while self.machine.waiting:
            await self.next_event("the commands before")

    async def next_event(self, what: str) -> ClientEvent:
        """Send what is to be sent, and return what the server does next.

        Args:
            what: What is waited for, for the sentence of an error.

        Raises:
            NetError: The connection failed, the server was too slow or broke the protocol, or
                ended the session.
        """
        while (event := self.event_here(what)) is None:
            await self._exchange(what)
        return event

    def event_here(self, what: str) -> ClientEvent | None:
        """Return what the server did next, as far as its octets are here; None when they are not.

        Args:
            what: What is waited for, for the sentence of an error.

        Raises:
            NetError: The server broke the protocol, or ended the session.
        """
        try:
            event = self.machine.next_event()
        except RemoteProtocolError as error:
            self._record_gathered()
            self.stream.abort()
            raise self.violation(error) from error
        if isinstance(event, Closed):
            self._record_gathered()
            self.stream.abort()
            raise ClosedError(
                f"{self.where} closed the connection before it answered {what}.",
                remedy="Try again.",
                code="closed",
            )
        if self._by_event and self._recorder is not None and event is not None:
            self._gather_event(event)
        return event

    async def _exchange(self, what: str) -> None:
        self._record_gathered()
        output = record_output(self._recorder, "C", self.machine.take_output())
        until = self._loop.time() + self._timeout_s
        try:
            if output:
                await self._send(output, until)
            octets = await self.stream.read(until)
        except BaseException as error:
            # Whatever stopped us here, an answer may come later and be taken for another.
            self.stream.abort()
            if isinstance(error, TimeoutError):
                raise TimedOutError(
                    f"{self.where} did not answer {what} within {self._timeout_s:g} s.",
                    remedy="Try again later.",
                    code="timed-out",
                ) from error
            raise
        if octets:
            self.machine.receive(octets)
            if self._recorder is not None and not self._by_event:
                self._record_server(self._recorder, octets)
        else:
            self.machine.receive_eof()

    async def _send(self, octets: bytes, until: float) -> None:
        self.stream.write(octets)
        if self.stream.is_congested:
            async with asyncio.timeout_at(until):
                await self.stream.drain()

    async def start_tls(self, tls: ClientTls) -> None:
        """Go on inside TLS, after STLS was accepted.

        Raises:
            TlsError: TLS failed, or octets came in the clear behind the answer.
        """
        try:
            self.machine.starting_tls()
        except RemoteProtocolError as error:
            self.stream.abort()
            raise TlsError(
                f"{self.where} sent octets in the clear behind the start of TLS.",
                remedy="Somebody may be between you and the server: nothing was sent.",
                code="tls-injection",
            ) from error
        await self.stream.start_tls(tls)
        self.machine.tls_started()
        self.remark_tls()

    # --- transcript and errors -----------------------------------------------------------------

    def remark(self, text: str) -> None:
        """Put a remark into the transcript."""
        self._record_gathered()
        if self._recorder is not None:
            self._recorder.record("*", text.encode())

    def remark_tls(self) -> None:
        """Say in the transcript what the handshake agreed on."""
        tls = self.stream.tls
        if tls is not None:
            self.remark(f"{tls.version} {tls.cipher}")

    def violation(self, error: Exception) -> NetError:
        """Make the error of a server that breaks the protocol."""
        return ProtocolViolationError(
            f"{self.where} does not keep to the protocol: {error}.",
            remedy="Check host and port; the transcript shows what it said.",
            code="protocol",
        )

    def _record_server(self, recorder: Recorder, octets: bytes) -> None:
        shown = octets[:_SHOWN_OCTETS]
        for echo in self.echoes:
            shown = shown.replace(echo, b"<password>")
        recorder.record("S", shown)
        if len(octets) > _SHOWN_OCTETS:
            self._remark_left_out(len(octets) - _SHOWN_OCTETS)
            if octets.endswith(b"\r\n.\r\n"):
                recorder.record("S", b".\r\n")

    def _remark_left_out(self, octets: int) -> None:
        self.remark(f"{octets} more octets are not shown")

    def _gather_event(self, event: ClientEvent) -> None:
        if isinstance(event, Answered):
            status = b"+OK" if event.reply.ok else b"-ERR"
            code = f"[{event.reply.code}]".encode() if event.reply.code else b""
            words = [status, code, event.reply.text.encode()]
            self._gather(b" ".join([word for word in words if word]) + b"\r\n")
            self._shown = self._left_out = 0
        elif isinstance(event, Data):
            shown = event.octets[: _SHOWN_OCTETS - self._shown]
            self._shown += len(shown)
            self._left_out += len(event.octets) - len(shown)
            if shown:
                self._gather(shown.replace(b"\r\n.", b"\r\n.."))
            if event.is_last:
                if self._left_out:
                    self._remark_left_out(self._left_out)
                self._gather(b".\r\n")
        if not self.machine.waiting:
            self._record_gathered()

    def _gather(self, octets: bytes) -> None:
        if self._gathered_octets + len(octets) > _GATHERED_OCTETS:
            self._record_gathered()
        self._gathered.append(octets)
        self._gathered_octets += len(octets)

    def _record_gathered(self) -> None:
        if self._gathered and self._recorder is not None:
            self._recorder.record("S", b"".join(self._gathered))
            self._gathered.clear()
            self._gathered_octets = 0
