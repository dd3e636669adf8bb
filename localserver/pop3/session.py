"""One POP3 connection, from the greeting to the last octet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.net.deadline import deadline
from desktopmail.net.errors import ClosedError, TimedOutError
from desktopmail.net.transcript import record_output
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.limits import MAX_BAD_COMMANDS
from desktopmail.wire.pop3.apop import Apop, make_timestamp
from desktopmail.wire.pop3.auth import Auth, AuthList
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.command import Follows, Noop, Quit, Rset
from desktopmail.wire.pop3.events import Closed, Malformed, Received, Responded
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.lang import Lang
from desktopmail.wire.pop3.listing import List, Stat, Uidl
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.reply import AUTH, SYS_TEMP, Reply, error, ok
from desktopmail.wire.pop3.server import ServerConnection
from desktopmail.wire.pop3.state import State
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.pop3.utf8 import Utf8
from localserver.pace import Pace, Turn
from localserver.pop3 import capability, lang, login, maildrop
from localserver.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from desktopmail.net.stream import Stream
    from desktopmail.wire.pop3.events import ServerEvent
    from desktopmail.wire.pop3.table import AnyCommand
    from localserver.context import ServerContext
    from localserver.pop3.maildrop import MarkedMaildrop
    from localserver.users import User as Account

# RFC 1939 section 3: an autologout timer is at least ten minutes.
_LEAST_IDLE_S = 600.0
# What is unknown when its capability is switched off.
_EXTENSIONS: Final[dict[type, str]] = {
    Capa: "CAPA",
    Top: "TOP",
    Uidl: "UIDL",
    Lang: "LANG",
    Utf8: "UTF8",
    Auth: "SASL",
    AuthList: "SASL",
}
_WRONG = error("The name or the password is wrong.", AUTH)
_GOING_DOWN = b"-ERR [SYS/TEMP] The server is going down; nothing was deleted.\r\n"


async def serve_pop3(stream: Stream, context: ServerContext) -> None:
    """Serve one client until it quits, vanishes, is too slow or makes too many mistakes.

    Raises:
        NetError: The connection failed; nothing was deleted then.
    """
    session = Session(stream, context)
    try:
        await session.run()
    except asyncio.CancelledError:
        session.say_goodbye()
        raise
    finally:
        session.release()


class Session:
    """What one connection knows.

    Attributes:
        context: The server.
        faults: What shall go wrong here.
        stream: The connection, as the fault plan lets us see it.
        machine: The state of the dialogue.
        timestamp: The APOP timestamp of this connection, or None.
        user: Who is logged in, or None.
        maildrop: Whose messages, with the marks of this session; None before the login.
        failures: Logins that came to nothing.
    """

    def __init__(self, stream: Stream, context: ServerContext) -> None:
        self.context = context
        self.faults = context.faults.session("pop3", stream)
        self.stream = self.faults.stream
        self.machine = ServerConnection()
        self.timestamp: bytes | None = None
        self.user: Account | None = None
        self.maildrop: MarkedMaildrop | None = None
        self.failures = 0
        self._mistakes = 0
        self._turn = Turn()
        self._pace = Pace(asyncio.get_running_loop().time, context.config.earning_octets)
        self._recorder = context.transcript.session("pop3", stream.peer)

    # --- the loop ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Greet, and answer until the end."""
        if not await self._greet():
            return
        while True:
            event = await self._next_event()
            if await self._turn.next():
                await self.flush()  # who reads none of its replies makes no more of them
            match event:
                case Closed():
                    return
                case Malformed(text):
                    self._mistakes += 1
                    self.machine.send(error(text))
                    if self._mistakes > MAX_BAD_COMMANDS:
                        self._sent_away("too many bad commands")
                        await self._hang_up(b"-ERR [SYS/PERM] Too many mistakes; goodbye.\r\n")
                        return
                case Received(command):
                    await self._execute(command)
                    if command.follows is not Follows.NOTHING:
                        # A client may ask for all its messages in one segment: one at a time is
                        # held, and the next is not read before the client has taken this one.
                        await self.flush()
                case Responded():
                    self.machine.send(error("Nothing was asked."))

    async def _greet(self) -> bool:
        instead = await self.faults.greeting()
        greeting = Greeting(ok("POP3 ready."), None)
        if self.context.users.has_secrets and not self.faults.hides("APOP"):
            self.timestamp = self._make_timestamp()
            greeting = Greeting(greeting.reply, self.timestamp)
        self.machine.greet(greeting)
        if instead is None:
            await self.flush()
            return True
        self.machine.take_output()
        self._recorder.record("S", instead)
        await self.stream.send(instead)
        return instead.startswith(b"+OK")

    def _make_timestamp(self) -> bytes:
        ports = self.context.ports
        # Chance beside the time: never the same twice, even if the clock is set back.
        drawn = int.from_bytes(ports.entropy.token(8), "big")
        moment = int(ports.clock.now().timestamp() * 1_000_000)
        return make_timestamp(drawn, moment, self.context.config.domain)

    async def _execute(self, command: AnyCommand) -> None:
        instead = await self.faults.command(
            command.keyword.decode(),
            command.shown[len(command.keyword) :].strip().decode("utf-8", "replace"),
            user=None if self.user is None else self.user.name,
        )
        if instead is not None:
            self.machine.send_instead(instead)
            return
        if self.faults.hides(_EXTENSIONS.get(type(command), "")):
            self.machine.send(error("This command is not served here."))
            return
        match command:
            case Stls():
                await self._start_tls()
            case Quit():
                await self._quit()
            case Capa():
                self.machine.send_listing(
                    ok("Capability list follows."), capability.announced(self).encode()
                )
            case User() | Pass() | Apop() | Auth() | AuthList():
                await login.execute(self, command)
            case Lang():
                lang.execute(self, command)
            case Utf8():
                self.machine.send(ok("UTF-8 mode is on."))
            case Noop():
                self.machine.send(ok())
            case Stat() | List() | Uidl() | Retr() | Top() | Dele() | Rset():
                await maildrop.execute(self, command)
            case _:
                self.machine.send(error("This command is not served here."))

    # --- octets --------------------------------------------------------------------------------

    async def _next_event(self) -> ServerEvent:
        machine = self.machine
        while True:
            try:
                event = machine.next_event()
            except RemoteProtocolError as wrong:
                self._sent_away(str(wrong))
                await self._hang_up(b"-ERR [SYS/PERM] %b; goodbye.\r\n" % str(wrong).encode())
                raise ClosedError(
                    f"{self.stream.peer} broke the protocol: {wrong}.", code="protocol"
                ) from wrong
            if event is not None:
                self._pace.understood()
                self._record_client(event)
                if isinstance(event, Closed):
                    await self.flush()
                return event
            await self.flush()
            octets = await self._read()
            if octets:
                machine.receive(octets)
            else:
                machine.receive_eof()

    async def response(self) -> bytes | None:
        """Send the challenge that the machine holds, and return the client's response.

        Returns:
            The response; None when the client cancelled or sent what is no base64.

        Raises:
            ClosedError: The client hung up.
        """
        event = await self._next_event()
        if isinstance(event, Responded):
            return event.octets
        if isinstance(event, Closed):
            raise ClosedError(f"{self.stream.peer} hung up in AUTH.", code="closed")
        return None

    async def _read(self) -> bytes:
        limits = self.context.config.limits
        in_maildrop = self.machine.state is State.TRANSACTION
        timeout_s = max(limits.idle_s, _LEAST_IDLE_S) if in_maildrop else limits.command_s
        try:
            self._pace.waits()
            octets = await self.stream.read(self._pace.until(timeout_s))
        except TimeoutError as timeout:
            if self._pace.is_under_way:
                self._sent_away("it sent a command too slowly (command_s)")
            # RFC 1939 section 3: the session ends without the UPDATE state.
            await self._hang_up(b"-ERR [SYS/TEMP] You were silent for too long; goodbye.\r\n")
            raise TimedOutError(
                f"{self.stream.peer} was silent for too long.", code="timed-out"
            ) from timeout
        self._pace.heard(len(octets), limits.command_s)
        return octets

    async def flush(self) -> None:
        """Send what the machine holds, and wait until the client has taken enough of it."""
        output = record_output(self._recorder, "S", self.machine.take_output())
        if output:
            await self._send(output)

    async def send_pieces(self, pieces: Iterator[bytes]) -> None:
        """Send what the machine holds, and pieces behind it; others have turns between them."""
        await self.flush()
        for octets in pieces:
            self._recorder.record("S", octets)
            await self._send(octets)
            await asyncio.sleep(0)

    async def _send(self, output: bytes) -> None:
        try:
            async with deadline(
                self.context.config.limits.send_s, f"{self.stream.peer} does not read its answers."
            ):
                await self.stream.send(output)
        except TimedOutError:
            self._sent_away("it did not take its answers (send_s)")
            raise

    def _sent_away(self, reason: str) -> None:
        self.context.sent_away("POP3", self.stream.peer, self.user, reason)

    async def _hang_up(self, last: bytes) -> None:
        await self.flush()
        self.machine.close()
        self._recorder.record("S", last)
        await self.stream.send(last)

    def _record_client(self, event: ServerEvent) -> None:
        match event:
            case Received(command):
                self._recorder.record("C", command.shown)
            case Malformed(_, shown):
                self._recorder.record("C", shown)
            case Responded(octets):
                self._recorder.record("C", b"*\r\n" if octets is None else b"<response>\r\n")
            case Closed():
                self._recorder.record("*", b"closed by the client")

    # --- TLS and the end -----------------------------------------------------------------------

    @property
    def can_start_tls(self) -> bool:
        """Whether STLS is offered now."""
        return (
            self.context.tls is not None
            and self.stream.tls is None
            and not self.faults.hides("STLS")
            and not self.faults.hides("STARTTLS")
        )

    async def _start_tls(self) -> None:
        tls = self.context.tls
        if tls is None or not self.can_start_tls:
            active = self.stream.tls is not None
            self.machine.send(error("TLS is active already." if active else "TLS is not served."))
            return
        self.machine.send(ok("Begin TLS negotiation."))
        try:
            self.machine.starting_tls()
        except RemoteProtocolError as wrong:
            self._sent_away(str(wrong))
            # No answer: whoever put octets behind STLS learns nothing (RFC 2595, CVE-2011-0411).
            self.stream.abort()
            raise ClosedError(
                f"{self.stream.peer} sent octets in the clear behind STLS.", code="tls-injection"
            ) from wrong
        await self.flush()
        info = await self.stream.start_tls(tls)
        self.machine.tls_started()
        self._recorder.record("*", f"{info.version} {info.cipher}".encode())

    async def _quit(self) -> None:
        if self.maildrop is None:
            self.machine.send(ok("Goodbye."))
            return
        try:
            await self.maildrop.commit()
        except StoreError as refused:
            # RFC 1939 section 6: then no message was removed.
            self.context.log.warning("POP3 QUIT of %s: %s", self._name, refused)
            self.machine.send(error("Some deleted messages were not removed.", SYS_TEMP))
        else:
            self.machine.send(ok("Goodbye."))
        self.release()

    @property
    def _name(self) -> str:
        return self.user.name if self.user is not None else "nobody"

    async def open_maildrop(self, user: Account) -> Reply:
        """Lock a user's maildrop; the reply is that of the login."""
        try:
            locked = await self.context.store.lock_maildrop(user.name)
        except StoreError as refused:
            return maildrop.refusal(refused)
        self.user = user
        self.maildrop = maildrop.MarkedMaildrop(locked)
        count, octets = self.maildrop.count, self.maildrop.size
        return ok(f"{count} messages ({octets} octets).")

    async def login_failed(self, refusal: Reply = _WRONG) -> None:
        """Answer a login that came to nothing; after too many the session ends."""
        self.failures += 1
        self.machine.send(refusal)
        if self.failures >= self.context.config.limits.failures:
            self._sent_away("too many failed logins")
            await self._hang_up(b"-ERR [AUTH] Too many failed logins; goodbye.\r\n")

    def say_goodbye(self) -> None:
        """Tell a client that the server goes down; it takes it for the answer to its next command.

        Which is right: whatever that will be, it is not carried out.
        """
        if not self.stream.is_closed and not self.machine.is_answering:
            self._recorder.record("S", _GOING_DOWN)
            self.stream.write(_GOING_DOWN)

    def release(self) -> None:
        """Give the maildrop back; without QUIT nothing was deleted."""
        if self.maildrop is not None:
            self.maildrop.release()
