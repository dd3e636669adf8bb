"""One SMTP or submission session: octets in, events out of the machine, replies back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.net.deadline import deadline
from desktopmail.net.errors import ClosedError, TimedOutError
from desktopmail.net.transcript import record_output
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
from desktopmail.wire.smtp.command import parse_command
from desktopmail.wire.smtp.control import Data, Help, Noop, Quit, Rset, StartTls
from desktopmail.wire.smtp.events import BadCommand, ChunkEnd, Closed, MessageData, MessageEnd
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import Reply, reply
from desktopmail.wire.smtp.server import Phase, ServerConnection
from desktopmail.wire.smtp.vrfy import Expn, Vrfy
from localserver.pace import Pace, Turn
from localserver.smtp.auth import auth, cancel, response
from localserver.smtp.data import chunk, data, end, hold, take
from localserver.smtp.mail import mail, rcpt
from localserver.smtp.offer import extensions
from localserver.smtp.state import Session
from localserver.smtp.vrfy import expn, help_, vrfy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any, Final

    from desktopmail.net.stream import Stream
    from desktopmail.wire.smtp.server import Event
    from localserver.context import ServerContext

_MOST_MISTAKES: Final = 20
# So many commands that came together are answered in the loop's callback: an envelope of many
# recipients, but not all that a buffer holds.
_MOST_AT_ONCE: Final = 128
_REMEMBERED_OCTETS: Final = 256
# Where octets take their time to come; a command line is short.
_OF_A_MESSAGE: Final = (Phase.DATA, Phase.CHUNK)


async def serve_smtp(stream: Stream, context: ServerContext, *, submission: bool) -> None:
    """Serve one connection until it ends.

    Args:
        stream: The connection; TLS is on already on port 465.
        context: The server.
        submission: Port 587 or 465: authentication is required, and mail for elsewhere is taken.
    """
    name = "submission" if submission else "smtp"
    faults = context.faults.session(name, stream)
    session = Session(
        context,
        faults.stream,
        faults,
        context.transcript.session(name, stream.peer),
        ServerConnection(
            max_message_octets=context.config.max_message_octets,
            max_recipients=context.config.limits.recipients,
        ),
        submission,
    )
    session.wire.tls = stream.tls is not None
    session.wire.enhanced = session.offers("ENHANCEDSTATUSCODES")
    try:
        await _Pump(session).run()
    finally:
        session.forget_message()


def _rset(session: Session, _command: Rset) -> Reply:
    session.forget_message()
    return _FORGOTTEN


def _noop(_session: Session, _command: Noop) -> Reply:
    return _FINE


def _quit(session: Session, _command: Quit) -> Reply:
    session.ending = True
    return _GOODBYE


# What needs no waiting is answered where it arrives, in the loop's callback.
_AT_ONCE: Final[dict[type, Callable[[Session, Any], Reply]]] = {
    AuthCancel: cancel,
    Mail: mail,
    Rcpt: rcpt,
    Data: data,
    ChunkEnd: chunk,
    Rset: _rset,
    Noop: _noop,
    Quit: _quit,
    Vrfy: vrfy,
    Expn: expn,
    Help: help_,
}
_WAITING: Final[dict[type, Callable[[Session, Any], Awaitable[Reply]]]] = {
    Auth: auth,
    AuthResponse: response,
    MessageEnd: end,
}

_FORGOTTEN: Final = reply(250, "Forgotten", "2.0.0")
_FINE: Final = reply(250, "Fine", "2.0.0")
_GOODBYE: Final = reply(221, "Goodbye", "2.0.0")

# What they are in the transcript is remembered, for nothing in them is secret.
_PLAIN: Final = frozenset({Hello, Mail, Rcpt, Data, Rset, Noop, Quit, Vrfy, Expn, Help, StartTls})

# What the fault plan calls an event; commands go by their verb.
_FAULT_NAMES: Final[dict[type, str]] = {
    AuthResponse: "AUTH-RESPONSE",
    AuthCancel: "AUTH-RESPONSE",
    ChunkEnd: "BDAT",
    MessageEnd: "END-OF-DATA",
    StartTls: "STARTTLS",
}


class _Pause(Enum):
    """Why the loop's callback hands over to the task although there is no event for it."""

    CONGESTED = "the client does not take its replies"
    ENDING = "the connection is to be closed"
    OTHERS = "others have their turn"


class _Pump:
    """Moves octets and looks handlers up; holds no rule of SMTP.

    Most of a session runs in the loop's callback (`_attend`): waking a task for each of the four
    commands of a message costs as much as answering them. The task takes over for what waits: the
    end of a message, logins, TLS, large messages, and everything a fault plan may touch.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream = session.stream
        self._wire = session.wire
        self._loop = asyncio.get_running_loop()
        self._turn = Turn()
        self._pace = Pace(self._loop.time, session.context.config.earning_octets)

    async def run(self) -> None:
        """Greet, and go on until somebody ends it."""
        try:
            await self._converse()
        except asyncio.CancelledError:
            # The server stops: section 3.8 wants that said. What was not answered was not done.
            if not self._stream.is_closed:
                self._wire.send(reply(421, "The server is stopping", "4.3.2"))
                self._write()
            raise

    async def _converse(self) -> None:
        await self._greet()
        while not self._session.ending:
            event = await self._next_event()
            if isinstance(event, Closed):
                return
            if not isinstance(event, _Pause):
                await self._handle(event)
            if await self._turn.next():
                await self._flush()  # who reads none of its replies makes no more of them
        await self._flush()

    async def _greet(self) -> None:
        planned = await self._session.faults.greeting()
        if planned is not None:
            self._session.recorder.record("S", planned)
            self._stream.write(planned)
            return
        self._wire.open(reply(220, f"{self._session.context.config.domain} ESMTP"))
        await self._flush()

    async def _handle(self, event: Event) -> None:
        session = self._session
        if isinstance(event, MessageData):
            await take(session, event.octets)
            return
        await self._obey(event)
        # The chunks of a message have the time of one message, whatever is said between them.
        if session.spool is None:
            self._pace.understood()

    async def _obey(self, event: Event) -> None:
        session = self._session
        self._record(event)
        if not isinstance(event, BadCommand):
            planned = await self._planned(event)
            if planned is not None:
                await self._flush()
                session.recorder.record("S", planned)
                self._wire.send_planned(planned)
                return
        if isinstance(event, StartTls):
            await self._start_tls()
        elif not self._answer(event):
            self._wire.send(await _WAITING[type(event)](session, event))

    def _answer(self, event: Event) -> bool:
        """Answer what needs no waiting; returns False for the rest."""
        handler = _AT_ONCE.get(type(event))
        if handler is not None:
            self._wire.send(handler(self._session, event))
        elif isinstance(event, Hello):
            self._session.forget_message()
            self._wire.greet(extensions(self._session))
        elif isinstance(event, BadCommand):
            self._wire.send(self._mistake(event))
        else:
            return False
        return True

    def _mistake(self, event: BadCommand) -> Reply:
        self._session.mistakes += 1
        if self._session.mistakes >= _MOST_MISTAKES:
            self._session.ending = True
            self._session.sent_away("too many bad commands")
            return reply(421, "Too many mistakes", "4.7.0")
        self._session.ending = event.fatal
        return event.reply

    async def _planned(self, event: object) -> bytes | None:
        if self._session.context.faults.is_empty:
            return None
        user = self._session.user
        verb, argument = _verb(event)
        return await self._session.faults.command(verb, argument, user=user.name if user else None)

    async def _start_tls(self) -> None:
        session, tls = self._session, self._session.context.tls
        if tls is None or "STARTTLS" not in self._wire.offered:
            self._wire.send(reply(502, "Not offered here", "5.5.1"))
            return
        try:
            self._wire.starting_tls()
        except RemoteProtocolError as error:
            # Whoever injected it must not have it served inside TLS (CVE-2011-0411).
            session.sent_away(str(error))
            self._wire.send(reply(501, "Nothing may follow STARTTLS", "5.5.4"))
            session.ending = True
            await self._flush()
            raise ClosedError(f"{self._stream.peer}: {error}.") from error
        self._wire.send(reply(220, "Go ahead", "2.0.0"))
        self._write()
        # Who never shakes hands would have the connection for ever.
        async with self._patience(session.context.config.limits.command_s, "did not shake hands"):
            await self._stream.start_tls(tls)
        self._wire.tls_started()
        session.recorder.record("*", b"TLS begins\r\n")
        session.user, session.mechanism = None, None
        session.forget_message()

    # -- octets

    async def _next_event(self) -> Event | _Pause:
        event = self._wire.next_event()
        if event is not None:
            return event
        await self._flush()
        self._pace.waits()
        try:
            return await self._stream.attend(
                self._attend, lambda: self._pace.until(self._command_s)
            )
        except TimeoutError:
            return self._timed_out()

    def _attend(self, octets: bytes) -> Event | _Pause | None:
        """Take octets and answer what can be answered at once; returns what the task has to do."""
        wire, session = self._wire, self._session
        if octets:
            takes_message = wire.phase in _OF_A_MESSAGE
            self._pace.heard(len(octets) if takes_message else 0, self._command_s)
            wire.receive(octets)
        else:
            wire.receive_eof()
        answered = 0
        while (event := wire.next_event()) is not None:
            if isinstance(event, MessageData):
                if not hold(session, event.octets):
                    return event
            elif type(event) in _WAITING or not self._is_free:
                return event
            else:
                if isinstance(event, StartTls | Closed):
                    return event
                self._record(event)
                self._answer(event)
                self._pace.understood()
                if session.ending:
                    return _Pause.ENDING
                answered += 1
                if answered == _MOST_AT_ONCE:
                    self._write()
                    return _Pause.OTHERS
        self._write()
        return _Pause.CONGESTED if self._stream.is_congested else None

    @property
    def _is_free(self) -> bool:
        # A plan may delay anything. And what is said between the chunks of a message is seen by the
        # task, which knows when its time ends.
        return self._session.context.faults.is_empty and self._session.spool is None

    @property
    def _command_s(self) -> float:
        session = self._session
        limits = session.context.config.limits
        if session.submission and session.user is None:
            return min(limits.command_s, limits.login_s)
        return limits.command_s

    def _timed_out(self) -> Event:
        session = self._session
        if self._pace.is_under_way or self._wire.pending or session.spool is not None:
            session.sent_away("it sent a command or a message too slowly (command_s)")
        # The line that was half said stays unsaid (RFC 5321 section 4.5.3.2, section 3.8).
        self._wire.send(reply(421, "You took too long", "4.4.2"))
        self._write()
        self._session.ending = True
        return Closed(clean=False)

    def _write(self) -> None:
        segments = self._wire.take_output()
        if segments:
            self._stream.write(record_output(self._session.recorder, "S", segments))

    async def _flush(self) -> None:
        self._write()
        if not (self._stream.is_congested or self._stream.is_closed):
            return
        limit_s = self._session.context.config.limits.send_s
        async with self._patience(limit_s, "did not take its replies"):
            await self._stream.drain()

    @asynccontextmanager
    async def _patience(self, limit_s: float, what: str) -> AsyncIterator[None]:
        """Send the client away when the body takes longer."""
        try:
            async with deadline(limit_s, f"{self._stream.peer} {what}."):
                yield
        except TimedOutError:
            self._session.sent_away(f"it {what}")
            raise

    def _record(self, event: Event) -> None:
        recorder = self._session.recorder
        if type(event) in _PLAIN and len(self._wire.line) <= _REMEMBERED_OCTETS:
            recorder.record("C", _canonical(self._wire.line))
            return
        match event:
            case MessageEnd():
                recorder.record("*", f"the message, {event.size} octets\r\n".encode())
            case AuthResponse():
                recorder.record("C", b"<response>\r\n")
            case AuthCancel():
                recorder.record("C", b"*\r\n")
            case Auth() if event.initial is not None:
                recorder.record("C", f"{event.encode()} <initial response>\r\n".encode())
            case BadCommand():
                recorder.record("C", (event.line or b"<not shown>") + b"\r\n")
            case ChunkEnd() | MessageData() | Closed():
                pass
            case _:
                recorder.record("C", event.encode().encode() + b"\r\n")


@lru_cache(maxsize=1024)
def _canonical(line: bytes) -> bytes:
    """Return a command line in the case and with the spaces of the grammar."""
    return parse_command(line[:-2]).encode().encode() + b"\r\n"


def _verb(event: object) -> tuple[str, str]:
    name = _FAULT_NAMES.get(type(event))
    if name is not None:
        return name, ""
    encode: Callable[[], str] | None = getattr(event, "encode", None)
    verb, _, argument = (encode() if encode is not None else "").partition(" ")
    return verb, argument
