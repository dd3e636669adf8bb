"""One IMAP session: reads commands, hands each to its handler, tells what happened meanwhile."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Final

from desktopmail.net.deadline import deadline
from desktopmail.net.errors import ClosedError, NetError, TimedOutError
from desktopmail.net.transcript import record_output
from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.cutter import LiteralEnds, LiteralPiece
from desktopmail.wire.imap.expunge import ExpungeResponse, VanishedResponse
from desktopmail.wire.imap.select import ExistsResponse, RecentResponse
from desktopmail.wire.imap.sequence import Seq, Uid, UidSet
from desktopmail.wire.imap.server import (
    BadCommand,
    Closed,
    CommandReceived,
    LiteralBegins,
    ServerConnection,
)
from localserver.imap import capability, handlers, refusal
from localserver.imap.append import STREAM_OVER_OCTETS, Incoming, take_in
from localserver.imap.description import matched, shown
from localserver.imap.flags import flag_lines, tell_known
from localserver.pace import MOST_AT_ONCE, Pace, Turn
from localserver.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.net.stream import Stream
    from desktopmail.wire.imap.codes import ResponseCode
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.compress import Deflater, Inflater
    from desktopmail.wire.imap.condition import Continue
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.server import Event
    from localserver.context import ServerContext
    from localserver.imap.view import View
    from localserver.store.account import Account
    from localserver.users import User

# Answers are gathered up to this size before they are written.
FLUSH_OCTETS: Final = 256 * 1024


class _Look(Enum):
    """Why the loop's callback wakes the task although it has no event for it."""

    AGAIN = "it has to wait, to end, or to look at its deadline"


async def serve_imap(stream: Stream, context: ServerContext) -> None:
    """Serve one client from the greeting to the end."""
    session = ImapSession(stream, context)
    try:
        await session.run()
    except (ClosedError, TimedOutError) as error:
        session.recorder.record("*", str(error).encode())
    except RemoteProtocolError as error:
        session.recorder.record("*", str(error).encode())
        session.sent_away(str(error))
    except asyncio.CancelledError:
        session.say_goodbye("The server is going down.")
        raise
    finally:
        session.leave_mailbox()
        session.forget_incoming()


class ImapSession:
    """What one session knows.

    Attributes:
        context: The server.
        stream: The connection.
        connection: The machine.
        faults: What goes wrong here.
        user: Who logged in, or None.
        view: The selected mailbox, or None.
        enabled: What the client enabled, in upper case.
        condstore: The client wants mod-sequences told (RFC 7162 section 3.1).
        failures: Logins that failed.
        idling: News are told as they come.
        incoming: Messages of an APPEND that came in pieces, in their order.
        deflater: Packs what is sent, after COMPRESS.
        inflater: Unpacks what comes, after COMPRESS.
    """

    def __init__(self, stream: Stream, context: ServerContext) -> None:
        self.context = context
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(self._loop.time, context.config.earning_octets)
        self._turn = Turn()
        self.faults = context.faults.session("imap", stream)
        self.stream = self.faults.stream
        self.recorder = context.transcript.session("imap", stream.peer)
        self.user: User | None = None
        self._account: Account | None = None
        self.view: View | None = None
        self.enabled: set[str] = set()
        self.condstore = False
        self.failures = 0
        self.idling = False
        self._push_is_due = False
        self.deflater: Deflater | None = None
        self.inflater: Inflater | None = None
        self._packed: Iterator[bytes] = iter(())  # what came compressed and was not unpacked yet
        self._ended = False
        self._gathered = 0
        self.incoming: list[Incoming] = []
        self.connection = ServerConnection(
            append_limit=context.config.max_message_octets,
            stream_over_octets=STREAM_OVER_OCTETS,
            literal_plus=not self.faults.hides("LITERAL+"),
            tls=self.stream.tls is not None,
        )

    # ---- the loop

    async def run(self) -> None:
        """Greet, and serve commands until the end."""
        reply = await self.faults.greeting()
        code = capability.code(self)
        self.send(Answer(Condition.OK, code, "localserver is ready."))
        if reply is not None:
            self.connection.take_output()
            await self.send_raw(reply)
        while not self._ended:
            event = await self.next_event()
            if isinstance(event, LiteralBegins | LiteralPiece | LiteralEnds):
                await take_in(self, event)
                continue
            if isinstance(event, BadCommand):
                self.recorder.record("C", f"{event.tag} (not understood)\r\n".encode())
                self.send(event.refusal)
            elif isinstance(event, CommandReceived):
                line = event.line or shown(event.tag, event.command, utf8=self.connection.utf8)
                self.recorder.record("C", line)
                await self._serve(event.tag, event.command, line)
            else:
                return
            self.forget_incoming()
            await self._turn.next()
        await self.flush()

    async def _serve(self, tag: Tag, command: Command, line: bytes) -> None:
        """Execute one command, which the transcript shows as `line`, and answer it."""
        if not self.context.faults.is_empty:
            name = self.user.name if self.user is not None else None
            verb, argument = matched(line)
            reply = await self.faults.command(verb, argument, user=name, tag=tag)
            if reply is not None:
                self.connection.answered(tag)
                await self.send_raw(reply)
                return
        try:
            await handlers.handle(self, tag, command)
        except StoreError as error:
            code, text = refusal.of(error)
            self.finish(tag, Condition.NO, text, code)

    async def next_event(self) -> Event | None:
        """Wait for what the client says next; None when the session is over.

        Raises:
            ClosedError: The connection was cut.
            TimedOutError: The client said nothing for too long.
        """
        limits = self.context.config.limits
        wait_s = limits.command_s if self.user is None else limits.idle_s
        self._pace.waits()
        while True:
            event = await self._understood()
            if event is not None or self._ended:
                if not isinstance(event, LiteralBegins | LiteralPiece | LiteralEnds):
                    self._pace.understood()
                return event
            if await self._unpacked():
                continue
            try:
                found: Event | _Look = await self.stream.attend(
                    self._attend, lambda: self._pace.until(wait_s)
                )
            except TimeoutError as timeout:
                if self._pace.is_under_way:
                    self.sent_away("it sent a command too slowly (command_s)")
                self.say_goodbye("You were silent for too long.")
                raise TimedOutError(
                    "The client was silent for too long.", code="timed-out"
                ) from timeout
            if not isinstance(found, _Look):
                return found

    def _attend(self, octets: bytes) -> Event | _Look | None:
        """Take octets and answer what can be answered at once; returns what the task has to do.

        Waking the task for a FETCH of one message costs a third of its answer.
        """
        self._pace.heard(len(octets), self.context.config.limits.command_s)
        self.receive(octets)
        if not octets or self.inflater is not None:
            return _Look.AGAIN  # what is packed is unpacked in steps
        if not self.context.faults.is_empty or self.faults.hides_any:
            return _Look.AGAIN  # a plan may delay anything, or take a command away
        for _ in range(MOST_AT_ONCE):
            event = self._next()
            if event is None:
                break
            if not isinstance(event, CommandReceived) or not self._answered(event):
                if not isinstance(event, LiteralBegins | LiteralPiece | LiteralEnds):
                    self._pace.understood()
                self.write()
                return event
            self._pace.understood()
            self.write()
            if self._ended or self.stream.is_congested:
                return _Look.AGAIN
        else:
            return _Look.AGAIN
        self.write()
        # For the rest of a command there is less time than for the next one.
        return _Look.AGAIN if self._ended or self._pace.is_under_way else None

    def _answered(self, event: CommandReceived) -> bool:
        """Answer a command at once; returns False, with nothing done, when that takes the task."""
        handler = handlers.AT_ONCE.get(type(event.command))
        if handler is None or not event.line:
            return False
        try:
            if not handler(self, event.tag, event.command):
                return False
        except StoreError as error:
            code, text = refusal.of(error)
            self.finish(event.tag, Condition.NO, text, code)
        self.recorder.record("C", event.line)
        return True

    def receive(self, octets: bytes) -> None:
        """Give octets of the client to the machine; none at all are the end."""
        if not octets:
            self.connection.receive_eof()
        elif self.inflater is None:
            self.connection.receive(octets)
        else:
            self._packed = self.inflater.receive(octets)

    async def _unpacked(self) -> bool:
        """Unpack one step of what came compressed; return whether there was one.

        The machine takes each step before the next is made, so that a bomb meets its limits, and
        other sessions have their turn in between.
        """
        piece = next(self._packed, None)
        if piece is None:
            return False
        self.connection.receive(piece)
        await asyncio.sleep(0)
        return True

    async def _understood(self) -> Event | None:
        event = self._next()
        await self.flush()
        return event

    def _next(self) -> Event | None:
        try:
            event = self.connection.next_event()
        except RemoteProtocolError as error:
            self.recorder.record("*", str(error).encode("ascii", "replace"))
            self.sent_away(str(error))
            self._ended = True  # the BYE is in the output
            return None
        if isinstance(event, Closed):
            self._ended = True
            return None
        if event is None and self.connection.is_over and not self._ended:
            self.sent_away("too many bad commands")  # the machine said BYE
            self._ended = True
        return event

    # ---- answers

    def send(self, response: UntaggedResponse | Tagged | Continue) -> None:
        """Queue a response."""
        self.connection.send(response)

    def send_encoded(self, octets: bytes) -> None:
        """Queue untagged response lines that are encoded already."""
        self.connection.send_encoded(octets)

    async def gather(self, octets: bytes) -> None:
        """Queue encoded untagged response lines, and write when enough are gathered."""
        self.connection.send_encoded(octets)
        self._gathered += len(octets)
        if self._gathered >= FLUSH_OCTETS:
            await self.flush()

    async def send_pieces(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write what is queued, and a large untagged response behind it, which is not put together.

        Raises:
            TimedOutError: The client takes nothing for too long.
        """
        await self.flush()
        for octets in pieces:
            self.recorder.record("S", octets)
            if self.deflater is None:
                await self._send(octets)
                continue
            for begin in range(0, len(octets), FLUSH_OCTETS):
                await self._send(self.deflater.send(bytes(octets[begin : begin + FLUSH_OCTETS])))
                await asyncio.sleep(0)  # others have their turn

    def answer(
        self, tag: Tag, condition: Condition, text: str, code: ResponseCode | None = None
    ) -> None:
        """Queue the tagged answer of a command."""
        if not self._ended:
            self.connection.send(Tagged(tag, condition, code, text))

    def finish(
        self,
        tag: Tag,
        condition: Condition,
        text: str,
        code: ResponseCode | None = None,
        *,
        expunges: bool = True,
    ) -> None:
        """Tell what happened in the selected mailbox, then answer the command.

        Args:
            tag: Of the command.
            condition: How it ended.
            text: For people.
            code: For programs.
            expunges: EXPUNGE may be told: not in the answer to FETCH, STORE or SEARCH.
        """
        self.tell_news(expunges=expunges)
        self.answer(tag, condition, text, code)

    def tell_news(self, *, expunges: bool) -> None:
        """Queue EXPUNGE, EXISTS, RECENT and FETCH for what other sessions did."""
        view = self.view
        if view is None:
            return
        if view.is_stale:
            self.say_goodbye("The mailbox was replaced; open it again.")
            return
        self.tell_keywords(view)
        if not view.has_news(expunges=expunges):
            return
        news = view.news(expunges=expunges)
        if news.expunged and "QRESYNC" in self.enabled:
            self.send(VanishedResponse(UidSet.of([Uid(uid) for _, uid in news.expunged])))
        elif news.expunged:
            for seq, _ in news.expunged:
                self.send(ExpungeResponse(Seq(seq)))
        if news.exists is not None:
            self.send(ExistsResponse(news.exists))
        if news.recent is not None and "IMAP4REV2" not in self.enabled:
            self.send(RecentResponse(news.recent))
        if news.changed:
            self.tell_room(view)
            self.send_encoded(flag_lines(self, view, news.changed))

    def tell_keywords(self, view: View) -> None:
        """Queue FLAGS and PERMANENTFLAGS when keywords were made or forgotten meanwhile.

        Called before flags of messages are told: no client shall read of one it does not know.
        """
        if view.keywords_told != self.account.flags.revision:
            tell_known(self, view)

    def tell_room(self, view: View) -> None:
        r"""Queue them also when the flags of messages took the last room there was for a keyword.

        Then `\*` has to go (RFC 9051 section 7.1, PERMANENTFLAGS): a keyword that no message had
        gives its place to a new one, until a message has it again.
        """
        if view.room_told and not self.account.has_room_for_keywords:
            tell_known(self, view)

    def say_goodbye(self, text: str) -> None:
        """Say BYE, when the connection is still there; the session ends."""
        if self._ended or self.stream.is_closed:
            self._ended = True
            return
        self._ended = True
        try:
            self.connection.send(Answer(Condition.BYE, None, text))
            self.write()
        except NetError:
            self.context.log.debug("%s was gone before the goodbye", self.stream.peer)

    def sent_away(self, reason: str) -> None:
        """Log that the client is sent away for what it did (`ServerContext.sent_away`)."""
        self.context.sent_away("IMAP", self.stream.peer, self.user, reason)

    def end(self) -> None:
        """End the session after what is queued was written."""
        self._ended = True

    def _take(self) -> bytes:
        self._gathered = 0
        octets = record_output(self.recorder, "S", self.connection.take_output())
        if octets and self.deflater is not None:
            return self.deflater.send(octets)
        return octets

    def write(self) -> None:
        """Write what is queued, without waiting."""
        octets = self._take()
        if octets:
            self.stream.write(octets)

    async def flush(self) -> None:
        """Write what is queued, and wait until the client takes it.

        Raises:
            TimedOutError: The client takes nothing for too long.
        """
        octets = self._take()
        if octets or self.stream.is_congested:
            await self._send(octets)

    async def send_raw(self, octets: bytes) -> None:
        """Write octets past the machine, and wait until the client takes them."""
        self.recorder.record("S", octets)
        await self._send(octets if self.deflater is None else self.deflater.send(octets))

    async def _send(self, octets: bytes | memoryview) -> None:
        if len(octets) <= FLUSH_OCTETS:
            if octets:
                self.stream.write(octets)
            if not self.stream.is_congested:
                return
            octets = b""
        limit_s = self.context.config.limits.send_s
        try:
            async with deadline(limit_s, "The client does not take its answers."):
                await self.stream.send(octets)
                await self.stream.drain()
        except TimedOutError:
            self.sent_away("it did not take its answers (send_s)")
            self.stream.abort()
            raise

    # ---- state

    @property
    def account(self) -> Account:
        """The mail of who logged in; the machine lets no command through before."""
        if self._account is None:
            raise StoreError("Log in first.")
        return self._account

    @property
    def selected(self) -> View:
        """The selected mailbox; the machine lets no command through without one.

        Raises:
            StoreError: Its UIDs mean other messages now: no command may touch them.
        """
        if self.view is None:
            raise StoreError("Select a mailbox first.")
        if self.view.is_stale:
            raise StoreError("The mailbox was replaced; open it again.")
        return self.view

    async def log_in(self, user: User) -> None:
        """Take the user in."""
        self._account = await self.context.store.account(user.name)
        self.user = user

    def wake(self) -> None:
        """Called by the store after each change of the selected mailbox.

        A client that does not take what it was told is not told more: it would fill the memory.
        What it misses stays in the view, and is told later.
        """
        if self.idling and not self._push_is_due and not self.stream.is_congested:
            self._push_is_due = True
            self._loop.call_soon(self._push)

    def _push(self) -> None:
        self._push_is_due = False
        if self.idling and not self.stream.is_closed:
            self.tell_news(expunges=True)
            self.write()

    def forget_incoming(self) -> None:
        """Throw away what came in pieces for a command that is over."""
        for message in self.incoming:
            message.spool.discard()
        self.incoming.clear()

    def leave_mailbox(self) -> None:
        """Close the selected mailbox, if there is one."""
        if self.view is not None:
            self.view.close()
            self.view = None
