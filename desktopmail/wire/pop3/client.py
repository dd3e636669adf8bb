"""The client's machine: commands in, octets out; octets in, answers out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import (
    MAX_REPLY_LINE_OCTETS,
    POP3_MAX_EARLY_LISTING_OCTETS,
    POP3_MAX_LISTING_OCTETS,
    SASL_MAX_LINE_OCTETS,
)
from desktopmail.wire.lines import LineCutter
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import CANCEL, Auth, decode_base64, encode_base64
from desktopmail.wire.pop3.capability import Capa, Capabilities
from desktopmail.wire.pop3.command import Follows, Quit
from desktopmail.wire.pop3.data import DataReader
from desktopmail.wire.pop3.events import Answered, Challenged, Closed, Data, Greeted
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.reply import Reply, printable
from desktopmail.wire.pop3.state import State
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.pop3.utf8 import Utf8

if TYPE_CHECKING:
    from desktopmail.wire.output import Segment
    from desktopmail.wire.pop3.events import ClientEvent
    from desktopmail.wire.pop3.table import AnyCommand


class ClientConnection:
    """One session, seen by the client.

    Attributes:
        state: Where the session is.
        greeting: What the server opened with, or None.
        capabilities: What CAPA last answered, or None when it was not asked (or not since STLS).
    """

    def __init__(self) -> None:
        self.state = State.GREETING
        self.greeting: Greeting | None = None
        self.capabilities: Capabilities | None = None
        self._lines = LineCutter(MAX_REPLY_LINE_OCTETS + SASL_MAX_LINE_OCTETS)
        self._eof = False
        self._output = Output()
        self._waiting: deque[AnyCommand] = deque()
        self._unasked = False  # what is here came before anything was asked
        self._listing: tuple[AnyCommand, Reply, bytearray] | None = None
        self._listed = 0
        self._data: tuple[AnyCommand, DataReader] | None = None
        self._challenged = False
        self._cancelled = False
        self._user_sent = False
        self._utf8 = False

    # --- octets --------------------------------------------------------------------------------

    def receive(self, octets: bytes) -> None:
        """Take octets of the server."""
        self._lines.receive(octets)

    def receive_eof(self) -> None:
        """The server will send no more."""
        self._eof = True

    def take_output(self) -> list[Segment]:
        """Return what is to be sent."""
        return self._output.take()

    # --- events --------------------------------------------------------------------------------

    def next_event(self) -> ClientEvent | None:
        """Return what happened next, or None when more octets are needed.

        Raises:
            RemoteProtocolError: The server broke the protocol.
        """
        event: ClientEvent | None = None
        if self._data is not None:
            event = self._next_data(*self._data)
        elif self._listing is not None:
            event = self._next_of_listing(*self._listing)
        elif self.state is State.TLS:
            return None
        else:
            event = self._next_of_lines()
        if event is None and self._eof:
            is_clean = not self.waiting and not len(self._lines)
            is_clean = is_clean and self.state is not State.GREETING
            self.state = State.CLOSED
            return Closed(is_clean)
        return event

    def _next_of_lines(self) -> ClientEvent | None:
        # A challenge that is none is answered here; what the server said next stands behind it.
        while (line := self._lines.next_line()) is not None:
            event = self._read_line(line)
            if event is not None or self._listing is not None:
                return event
        return None

    def _read_line(self, line: bytes) -> ClientEvent | None:
        if self.state is State.GREETING:
            self.greeting = Greeting.parse(line)
            self.state = State.AUTHORIZATION if self.greeting.reply.ok else State.CLOSED
            return Greeted(self.greeting)
        if not self._waiting or self._unasked:
            shown = printable(line[:200])
            raise RemoteProtocolError(f"the server answered to no command: {shown}")
        command = self._waiting[0]
        if line[:2] in {b"+ ", b"+"} and isinstance(command, Auth):
            return self._read_challenge(line)
        reply = Reply.parse(line)
        self._waiting.popleft()
        self._challenged = False
        if not reply.ok:
            return self._answered(command, reply, None)
        follows = command.follows
        if follows is Follows.DATA:
            self._data = command, DataReader()
            return Answered(command, reply)
        if follows is Follows.LISTING:
            self._listing = command, reply, bytearray()
            self._listed = 0
            return self._next_of_listing(*self._listing)
        return self._answered(command, reply, command.read(reply, b""))

    def _read_challenge(self, line: bytes) -> ClientEvent | None:
        if self._challenged or self._cancelled:
            raise RemoteProtocolError("a second challenge came before the first was answered")
        try:
            challenge = decode_base64(line[2:].strip(b" "))
        except ValueError:
            # RFC 5034 section 4: the client must cancel; the server answers -ERR then.
            self._output.write(CANCEL + b"\r\n")
            self._cancelled = True
            return None
        self._challenged = True
        return Challenged(challenge)

    def _next_of_listing(
        self, command: AnyCommand, reply: Reply, lines: bytearray
    ) -> ClientEvent | None:
        """Gather whole lines up to the one with a dot; the dots of RFC 1939 section 3 go."""
        piece, is_last = self._lines.next_lines(b".")
        self._listed += len(piece)
        early = self.state is not State.TRANSACTION
        most = POP3_MAX_EARLY_LISTING_OCTETS if early else POP3_MAX_LISTING_OCTETS
        if self._listed > most:
            raise RemoteProtocolError(
                f"the answer to {command.keyword.decode()} is longer than {most} octets",
                limit="max_listing_octets",
            )
        if piece.startswith(b"."):
            piece = piece[1:]
        lines += piece.replace(b"\r\n.", b"\r\n")
        if not is_last:
            return None
        self._listing = None
        return self._answered(command, reply, command.read(reply, bytes(lines)))

    def _next_data(self, command: AnyCommand, reader: DataReader) -> ClientEvent | None:
        octets, is_last = self._lines.take(reader.cut)
        if is_last:
            self._data = None
        elif not octets:
            return None
        return Data(command, octets, is_last)

    def _answered(self, command: AnyCommand, reply: Reply, result: object) -> Answered:
        if isinstance(command, Pass | Apop | Auth):
            self._cancelled = False
            self._user_sent = False
            if reply.ok:
                self.state = State.TRANSACTION
        elif isinstance(command, User):
            self._user_sent = reply.ok
        elif isinstance(command, Capa):
            # An empty one too: "asked, and there are none".
            self.capabilities = result if isinstance(result, Capabilities) else Capabilities()
        elif isinstance(command, Stls) and reply.ok:
            self.state = State.TLS
        elif isinstance(command, Utf8) and reply.ok:
            self._utf8 = True
        elif isinstance(command, Quit):
            self.state = State.CLOSED
        return Answered(command, reply, result)

    # --- commands ------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many commands have not been answered yet."""
        return len(self._waiting) + (self._listing is not None) + (self._data is not None)

    def send(self, command: AnyCommand) -> None:
        """Send a command.

        Raises:
            LocalProtocolError: It is not for this state, cannot be written, or may not be sent
                before those in front of it are answered.
        """
        if self.state not in command.states:
            keyword = command.keyword.decode()
            raise LocalProtocolError(f"{keyword} is not possible now: {self.state.value}")
        if not command.pipelined:
            self._check_alone(command)
        if self._waiting and not self._waiting[-1].pipelined:
            keyword, before = command.keyword.decode(), self._waiting[-1].keyword.decode()
            raise LocalProtocolError(f"{keyword} cannot be sent before {before} is answered")
        command.write(self._output)
        # An answer that was here before its command belongs to none: taken for this one's, it would
        # make the real one a part of a message.
        if not self.waiting and len(self._lines):
            self._unasked = True
        self._waiting.append(command)
        if isinstance(command, User):
            # Pipelined PASS is right when USER is still waiting; the server takes them in turn.
            self._user_sent = True

    def _check_alone(self, command: AnyCommand) -> None:
        if isinstance(command, Stls):
            if self.waiting:
                raise LocalProtocolError("STLS cannot be sent behind other commands")
            if self._utf8:
                raise LocalProtocolError("STLS cannot be sent behind UTF8")
        if isinstance(command, Pass) and not self._user_sent:
            raise LocalProtocolError("PASS cannot be sent before USER was accepted")

    def respond(self, octets: bytes, mask: str = "<response>") -> None:
        """Answer a challenge.

        Args:
            octets: The response, not in base64.
            mask: What a transcript shows.

        Raises:
            LocalProtocolError: There is no challenge, or the response is too long.
        """
        self._take_challenge()
        line = encode_base64(octets)
        if len(line) + 2 > SASL_MAX_LINE_OCTETS:
            self._challenged = True
            raise LocalProtocolError(f"a response is at most {SASL_MAX_LINE_OCTETS} octets")
        if line:
            self._output.write_secret(line, mask)
        self._output.write(b"\r\n")

    def cancel(self) -> None:
        """Answer a challenge with "*"; the server then answers AUTH with -ERR.

        Raises:
            LocalProtocolError: There is no challenge.
        """
        self._take_challenge()
        self._cancelled = True
        self._output.write(CANCEL + b"\r\n")

    def _take_challenge(self) -> None:
        if not self._challenged:
            raise LocalProtocolError("the server has not challenged")
        self._challenged = False

    # --- TLS -----------------------------------------------------------------------------------

    def starting_tls(self) -> None:
        """Say that the handshake begins.

        Raises:
            LocalProtocolError: STLS was not accepted.
            RemoteProtocolError: Octets came in the clear behind the answer to STLS.
        """
        if self.state is not State.TLS:
            raise LocalProtocolError("STLS has not been accepted")
        if len(self._lines):
            raise RemoteProtocolError("octets in the clear stand behind the answer to STLS")

    def tls_started(self) -> None:
        """Say that the handshake is done; what was known from before is forgotten.

        Raises:
            LocalProtocolError: STLS was not accepted.
            RemoteProtocolError: Octets came in the clear behind the answer to STLS.
        """
        self.starting_tls()
        self.state = State.AUTHORIZATION
        self.capabilities = None
        self._user_sent = False
        # The greeting stays, because no other one comes: a timestamp that somebody on the way put
        # into it makes APOP fail, and the digest travels inside TLS, where he cannot read it.
