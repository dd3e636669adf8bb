"""The server's machine: octets in, commands out; answers in, octets out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import POP3_MAX_COMMAND_OCTETS, SASL_MAX_LINE_OCTETS
from desktopmail.wire.lines import LineCutter
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import CANCEL, Auth, decode_base64, encode_base64
from desktopmail.wire.pop3.command import CommandSyntaxError, Quit
from desktopmail.wire.pop3.data import normalise, stuff, stuffed
from desktopmail.wire.pop3.events import Closed, Malformed, Received, Responded
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.state import State
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.pop3.table import COMMANDS, UnknownCommandError, parse_command
from desktopmail.wire.pop3.utf8 import Utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.wire.output import Segment
    from desktopmail.wire.pop3.events import ServerEvent
    from desktopmail.wire.pop3.greeting import Greeting
    from desktopmail.wire.pop3.reply import Reply
    from desktopmail.wire.pop3.table import AnyCommand


class ServerConnection:
    """One session, seen by the server: each event is answered before the next is given out.

    Attributes:
        state: Where the session is.
        user: The name of the last USER that was accepted, until PASS, or None.
        utf8: Whether the client switched UTF-8 mode on.
    """

    def __init__(self) -> None:
        self.state = State.GREETING
        self.user: str | None = None
        self.utf8 = False
        self._lines = LineCutter(POP3_MAX_COMMAND_OCTETS, "max_command_octets")
        self._eof = False
        self._output = Output()
        self._pending: AnyCommand | Malformed | None = None
        self._challenged = False

    # --- octets --------------------------------------------------------------------------------

    def receive(self, octets: bytes) -> None:
        """Take octets of the client."""
        self._lines.receive(octets)

    def receive_eof(self) -> None:
        """The client will send no more."""
        self._eof = True

    def take_output(self) -> list[Segment]:
        """Return what is to be sent."""
        return self._output.take()

    # --- events --------------------------------------------------------------------------------

    def next_event(self) -> ServerEvent | None:
        """Return the next command or response, or None when more octets are needed.

        Raises:
            RemoteProtocolError: A line is too long; the connection is to be closed.
            LocalProtocolError: The last event has not been answered.
        """
        if self._pending is not None and not self._challenged:
            raise LocalProtocolError("the last command has not been answered")
        if self.state in {State.GREETING, State.TLS}:
            return self._ended()
        if self.state is State.CLOSED:
            return Closed(is_clean=True)
        line = self._lines.next_line()
        if line is None:
            return self._ended()
        if self._challenged:
            return self._read_response(line)
        return self._read_command(line)

    def _ended(self) -> Closed | None:
        if not self._eof:
            return None
        is_clean = len(self._lines) == 0 and self._pending is None
        self.state = State.CLOSED
        return Closed(is_clean)

    def _read_command(self, line: bytes) -> ServerEvent:
        try:
            command = parse_command(line)
        except UnknownCommandError as wrong:
            # Only the first word: what stands behind it may be a password with a typing error.
            event: Malformed = Malformed(str(wrong), _printable(line.partition(b" ")[0]) + b"\r\n")
            self._pending = event
            return event
        except CommandSyntaxError as wrong:
            keyword = line.partition(b" ")[0].upper()
            self._pending = Malformed(str(wrong), _printable(keyword) + b" <malformed>\r\n")
            return self._pending
        refusal = self._refusal(command)
        if refusal is not None:
            self._pending = Malformed(refusal, command.shown)
            return self._pending
        self._pending = command
        return Received(command)

    def _refusal(self, command: AnyCommand) -> str | None:
        keyword = command.keyword.decode()
        if self.state not in command.states:
            when = "before" if self.state is State.TRANSACTION else "after"
            return f"{keyword} is only possible {when} the login"
        if isinstance(command, Pass) and self.user is None:
            return "PASS comes after USER"
        if isinstance(command, Stls) and self.utf8:
            return "STLS must not come after UTF8"
        return None

    def _read_response(self, line: bytes) -> ServerEvent:
        self._challenged = False
        self._lines.limit = POP3_MAX_COMMAND_OCTETS
        if line == CANCEL:
            return Responded(None)
        try:
            return Responded(decode_base64(line))
        except ValueError:
            return Malformed("the response is not base64", b"<response>\r\n")

    @property
    def is_answering(self) -> bool:
        """Whether a command was given out and has not been answered."""
        return self._pending is not None

    # --- answers -------------------------------------------------------------------------------

    def greet(self, greeting: Greeting) -> None:
        """Open the dialogue.

        Raises:
            LocalProtocolError: It was opened, or the greeting cannot be written.
        """
        if self.state is not State.GREETING:
            raise LocalProtocolError("a server greets once")
        self._output.write(greeting.encode())
        self.state = State.AUTHORIZATION if greeting.reply.ok else State.CLOSED

    def send(self, reply: Reply) -> None:
        """Answer with a status line.

        Raises:
            LocalProtocolError: There is nothing to be answered, the reply cannot be written, or the
                command wants more than a status line.
        """
        self._answer(reply.encode(), reply)

    def send_listing(self, reply: Reply, lines: bytes) -> None:
        """Answer with a status line and a listing.

        Args:
            reply: Positive.
            lines: Each with its CRLF.

        Raises:
            LocalProtocolError: As for `send`; or a line is not one.
        """
        if not reply.ok:
            raise LocalProtocolError("no listing follows -ERR")
        if normalise(lines) != lines:
            raise LocalProtocolError("a listing is lines that end in CRLF")
        self._answer(reply.encode() + stuff(lines), reply)

    def send_message(self, reply: Reply, octets: bytes) -> None:
        """Answer with a status line and a message.

        Args:
            reply: Positive.
            octets: As `normalise` makes them.

        Raises:
            LocalProtocolError: As for `send`.
        """
        for piece in self.send_message_in_pieces(reply, octets):
            self._output.write(piece)

    def send_message_in_pieces(self, reply: Reply, octets: bytes) -> Iterator[bytes]:
        """Answer with a status line; returns the message, which the pump sends behind it.

        Args:
            reply: Positive.
            octets: As `normalise` makes them.

        Raises:
            LocalProtocolError: As for `send`.
        """
        if not reply.ok:
            raise LocalProtocolError("no message follows -ERR")
        if octets and not octets.endswith(b"\r\n"):
            raise LocalProtocolError("a message ends in CRLF")
        self._answer(reply.encode(), reply)
        return stuffed(octets)

    def send_instead(self, octets: bytes) -> None:
        """Answer with octets as they are, and do not change the state: for fault plans.

        Raises:
            LocalProtocolError: There is nothing to be answered.
        """
        if self._pending is None or self._challenged:
            raise LocalProtocolError("there is no command to be answered")
        self._pending = None
        self._output.write(octets)

    def challenge(self, octets: bytes) -> None:
        """Go on with AUTH.

        Raises:
            LocalProtocolError: There is no AUTH.
        """
        if not isinstance(self._pending, Auth) or self._challenged:
            raise LocalProtocolError("a challenge belongs into an AUTH exchange")
        self._output.write(b"+ " + encode_base64(octets) + b"\r\n")
        self._challenged = True
        self._lines.limit = SASL_MAX_LINE_OCTETS

    def _answer(self, octets: bytes, reply: Reply) -> None:
        command = self._pending
        if command is None or self._challenged:
            raise LocalProtocolError("there is no command to be answered")
        self._pending = None
        self._output.write(octets)
        if isinstance(command, Pass | Apop | Auth):
            self.user = None
            if reply.ok:
                self.state = State.TRANSACTION
        elif isinstance(command, User):
            self.user = command.name if reply.ok else None
        elif isinstance(command, Stls) and reply.ok:
            self.state = State.TLS
        elif isinstance(command, Utf8) and reply.ok:
            self.utf8 = True
        elif isinstance(command, Quit):
            self.state = State.CLOSED

    def close(self) -> None:
        """Take no more commands; the pump sends what there is, then closes."""
        self.state = State.CLOSED
        self._pending = None
        self._challenged = False

    # --- TLS -----------------------------------------------------------------------------------

    def starting_tls(self) -> None:
        """Say that the handshake begins; call it before the answer to STLS leaves.

        Raises:
            LocalProtocolError: STLS was not accepted.
            RemoteProtocolError: The client sent octets in the clear behind STLS.
        """
        if self.state is not State.TLS:
            raise LocalProtocolError("STLS has not been accepted")
        if len(self._lines):
            raise RemoteProtocolError("octets in the clear stand behind STLS")

    def tls_started(self) -> None:
        """Say that the handshake is done; what the client said before is forgotten.

        Raises:
            LocalProtocolError: STLS was not accepted.
            RemoteProtocolError: The client sent octets in the clear behind STLS.
        """
        self.starting_tls()
        self.state = State.AUTHORIZATION
        self.user = None
        self.utf8 = False


def _printable(word: bytes) -> bytes:
    known = word[:16].upper()
    return known if known in COMMANDS else b"<unknown>"
