"""The server's side of an IMAP connection: commands come out, answers go in; it does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap import limits, state
from desktopmail.wire.imap.authenticate import CANCEL
from desktopmail.wire.imap.codes import Code, ResponseCode
from desktopmail.wire.imap.command import decode_command, read_head
from desktopmail.wire.imap.condition import (
    Answer,
    Condition,
    Continue,
    Tag,
    Tagged,
    decode_base64,
    plain_tagged_octets,
)
from desktopmail.wire.imap.cutter import Cutter, LiteralEnds, LiteralHeader, LiteralPiece, Unit
from desktopmail.wire.imap.enable import UTF8_SWITCHES, EnabledResponse
from desktopmail.wire.imap.expunge import ExpungeResponse
from desktopmail.wire.imap.fetch_response import FetchResponse, plain_fetch_octets
from desktopmail.wire.imap.idle import DONE
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.writer import LITERAL_MINUS_OCTETS, Writer
from desktopmail.wire.output import Output, Segment

if TYPE_CHECKING:
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.response import UntaggedResponse


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A command that is well-formed and allowed in this state; the next waits for its answer.

    Attributes:
        tag: Its tag.
        command: What it asks for.
        line: What the client wrote, for a transcript; empty where a secret or a literal is in it.
    """

    tag: Tag
    command: Command
    line: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A command that is to be refused; `refusal` is the answer to send.

    Attributes:
        tag: Its tag; None when it has none, and the answer is untagged.
        reason: What is wrong with it.
        code: TOOBIG, say.
        condition: NO or BAD.
    """

    tag: Tag | None
    reason: str
    code: ResponseCode | None = None
    condition: Condition = Condition.BAD

    @property
    def refusal(self) -> Tagged | Answer:
        """The answer to send."""
        if self.tag is None:
            return Answer(Condition.BAD, self.code, self.reason)
        return Tagged(self.tag, self.condition, self.code, self.reason)


@dataclass(frozen=True, slots=True)
class ContinuationReceived:
    """The client's next response in an AUTHENTICATE, decoded; None when it gives up."""

    tag: Tag
    response: bytes | None


@dataclass(frozen=True, slots=True)
class IdleDone:
    """The client ends its IDLE, which is to be answered now."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class LiteralBegins:
    """A message of an APPEND is about to come in pieces; the command follows when all has come.

    It may still be refused then: whoever keeps the pieces throws them away at a `BadCommand`.
    """

    size: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The client has closed the connection.

    Attributes:
        expected: It had said LOGOUT, or we BYE.
    """

    expected: bool


Event: TypeAlias = (
    CommandReceived | BadCommand | ContinuationReceived | IdleDone | LiteralBegins | LiteralPiece
    | LiteralEnds | Closed
)  # fmt: skip

_SECRETIVE: Final = frozenset({b"LOGIN", b"AUTHENTICATE"})
_SHOWN: Final = 60


class ServerConnection:
    """Serves one client, one command at a time, in the order they came in.

    Args:
        append_limit: Octets of the largest message that APPEND takes (RFC 7889).
        literal_plus: Take non-synchronising literals of any size (LITERAL+); else up to 4,096
            octets (LITERAL-).
        stream_over_octets: Larger messages of an APPEND are handed on in pieces as they come; None
            keeps them all in memory.
        tls: The connection is inside TLS from its first octet.
    """

    def __init__(
        self,
        *,
        append_limit: int = limits.MAX_APPEND_OCTETS,
        literal_plus: bool = True,
        stream_over_octets: int | None = None,
        tls: bool = False,
    ) -> None:
        self.append_limit = append_limit
        self.literal_plus = literal_plus
        self.stream_over_octets = stream_over_octets
        self.tls = tls
        self.state = State.GREETING
        self.enabled: frozenset[str] = frozenset()
        self._cutter = Cutter(limits.SERVER_BEFORE_LOGIN, strict=True)
        self._output = Output()
        self._tag: Tag | None = None
        self._command: Command | None = None
        self._exchange = b""
        self._literal = False  # one is handed on in pieces
        self._streamed_octets = 0  # of the command that has begun
        self._refused: BadCommand | None = None
        self._bad = 0
        self._eof = False
        self._closed = False

    # ---- what goes in and out

    def receive(self, octets: bytes) -> None:
        """Take what the client sent."""
        if octets and self.state is not State.LOGOUT:
            self._cutter.receive(octets)

    def receive_eof(self) -> None:
        """Take note that the client will send nothing more."""
        self._eof = True

    def take_output(self) -> list[Segment]:
        """Return what is to be sent now."""
        return self._output.take()

    @property
    def utf8(self) -> bool:
        """Whether names and quoted strings are UTF-8."""
        return bool(self.enabled & UTF8_SWITCHES)

    @property
    def is_busy(self) -> bool:
        """Whether a command waits for its answer; the pump need not read on meanwhile."""
        return self._tag is not None and not self._exchange

    @property
    def is_over(self) -> bool:
        """Whether BYE was said, or LOGOUT answered: nothing is read any more."""
        return self.state is State.LOGOUT

    # ---- answers

    def send(self, response: UntaggedResponse | Tagged | Continue) -> None:
        """Send a greeting, an answer, or news.

        Raises:
            LocalProtocolError: It is not allowed now, or cannot be written; nothing is sent then.
        """
        if self.state is State.LOGOUT and not isinstance(response, Tagged):
            raise LocalProtocolError("BYE was said")
        if self.state is State.GREETING:
            self._greet(response)
            return
        if isinstance(response, FetchResponse):
            octets = plain_fetch_octets(response)
            if octets is not None:
                self._output.write(octets)
                return
        if isinstance(response, Tagged):
            self._answer(response)
        elif isinstance(response, Continue):
            self._ask_for_more(response)
        else:
            if isinstance(response, ExpungeResponse):
                self._refuse_to_expunge()
            self._write(response, b"* ")
            if isinstance(response, EnabledResponse):
                self.enabled |= frozenset(name.upper() for name in response.names)
            elif isinstance(response, Answer) and response.condition is Condition.BYE:
                self._end()

    def send_encoded(self, octets: bytes) -> None:
        """Send untagged responses that were encoded before, each with its `* ` and CRLF.

        For answers built from stored columns; whoever builds them answers for them.

        Raises:
            LocalProtocolError: They are no whole lines, or nothing may be sent now.
        """
        if self.state in {State.LOGOUT, State.GREETING}:
            raise LocalProtocolError(f"nothing can be told {self.state.value}")
        if octets and not (octets.startswith(b"* ") and octets.endswith(b"\r\n")):
            raise LocalProtocolError("responses are whole lines that begin with * and end in CRLF")
        self._output.write(octets)

    def answered(self, tag: Tag) -> None:
        """Say that the command in hand was answered past this machine (by a fault plan).

        The state stays as it is.

        Raises:
            LocalProtocolError: That command is not in hand.
        """
        if tag != self._tag:
            raise LocalProtocolError(f"{tag} is not the tag of the command in hand")
        self._command, self._tag = None, None
        self._exchange = b""

    def starting_tls(self) -> None:
        """Say that the handshake begins now: STARTTLS was answered with OK.

        Raises:
            RemoteProtocolError: The client, or somebody in between, sent more behind STARTTLS.
        """
        if self._cutter.buffered or self._cutter.is_inside:
            raise RemoteProtocolError("octets came in the clear behind STARTTLS")

    def tls_started(self) -> None:
        """Say that the handshake has succeeded."""
        self.tls = True
        self.enabled = frozenset()

    def compression_started(self) -> bytes:
        """Say that COMPRESS was answered with OK: from here on the octets mean something else.

        Returns:
            What came behind that command: the beginning of the compressed stream.
        """
        return self._cutter.rest()

    def _greet(self, response: UntaggedResponse | Tagged | Continue) -> None:
        if not isinstance(response, Answer) or response.condition not in state.GREETINGS:
            raise LocalProtocolError("a connection begins with OK, PREAUTH or BYE")
        self._write(response, b"* ")
        self._move_to(state.GREETINGS[response.condition])

    def _answer(self, response: Tagged) -> None:
        if response.tag != self._tag:
            raise LocalProtocolError(f"{response.tag} is not the tag of the command in hand")
        octets = plain_tagged_octets(response, utf8=self.utf8)
        if octets is None:
            self._write(response, b"")
        else:
            self._output.write(octets)
        command, self._command, self._tag = self._command, None, None
        self._exchange = b""
        if command is None:
            self._refuse_for_good()
        else:
            self._bad = 0
            self._move_to(state.after(self.state, command.name, response.condition))

    def _ask_for_more(self, response: Continue) -> None:
        name = self._command.name if self._command is not None else b""
        if name not in {b"AUTHENTICATE", b"IDLE"}:
            raise LocalProtocolError("only AUTHENTICATE and IDLE go on")
        self._write(response, b"")
        self._exchange = name

    def _refuse_to_expunge(self) -> None:
        # RFC 9051 section 7.5.1; the same holds when no command is in progress, but IDLE is one.
        command = self._command
        if command is None:
            if self._tag is None:
                raise LocalProtocolError("EXPUNGE is sent only while a command is in progress")
            return
        is_uid = isinstance(getattr(command, "numbers", None), UidSet) or getattr(
            command, "uid", False
        )
        if command.name in state.KEEPS_NUMBERS and not is_uid:
            name = command.name.decode("ascii")
            raise LocalProtocolError(f"EXPUNGE is not sent during {name} (RFC 9051 section 7.5.1)")

    def _write(self, response: UntaggedResponse | Tagged | Continue, opening: bytes) -> None:
        writer = Writer(server=True, utf8=self.utf8)
        writer.raw(opening)
        response.encode(writer)
        for piece in writer.finish():
            if piece is not None:
                self._output.write(piece.octets)

    def _refuse_for_good(self) -> None:
        self._bad += 1
        if self._bad >= limits.MAX_BAD_COMMANDS:
            self._say_bye("Too many bad commands")

    def _say_bye(self, text: str, code: ResponseCode | None = None) -> None:
        self._write(Answer(Condition.BYE, code, text), b"* ")
        self._end()

    def _end(self) -> None:
        self._move_to(State.LOGOUT)
        self._cutter.rest()

    def _move_to(self, new: State) -> None:
        if new is self.state:  # after nearly every command
            return
        self.state = new
        if new in {State.AUTHENTICATED, State.SELECTED}:
            # How large a literal may be, `_decide` knows: it depends on what it is a part of.
            largest = max(self.append_limit, limits.SERVER.max_literal_octets)
            self._cutter.limits = replace(
                limits.SERVER, max_literal_octets=largest, max_streamed_octets=largest
            )

    # ---- commands

    def next_event(self) -> Event | None:
        """Return what the client wants next; None when more octets, or an answer, are needed.

        Raises:
            RemoteProtocolError: A limit was passed in a way that cannot be refused in order; a BYE
                that says so is in the output, and the connection is to be closed.
        """
        if self.state is State.LOGOUT:
            return self._at_end()
        if self.state is State.GREETING:
            return None
        while self._tag is None or self._exchange:
            if self._literal and self._cutter.streaming == 0:
                self._literal = False
                return LiteralEnds()
            try:
                found = self._cutter.next()
            except RemoteProtocolError as error:
                self._say_bye(f"Too much: {error}", Code.TOOBIG)
                raise
            if found is None:
                return self._at_end()
            event: Event | None = None
            if isinstance(found, bytes):
                return LiteralPiece(found)
            if isinstance(found, LiteralHeader):
                event = self._decide(found)
            elif isinstance(found, Unit):
                if self._exchange and self._tag is not None:
                    event = self._go_on(found, self._tag)
                else:
                    event = self._understand(found)
            if event is not None:
                return event
            if self.is_over:
                return self._at_end()
        return None

    def _at_end(self) -> Event | None:
        if not self._eof or self._closed:
            return None
        self._closed = True
        expected = self.state is State.LOGOUT
        self.state = State.LOGOUT
        return Closed(expected)

    def _decide(self, header: LiteralHeader) -> Event | None:
        """Take or refuse the literal that a line announced at its end."""
        if self._exchange:
            return self._refuse_literal(header, "A literal has no place here", None)
        if self._refused is not None:
            return self._refuse_literal(header, self._refused.reason, self._refused.code)
        bounds = self._cutter.limits
        is_message = self.state is not State.NOT_AUTHENTICATED and self._carries_messages
        largest = self.append_limit if is_message else self._largest_argument
        if header.index >= bounds.max_literals:
            return self._refuse_literal(header, "Too many literals in one command", Code.TOOBIG)
        if header.size > largest:
            reason = f"A literal of at most {largest} octets is taken here"
            condition = Condition.NO if is_message else Condition.BAD
            return self._refuse_literal(header, reason, Code.TOOBIG, condition)
        if header.non_sync and not self.literal_plus and header.size > LITERAL_MINUS_OCTETS:
            return self._refuse_literal(header, "LITERAL- ends at 4096 octets", Code.TOOBIG)
        streams = self.stream_over_octets is not None and header.size > self.stream_over_octets
        if streams and self._streamed_octets + header.size > bounds.max_total_octets:
            return self._refuse_literal(header, "Too much in one command", Code.TOOBIG)
        if not header.non_sync:
            self._output.write(b"+ OK\r\n")
        if not (is_message and streams):
            self._keep()
            return None
        self._streamed_octets += header.size
        self._literal = True
        self._cutter.stream()
        return LiteralBegins(header.size)

    @property
    def _carries_messages(self) -> bool:
        _, name = read_head(self._cutter.begun)
        return name.removeprefix(b"UID ") in state.CARRIES_MESSAGES

    @property
    def _largest_argument(self) -> int:
        early = self.state is State.NOT_AUTHENTICATED
        return (limits.SERVER_BEFORE_LOGIN if early else limits.SERVER).max_literal_octets

    def _keep(self) -> None:
        try:
            self._cutter.keep()
        except RemoteProtocolError as error:
            self._say_bye(f"Too much: {error}", Code.TOOBIG)
            raise

    def _refuse_literal(
        self,
        header: LiteralHeader,
        reason: str,
        code: ResponseCode | None,
        condition: Condition = Condition.BAD,
    ) -> Event | None:
        if self._refused is None:
            tag, _ = read_head(self._cutter.begun)
            tag = self._tag if self._exchange else tag
            self._refused = BadCommand(tag, reason, code, condition)
        if not header.non_sync:
            # The client waits for leave, gets a refusal instead, and its command ends here.
            self._cutter.abandon()
            return self._refuse(self._refused)
        too_many = header.index >= 2 * limits.MAX_LITERALS_PER_COMMAND
        if too_many or header.size > limits.MAX_DISCARDED_OCTETS:
            self._say_bye(reason, Code.TOOBIG)
            raise RemoteProtocolError(reason, limit="MAX_DISCARDED_OCTETS")
        self._cutter.discard()
        return None

    def _refuse(self, refused: BadCommand) -> BadCommand | None:
        """Let a command be refused; None when BYE was said instead."""
        self._refused = None
        self._streamed_octets = 0
        if refused.tag is None:
            self._refuse_for_good()
            if self.is_over:
                return None
        self._tag, self._command = refused.tag, None
        self._exchange = b""
        return refused

    def _understand(self, unit: Unit) -> Event | None:
        self._streamed_octets = 0
        if self._refused is not None:
            return self._refuse(self._refused)
        tag, name = read_head(unit.octets)
        reason = self._objection(name)
        if reason is None:
            try:
                tag, command = decode_command(unit, utf8=self.utf8)
            except RemoteProtocolError as error:
                reason = _sentence(str(error))
            else:
                self._tag, self._command = tag, command
                octets = unit.octets
                shown = command.name not in _SECRETIVE and b"\n" not in octets
                return CommandReceived(tag, command, octets + b"\r\n" if shown else b"")
        return self._refuse(BadCommand(tag, reason))

    def _objection(self, name: bytes) -> str | None:
        """Say why a command cannot be taken now, when it is known."""
        known = name.removeprefix(b"UID ").replace(b"EXAMINE", b"SELECT")
        allowed = state.COMMANDS.get(known)
        if allowed is not None and self.state not in allowed:
            return f"{name.decode('ascii')} is not allowed while {self.state.value}"
        return None

    def _go_on(self, unit: Unit, tag: Tag) -> Event | None:
        """Read a line that belongs to an AUTHENTICATE or an IDLE."""
        exchange, self._exchange = self._exchange, b""
        if exchange == b"IDLE":
            if unit.octets.upper() == DONE:
                return IdleDone(tag)
            return self._refuse(BadCommand(tag, "DONE was expected"))
        if unit.octets == CANCEL:
            return ContinuationReceived(tag, None)
        try:
            return ContinuationReceived(tag, decode_base64(unit.octets))
        except RemoteProtocolError as error:
            return self._refuse(BadCommand(tag, _sentence(str(error))))


def _sentence(reason: str) -> str:
    """Make a text for people of an error: printable ASCII, and not endless."""
    text = reason.encode("ascii", "replace").decode("ascii")
    return text[:1].upper() + text[1 : _SHOWN * 4]
