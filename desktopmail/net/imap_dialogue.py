"""The pump of an IMAP connection: one task reads, commands wait for their tags, news is told."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from desktopmail.net import imap_failure as failure
from desktopmail.net.deadline import deadline
from desktopmail.net.errors import NetError, TimedOutError
from desktopmail.net.imap_running import ANSWER_TIMEOUT_S
from desktopmail.net.imap_sink import STREAM_OVER_OCTETS, OpenSink
from desktopmail.net.transcript import record_output
from desktopmail.tasks import TaskScope
from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import (
    Closed,
    ContinuationRequested,
    Greeting,
    LiteralBegins,
    Malformed,
    Untagged,
)
from desktopmail.wire.imap.compress import Deflater, Inflater
from desktopmail.wire.imap.condition import Answer, Condition, Tagged
from desktopmail.wire.imap.cutter import LiteralEnds, LiteralPiece
from desktopmail.wire.imap.fetch_rows import FetchRows

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterator

    from desktopmail.net.errors import ClosedError, ProtocolViolationError
    from desktopmail.net.imap_running import Running
    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ClientTls
    from desktopmail.net.transcript import Recorder
    from desktopmail.wire.imap.client_events import Event
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.condition import Tag
    from desktopmail.wire.imap.response import UntaggedResponse


class Dialogue:
    """One connection to one server.

    Args:
        stream: Of the network.
        where: Host and port for messages.
        tls: The stream is inside TLS already.
        recorder: Takes the transcript.
        timeout_s: Seconds of silence that are borne while an answer is due.

    Attributes:
        mailbox: The one that is open, as far as the server has told; None: none is.
    """

    def __init__(
        self,
        stream: Stream,
        where: str,
        *,
        tls: bool,
        recorder: Recorder | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self.stream = stream
        self.where = where
        self.machine = ClientConnection(tls=tls)
        self.mailbox: str | None = None
        self.told: Callable[[UntaggedResponse | Malformed], None] | None = None
        self.ended: Callable[[NetError | None], None] | None = None
        self._recorder = recorder
        self._timeout_s = timeout_s
        self._scope = TaskScope(self._report)
        self._running: dict[Tag, Running] = {}
        self._waiting: deque[Running] = deque()
        self._inflater: Inflater | None = None
        self._deflater: Deflater | None = None
        self._behind: tuple[Inflater, bytes] | None = None
        self._limit: asyncio.Timeout | None = None
        self._sink = OpenSink()
        self._error: NetError | None = None
        self._bye: Answer | None = None
        self._room = asyncio.Event()
        self._reading = False

    # --- before the reader runs: one question at a time, so that TLS begins where it has to -------

    async def greeting(self) -> Answer:
        """Wait for the greeting."""
        while True:
            event = await self._next_event()
            if isinstance(event, Greeting):
                return event.answer

    async def ask_alone(self, command: Command) -> Tagged:
        """Send a command and wait for its answer, before `start` was called."""
        tag = self.machine.send(command)
        await self._flush()
        while True:
            event = await self._next_event()
            if isinstance(event, Tagged) and event.tag == tag:
                return event
            if isinstance(event, Untagged | Malformed):
                self._tell(event.value if isinstance(event, Untagged) else event)

    async def start_tls(self, tls: ClientTls) -> None:
        """Go on inside TLS, after STARTTLS was answered with OK."""
        try:
            self.machine.starting_tls()
        except RemoteProtocolError as error:
            raise failure.broken(self.where, error) from error
        await self.stream.start_tls(tls)
        self.machine.tls_started()
        self.remark(f"TLS: {self.stream.tls.version}" if self.stream.tls else "TLS")

    def remark(self, text: str) -> None:
        """Put a remark into the transcript."""
        if self._recorder is not None:
            self._recorder.record("*", text.encode())

    async def _next_event(self) -> Event:
        sentence = f"{self.where} did not answer in {self._timeout_s:g} s."
        async with deadline(self._timeout_s, sentence):
            while True:
                try:
                    event = self.machine.next_event()
                except RemoteProtocolError as error:
                    raise failure.broken(self.where, error) from error
                if isinstance(event, Closed):
                    raise self._closed()
                if isinstance(event, Untagged):
                    self._remember_bye(event.value)
                if event is not None:
                    return event
                await self._flush()
                self._receive(await self.stream.read())

    # --- the reader ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read all the time: from here on commands may be asked side by side."""
        self._reading = True
        self._scope.spawn(self._read(), name=f"IMAP connection to {self.where}")

    async def _read(self) -> None:
        try:
            while not await self._read_once():
                pass
        except NetError as error:
            self._end(error)
        except RemoteProtocolError as error:
            self._end(failure.broken(self.where, error))

    async def _read_once(self) -> bool:
        """Read what has come and settle it; return whether that was the end."""
        try:
            async with deadline(
                None, f"{self.where} did not answer in {self._timeout_s:g} s.", error=TimedOutError
            ) as self._limit:
                self._set_limit()
                octets = await self.stream.read()
        finally:
            self._limit = None
        for piece in self._unpacked(octets):
            self._receive(piece)
            if self._drain_events():
                return True
            self._send_waiting()
            self._wake_pouring()
            # Not drained here: a server that does not read on until we do would wait for us for
            # ever.
            self._flush_now()
            await self._wait_for_room()
            if self._inflater is not None:
                # A read may unpack to a thousand times its size: others have their turn meanwhile.
                await asyncio.sleep(0)
            if self._error is not None:
                return True
        return False

    def _unpacked(self, octets: bytes) -> Iterator[bytes]:
        """Cut what has come into steps: one, or as many as a compressed stream unpacks to."""
        if self._inflater is None or not octets:
            yield octets
        else:
            yield from self._inflater.receive(octets)
        # COMPRESS may have been answered in the middle of these octets.
        behind, self._behind = self._behind, None
        if behind is not None:
            inflater, packed = behind
            yield from inflater.receive(packed)

    def _receive(self, octets: bytes) -> None:
        if not octets:
            self.machine.receive_eof()
            return
        if self._recorder is not None:
            self._recorder.record("S", octets)
        for first in self._running.values():  # servers answer in order
            first.hears(len(octets))
            break
        self.machine.receive(octets)

    def _drain_events(self) -> bool:
        next_event = self.machine.next_event
        while (event := next_event()) is not None:
            if isinstance(event, Untagged):
                self._route(event.value)
            elif isinstance(event, LiteralPiece):
                self._sink.pour(event.octets)
            elif isinstance(event, FetchRows):
                self._keep_rows(event)
            elif self._handle(event):
                return True
        return False

    def _handle(self, event: Event) -> bool:
        match event:
            case Tagged():
                self._settle(event)
            case ContinuationRequested(tag, challenge):
                running = self._running[tag]
                running.challenges.append(challenge)
                running.wake()
                if running.must_end or self._waiting:
                    self.end_idle(running)
            case LiteralBegins(announced, size):
                self._sink.open(self._running.values(), announced, size)
            case LiteralEnds():
                self._sink.close()
            case Malformed():
                self._tell(event)
            case Closed():
                self._end(None if event.expected and not self._running else self._closed())
                return True
            case _:
                raise RemoteProtocolError(f"{type(event).__name__} is out of place")
        return False

    def _keep_rows(self, rows: FetchRows) -> None:
        for running in self._running.values():
            if running.keep_rows is not None:
                running.keep_rows(rows)
                running.wake()
                return

    def _route(self, value: UntaggedResponse) -> None:
        for tag, running in self._running.items():
            if running.takes(value, tag):
                running.wake()
                return
        self._remember_bye(value)
        self._tell(value)

    def _remember_bye(self, value: UntaggedResponse) -> None:
        if isinstance(value, Answer) and value.condition is Condition.BYE:
            self._bye = value

    def _tell(self, value: UntaggedResponse | Malformed) -> None:
        if self.told is not None:
            self.told(value)

    def _settle(self, tagged: Tagged) -> None:
        running = self._running.pop(tagged.tag)
        if running.command.name == b"COMPRESS" and tagged.is_ok:
            self._compress()
        self._choose_streaming()
        running.end(tagged)
        self._send_waiting()

    def _choose_streaming(self) -> None:
        has_sink = any(running.sink is not None for running in self._running.values())
        self.machine.stream_over_octets = STREAM_OVER_OCTETS if has_sink else None
        self.machine.cuts_rows = any(one.keep_rows is not None for one in self._running.values())

    # --- commands ------------------------------------------------------------------------------

    def ask(self, running: Running) -> Running:
        """Send a command as soon as it may be sent; return it at once.

        Raises:
            LocalProtocolError: It is not allowed in this state.
            NetError: The connection has ended.
        """
        if self._error is not None or not self._reading:
            raise self._error or self._closed()
        self._waiting.append(running)
        self._send_waiting(running)
        self._flush_now()
        self._room.set()
        return running

    async def answer(self, running: Running) -> Tagged:
        """Wait for the end of a command.

        Raises:
            RefusedError: The server said NO or BAD.
            NetError: The connection has ended.
        """
        try:
            await self._drain_output()
            tagged = await asyncio.shield(running.ended)
        except asyncio.CancelledError:
            self.forget(running)
            raise
        if running.failure is not None:
            raise running.failure
        if not tagged.is_ok:
            raise failure.refused(self.where, running.command, tagged)
        return tagged

    async def pour(
        self, running: Running, source: AsyncIterable[bytes], told: Callable[[int], None]
    ) -> None:
        """Give the octets of a command's announced literal, as the server takes them.

        Returns when all were given, or when the server refused the command before. On any error the
        connection is ended: the server would take whatever else we say for the rest of the literal.

        Args:
            running: The command.
            source: The octets, as many as were announced.
            told: Told how many went out so far, after each piece.

        Raises:
            LocalProtocolError: The source holds more or less than was announced, or a NUL.
            NetError: The connection has ended, or the server takes nothing.
        """
        try:
            if await self._may_pour(running):
                await self._pour_out(running, source, told)
        except BaseException:
            self._end(None)
            raise
        finally:
            running.pours = False
            self._set_limit()

    async def _may_pour(self, running: Running) -> bool:
        while not running.ended.done():
            due = self.machine.literal_due
            if due is not None and due[0] == running.tag:
                return True
            await running.changed()
        return False

    async def _pour_out(
        self, running: Running, source: AsyncIterable[bytes], told: Callable[[int], None]
    ) -> None:
        done = 0
        async for piece in source:
            self.machine.send_literal(piece)
            self._flush_now()
            async with deadline(self._timeout_s, f"{self.where} does not take the message."):
                await self._drain_output()
            done += len(piece)
            told(done)
        due = self.machine.literal_due
        if due is not None and due[0] == running.tag:
            raise LocalProtocolError(f"the message ends {due[1]} octets early")

    def _wake_pouring(self) -> None:
        due = self.machine.literal_due
        running = self._running.get(due[0]) if due is not None else None
        if running is not None:
            running.wake()

    def forget(self, running: Running) -> None:
        """Give up waiting: a command that was not sent yet never is."""
        if running in self._waiting:
            self._waiting.remove(running)
        self._room.set()

    def flush(self) -> None:
        """Send what the machine has to say."""
        self._flush_now()

    @property
    def is_usable(self) -> bool:
        """Whether commands can still be asked."""
        return self._reading and self._error is None

    def _send_waiting(self, fresh: Running | None = None) -> bool:
        """Send commands in the order they were asked; return whether any went out."""
        sent = False
        while self._waiting and self.machine.may_send(self._waiting[0].command):
            running = self._waiting.popleft()
            try:
                running.tag = self.machine.send(running.command)
            except Exception as error:
                if running is fresh:
                    raise
                running.failure = error
                running.fail(failure.impossible(self.where, error))
                continue
            self._running[running.tag] = running
            sent = True
        if sent:
            self._choose_streaming()
            self._wake_pouring()
            self._set_limit()
        elif self._waiting:
            self._end_idling()
        return sent

    def _end_idling(self) -> None:
        """Let an IDLE end by itself when a command wants to be sent."""
        for running in self._running.values():
            self.end_idle(running)

    def end_idle(self, running: Running) -> None:
        """Say DONE for an IDLE; when it has not begun yet, as soon as it has."""
        if running.command.name != b"IDLE" or running.ended.done():
            return
        running.must_end = True
        if running.challenges and not running.said_done:
            running.said_done = True
            self.machine.send_done()
            self._flush_now()
            self._set_limit()

    def _set_limit(self) -> None:
        """Bear no endless silence while an answer is due; an IDLE may be as silent as it likes."""
        if self._limit is None:
            return
        due = [
            patience_s
            for one in self._running.values()
            if (patience_s := one.patience_s(self._timeout_s)) is not None
        ]
        loop = asyncio.get_running_loop()
        self._limit.reschedule(loop.time() + min(due) if due else None)

    async def _wait_for_room(self) -> None:
        """Stop reading while one FETCH has more than its reader takes, and nothing else waits."""
        while len(self._running) == 1 and not self._waiting:
            (running,) = self._running.values()
            if not running.is_full():
                return
            self._room.clear()
            await self._room.wait()

    def make_room(self) -> None:
        """Say that a reader has taken something."""
        self._room.set()

    # --- what is sent --------------------------------------------------------------------------

    def _flush_now(self) -> None:
        segments = self.machine.take_output()
        if not segments:
            return
        octets = record_output(self._recorder, "C", segments)
        if self._deflater is not None:
            octets = self._deflater.send(octets)
        self.stream.write(octets)

    async def _flush(self) -> None:
        self._flush_now()
        await self.stream.drain()

    async def _drain_output(self) -> None:
        if not self.stream.is_closed:
            await self.stream.drain()

    def _compress(self) -> None:
        self._deflater = Deflater()
        self._inflater = Inflater()
        self.remark("both directions are deflated from here on")
        self._behind = (self._inflater, self.machine.compression_started())

    def give_up(self, error: RemoteProtocolError) -> ProtocolViolationError:
        """End the connection to a server that broke the protocol; return the error to raise."""
        broken = failure.broken(self.where, error)
        self._end(broken)
        return broken

    # --- the end -------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Close at once, whatever is on its way."""
        self._end(None)  # before anything is waited for: who waits may be cancelled
        await self._scope.close()
        await self.stream.aclose()

    def _end(self, error: NetError | None) -> None:
        was_reading, self._reading = self._reading, False
        if self._error is None:
            self._error = error or self._closed()
        for running in [*self._running.values(), *self._waiting]:
            running.fail(self._error)
        self._running.clear()
        self._waiting.clear()
        self.stream.abort()
        if was_reading and self.ended is not None:
            self.ended(error)

    def _report(self, name: str, error: Exception) -> None:
        # Only a defect of ours arrives here: whoever waits must not wait for ever.
        self._end(NetError(f"{name} ended with an unexpected error: {error!r}", code="internal"))
        raise error

    def _closed(self) -> ClosedError:
        return failure.closed(self.where, self._bye)
