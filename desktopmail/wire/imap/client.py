"""The client's side of an IMAP connection: commands go in, events come out; it does no I/O."""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap import limits, state
from desktopmail.wire.imap.announced import announced
from desktopmail.wire.imap.authenticate import CANCEL
from desktopmail.wire.imap.capability import IN_REV2, CapabilityResponse
from desktopmail.wire.imap.client_events import (
    Closed,
    ContinuationRequested,
    Event,
    Greeting,
    LiteralBegins,
    Malformed,
    Untagged,
)
from desktopmail.wire.imap.codes import CapabilityCode, of_uids
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged, decode_base64
from desktopmail.wire.imap.cutter import Cutter, LiteralEnds, LiteralHeader, LiteralPiece, Unit
from desktopmail.wire.imap.enable import UTF8_SWITCHES, Enable, EnabledResponse
from desktopmail.wire.imap.fetch_response import (
    MAX_QUICK_OCTETS,
    QUICK,
    QUICK_CONTENT,
    QUICK_END,
    quick_content,
    quick_fetch,
)
from desktopmail.wire.imap.fetch_rows import ROWS, FetchRows
from desktopmail.wire.imap.idle import DONE
from desktopmail.wire.imap.pipelining import may_follow
from desktopmail.wire.imap.response import (
    ContinuationRequest,
    UntaggedResponse,
    decode_response,
)
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.writer import ANY_SIZE, LITERAL_MINUS_OCTETS, Writer
from desktopmail.wire.output import Output, Pending, Segment

if TYPE_CHECKING:
    from desktopmail.wire.imap.command import Command


_SHOWN_OCTETS: Final = 200


class ClientConnection:
    """Speaks to one server.

    Args:
        stream_over_octets: Literals of FETCH answers that are larger are handed on in pieces;
            None keeps them all in memory.
        tls: The connection is inside TLS from its first octet.

    Attributes:
        cuts_rows: Answers to FETCH with an ENVELOPE are handed on unread (`FetchRows`), where they
            hold no literals.
    """

    def __init__(self, *, stream_over_octets: int | None = None, tls: bool = False) -> None:
        self.stream_over_octets = stream_over_octets
        self.state = State.GREETING
        self.tls = tls
        self.capabilities: frozenset[str] | None = None
        self.enabled: frozenset[str] = frozenset()
        self.cuts_rows = False
        self._cutter = Cutter(limits.CLIENT_BEFORE_LOGIN)
        self._output = Output()
        self._queue: deque[tuple[Tag, Segment | None]] = deque()
        self._left: int | None = None  # of the announced literal at the head of the queue
        self._commands: dict[Tag, Command] = {}
        self._count = 0
        self._eof = False
        self._closed = False
        self._said_bye = False
        self._malformed = 0
        self._told_early = 0
        self._literal = False
        self._capabilities_are_new = False

    # ---- what goes in and out

    def receive(self, octets: bytes) -> None:
        """Take what the server sent."""
        if octets:
            self._cutter.receive(octets)

    def receive_eof(self) -> None:
        """Take note that the server will send nothing more."""
        self._eof = True

    def take_output(self) -> list[Segment]:
        """Return what is to be sent now, secrets marked."""
        return self._output.take()

    @property
    def has_output(self) -> bool:
        """Whether something is to be sent."""
        return bool(self._output)

    @property
    def utf8(self) -> bool:
        """Whether names and quoted strings are UTF-8."""
        return bool(self.enabled & UTF8_SWITCHES)

    @property
    def in_flight(self) -> dict[Tag, Command]:
        """Commands that are not answered yet, in the order they were sent in."""
        return self._commands

    def offers(self, name: str) -> bool:
        """Whether the server says that it can do something; IMAP4rev2 says a lot at once."""
        offered = self.capabilities or frozenset()
        return name.upper() in offered or ("IMAP4REV2" in offered and name.upper() in IN_REV2)

    # ---- commands

    def may_send(self, command: Command) -> bool:
        """Whether a command can be sent behind those in flight (RFC 9051 section 5.5).

        False means not yet; that it is wrong in this state is for `send` to say.
        """
        return may_follow(command, self._commands.values())

    def send(self, command: Command) -> Tag:
        """Send a command.

        Returns:
            The tag that its answer will bear.

        Raises:
            LocalProtocolError: It is not allowed in this state, or cannot be written; nothing
                is sent then.
        """
        self._refuse_wrong(command)
        self._count += 1
        tag = Tag(f"A{self._count}")
        writer = Writer(
            utf8=self.utf8,
            non_sync_octets=self._non_sync_octets,
            binary=self.offers("BINARY") or self.utf8,
        )
        writer.raw(tag.encode("ascii") + b" ")
        command.encode(writer)
        pieces = writer.finish()
        self._commands[tag] = command
        if command.name in {b"LOGIN", b"AUTHENTICATE"}:
            self._capabilities_are_new = False
        self._queue.extend((tag, piece) for piece in pieces)
        self._flush()
        return tag

    @property
    def literal_due(self) -> tuple[Tag, int] | None:
        """Whose announced literal is to be given now, and how many octets of it are left."""
        if self._left is None:
            return None
        return self._queue[0][0], self._left

    def send_literal(self, octets: bytes) -> None:
        """Give some octets of the literal that is due; the rest of its command follows them.

        Raises:
            LocalProtocolError: None is due, they are more than were announced, or a NUL is among
                them. Nothing of them is sent then, and the server waits on.
        """
        if self._left is None or len(octets) > self._left:
            raise LocalProtocolError(f"{len(octets)} octets where {self._left or 0} are due")
        if b"\0" in octets:
            raise LocalProtocolError("a message that is streamed may hold no NUL")
        if octets:
            self._output.write_secret(octets, f"<{len(octets)} octets of a message>\r\n")
        self._left -= len(octets)
        if not self._left:
            self._left = None
            self._queue.popleft()
            self._flush()

    def send_response(self, response: bytes, *, mask: str = "<credentials>") -> None:
        """Go on with an AUTHENTICATE.

        Args:
            response: Of the SASL mechanism, not encoded.
            mask: What transcripts show in its place.

        Raises:
            LocalProtocolError: No AUTHENTICATE waits for one.
        """
        self._refuse_unless(b"AUTHENTICATE")
        self._output.write_secret(b64encode(response), mask)
        self._output.write(b"\r\n")

    def cancel_authentication(self) -> None:
        """Give an AUTHENTICATE up; the server answers BAD.

        Raises:
            LocalProtocolError: There is none.
        """
        self._refuse_unless(b"AUTHENTICATE")
        self._output.write(CANCEL + b"\r\n")

    def send_done(self) -> None:
        """End an IDLE; its tagged answer follows.

        Raises:
            LocalProtocolError: There is none.
        """
        self._refuse_unless(b"IDLE")
        self._output.write(DONE + b"\r\n")

    def starting_tls(self) -> None:
        """Say that the handshake begins now: STARTTLS was answered with OK.

        Raises:
            RemoteProtocolError: The server, or somebody in between, sent more behind that answer.
        """
        if self._cutter.buffered:
            raise RemoteProtocolError("octets came in the clear behind the answer to STARTTLS")

    def tls_started(self) -> None:
        """Say that the handshake has succeeded: what was told before it is forgotten."""
        self.tls = True
        self.capabilities = None
        self._capabilities_are_new = False
        self.enabled = frozenset()

    def compression_started(self) -> bytes:
        """Say that COMPRESS was answered with OK: from here on the octets mean something else.

        Returns:
            What came behind that answer: the beginning of the compressed stream.
        """
        return self._cutter.rest()

    def _refuse_wrong(self, command: Command) -> None:
        name = command.name
        if self._said_bye or self._closed or self.state is State.LOGOUT:
            raise LocalProtocolError("the connection has ended")
        if self.state not in state.COMMANDS.get(name, frozenset()) and not (
            self._expects_selected() and State.SELECTED in state.COMMANDS.get(name, frozenset())
        ):
            text = name.decode("ascii")
            raise LocalProtocolError(f"{text} cannot be sent while {self.state.value}")
        if not self.may_send(command):
            raise LocalProtocolError("the command has to wait for those before it")
        offered = self.capabilities
        if name == b"STARTTLS" and self.tls:
            raise LocalProtocolError("the connection is inside TLS already")
        if name == b"LOGIN" and offered is not None and "LOGINDISABLED" in offered:
            raise LocalProtocolError("the server does not allow LOGIN here (LOGINDISABLED)")
        has_initial = getattr(command, "initial", None) is not None
        if name == b"AUTHENTICATE" and has_initial and not self.offers("SASL-IR"):
            raise LocalProtocolError("this server takes no initial response (no SASL-IR)")

    def _expects_selected(self) -> bool:
        """Whether a SELECT is on its way, behind which a FETCH may follow at once."""
        return any(sent.name == b"SELECT" for sent in self._commands.values())

    def _refuse_unless(self, name: bytes) -> None:
        if not any(sent.name == name for sent in self._commands.values()):
            raise LocalProtocolError(f"no {name.decode('ascii')} is in progress")

    @property
    def _non_sync_octets(self) -> int:
        if self.offers("LITERAL+"):
            return ANY_SIZE
        return LITERAL_MINUS_OCTETS if self.offers("LITERAL-") else 0

    def _flush(self) -> None:
        while self._queue and (segment := self._queue[0][1]) is not None:
            if isinstance(segment, Pending) and segment.size:
                self._left = segment.size if self._left is None else self._left
                return
            self._queue.popleft()
            if segment.mask is None:
                self._output.write(segment.octets)
            else:
                self._output.write_secret(segment.octets, segment.mask)

    # ---- answers

    def next_event(self) -> Event | None:
        """Return what the server said next, or None when more octets are needed.

        Raises:
            RemoteProtocolError: It broke the protocol, and the connection is beyond repair.
        """
        if self.state is State.SELECTED or (
            self._commands and self.state is State.AUTHENTICATED  # a SELECT is on its way
        ):
            quick = self._cutter.take(QUICK)
            if quick is not None:
                return Untagged(quick_fetch(quick))
            streamed_over = self.stream_over_octets
            content = self._cutter.take_literal(
                QUICK_CONTENT,
                QUICK_END,
                MAX_QUICK_OCTETS if streamed_over is None else streamed_over,
            )
            if content is not None:
                answer = quick_content(*content)
                if answer is not None:
                    return Untagged(answer)
                before, octets = content
                return self._understand(Unit(before[0] + octets + QUICK_END[:1]))
            if self.cuts_rows:
                rows = self._cutter.take(ROWS)
                if rows is not None:
                    return FetchRows(rows[0], self.utf8)
        while True:
            if self._literal and self._cutter.streaming == 0:
                self._literal = False
                return LiteralEnds()
            found = self._cutter.next()
            if found is None:
                return self._at_end()
            if isinstance(found, bytes):
                return LiteralPiece(found)
            if isinstance(found, Unit):
                event = self._understand(found)
                if event is not None:
                    return event
                continue
            begins = self._decide(found)
            if begins is not None:
                return begins

    def _at_end(self) -> Event | None:
        if not self._eof or self._closed:
            return None
        self._closed = True
        expected = self._said_bye or self.state is State.LOGOUT
        if self._cutter.is_inside and not expected:
            raise RemoteProtocolError("the connection ended in the middle of a response")
        self.state = State.LOGOUT
        return Closed(expected)

    def _decide(self, header: LiteralHeader) -> LiteralBegins | None:
        bounds = self._cutter.limits
        if header.index >= bounds.max_literals:
            raise RemoteProtocolError("too many literals in one response", limit="max_literals")
        threshold = self.stream_over_octets
        if threshold is not None and header.size > threshold and self.state is not State.GREETING:
            which = announced(self._cutter.begun, self._cutter.announcing)
            if which is not None:
                self._cutter.stream()
                self._literal = True
                return LiteralBegins(which, header.size)
        self._cutter.keep()
        return None

    def _understand(self, unit: Unit) -> Event | None:
        if self.state is State.GREETING:
            return self._greet(unit)
        try:
            value = decode_response(unit, utf8=self.utf8)
        except RemoteProtocolError as error:
            if not unit.octets.startswith(b"* "):
                raise
            return self._bear(unit.octets, str(error))
        if isinstance(value, Tagged):
            return self._settle(value)
        if isinstance(value, ContinuationRequest):
            return self._continue(value)
        return self._note(value, unit)

    def _bear(self, octets: bytes, reason: str) -> Malformed:
        self._malformed += 1
        if self._malformed > limits.MAX_MALFORMED_RESPONSES:
            raise RemoteProtocolError(
                "too many responses that cannot be read", limit="MAX_MALFORMED_RESPONSES"
            )
        return Malformed(octets[:_SHOWN_OCTETS], reason)

    def _greet(self, unit: Unit) -> Greeting:
        value = decode_response(unit)
        if not isinstance(value, Answer) or value.condition not in state.GREETINGS:
            raise RemoteProtocolError(f"this is no greeting of IMAP: {unit.octets[:40]!r}")
        self._move_to(state.GREETINGS[value.condition])
        self._said_bye = value.condition is Condition.BYE
        self._learn_code(value)
        return Greeting(value)

    def _note(self, value: UntaggedResponse, unit: Unit) -> Event:
        if self.state is State.NOT_AUTHENTICATED:
            self._told_early += 1
            if self._told_early > limits.MAX_RESPONSES_BEFORE_LOGIN:
                raise RemoteProtocolError(
                    "too many responses before login", limit="MAX_RESPONSES_BEFORE_LOGIN"
                )
        if isinstance(value, Answer):
            if value.condition is Condition.PREAUTH:
                return self._bear(unit.octets, "PREAUTH is for greetings only")
            if value.condition is Condition.BYE:
                self._said_bye = True
            self._learn_code(value)
        elif isinstance(value, CapabilityResponse):
            self._learn(value.names)
        elif isinstance(value, EnabledResponse):
            return self._note_enabled(value, unit)
        return Untagged(value)

    def _note_enabled(self, value: EnabledResponse, unit: Unit) -> Event:
        asked = [sent for sent in self._commands.values() if isinstance(sent, Enable)]
        if not asked:
            return self._bear(unit.octets, "ENABLED was not asked for")
        # What was not asked for stays off, whatever the server says: it changes how names are read.
        self.enabled |= value.names & frozenset(name.upper() for name in asked[0].names)
        return Untagged(value)

    def _learn_code(self, value: Answer | Tagged) -> None:
        if isinstance(value.code, CapabilityCode):
            self._learn(value.code.names)

    def _learn(self, names: frozenset[str]) -> None:
        self.capabilities = names
        self._capabilities_are_new = True

    def _continue(self, value: ContinuationRequest) -> Event | None:
        if self._queue and self._queue[0][1] is None:
            # The head of the queue is the literal that waits for leave.
            self._queue.popleft()
            self._flush()
            return None
        for tag, sent in self._commands.items():
            if sent.name == b"AUTHENTICATE":
                return ContinuationRequested(tag, decode_base64(value.octets.strip()))
            if sent.name == b"IDLE":
                return ContinuationRequested(tag, None)
        return self._bear(b"+ " + value.octets, "nothing waits for a continuation")

    def _settle(self, value: Tagged) -> Tagged:
        sent = self._commands.pop(value.tag, None)
        if sent is None:
            raise RemoteProtocolError(f"{value.tag} is not the tag of a command in flight")
        if self._queue and self._queue[0][0] == value.tag:
            if value.is_ok:
                raise RemoteProtocolError("a command was answered before it was sent")
            # Refused at the literal: the rest of it must not be sent. But once the server expects
            # the octets of a literal, it takes what follows for them, whatever it has answered.
            while self._left is None and self._queue and self._queue[0][0] == value.tag:
                self._queue.popleft()
            self._flush()
        self._move_to(state.after(self.state, sent.name, value.condition))
        is_login = sent.name in {b"LOGIN", b"AUTHENTICATE"}
        if value.is_ok and is_login and not self._capabilities_are_new:
            # What was offered before login may have changed with it (RFC 9051 section 6.2.2).
            self.capabilities = None
        self._learn_code(value)
        numbers = getattr(sent, "numbers", None)
        if isinstance(numbers, UidSet):
            return Tagged(value.tag, value.condition, of_uids(value.code), value.text)
        return value

    def _move_to(self, new: State) -> None:
        self.state = new
        if new in {State.AUTHENTICATED, State.SELECTED}:
            self._cutter.limits = limits.CLIENT
