"""The server's side of SMTP, submission and LMTP: what came, in which order, and what is owed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.output import Output, Segment
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse, parse_response
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.command import Command, parse_command
from desktopmail.wire.smtp.control import Data, Quit, Rset, StartTls
from desktopmail.wire.smtp.data import END_OF_DATA, DataDecoder, Flaw, Inspector
from desktopmail.wire.smtp.events import BadCommand, ChunkEnd, Closed, MessageData, MessageEnd
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.limits import MAX_AUTH_OCTETS, MAX_RECIPIENTS
from desktopmail.wire.smtp.mail import Body, Mail
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

Event: TypeAlias = (
    Command | AuthResponse | AuthCancel | BadCommand | MessageData | ChunkEnd | MessageEnd | Closed
)


class Phase(Enum):
    """What the next octets are."""

    COMMAND = "a command line"
    DATA = "the message, up to CRLF.CRLF"
    CHUNK = "the octets of a BDAT chunk"
    AUTH = "a base64 line of a SASL exchange"
    CLOSED = "nothing: the peer is gone"


# Looked at for every octet string that arrives, so without the detour through the class.
_COMMAND, _DATA, _CHUNK, _AUTH = Phase.COMMAND, Phase.DATA, Phase.CHUNK, Phase.AUTH


@dataclass(slots=True)
class Transaction:
    """One message on its way in.

    Attributes:
        mail: The MAIL command that was accepted.
        recipients: The RCPT commands that were accepted.
        chunked: BDAT was used, so DATA and RCPT are out of order.
    """

    mail: Mail
    recipients: list[Rcpt]
    chunked: bool = False


_NO_HELLO: Final = reply(503, "Say EHLO first", "5.5.1")
_NO_MAIL: Final = reply(503, "MAIL comes first", "5.5.1")
_NO_RCPT: Final = reply(554, "No valid recipients", "5.5.1")
_NESTED: Final = reply(503, "A message is under way already", "5.5.1")
_NOT_OFFERED: Final = reply(502, "Not offered here", "5.5.1")
_TOO_LONG: Final = reply(500, "Line too long", "5.5.2")
_BARE_LF: Final = reply(500, "A line ends in CR LF, not in LF alone", "5.5.2")
_TOO_BIG: Final = reply(552, "The message is larger than this server takes", "5.3.4")

_CR: Final = 0x0D
# A response of SASL that came as a command: no verb is so long.
_RESPONSE_ALONE = re.compile(rb"[A-Za-z0-9+/]{12,}+=*+")
# Base64 of "v=", with which a password could be guessed offline: SCRAM's server-final-message.
_SERVER_SIGNATURE: Final = ("dj0", "dj1", "dj2", "dj3")

# Which extension has to be offered before a parameter is known (else 555, RFC 5321 section
# 4.1.1.11)
_MAIL_PARAMETERS: Final[tuple[tuple[str, str, Callable[[Mail], bool]], ...]] = (
    ("SIZE", "SIZE", lambda mail: mail.size is not None),
    ("BODY", "8BITMIME", lambda mail: mail.body is not None),
    ("BODY=BINARYMIME", "BINARYMIME", lambda mail: mail.body is Body.BINARY),
    ("SMTPUTF8", "SMTPUTF8", lambda mail: mail.smtputf8),
    ("RET", "DSN", lambda mail: mail.ret is not None),
    ("ENVID", "DSN", lambda mail: mail.envid is not None),
    ("REQUIRETLS", "REQUIRETLS", lambda mail: mail.requiretls),
    ("AUTH", "AUTH", lambda mail: mail.auth is not None),
)


def _is_bdat(line: bytes) -> bool:
    """Whether nobody knows how many octets of a message follow a line that cannot be read."""
    return line[:4].upper() == b"BDAT"


class ServerConnection:
    """One connection, seen by a server.

    The pump takes one event, answers it with `send` (or `greet` for a `Hello`), and takes the next:
    an event that is a command, a `BadCommand`, a `ChunkEnd` or a `MessageEnd` owes exactly one
    reply (in LMTP a `MessageEnd` owes one for each accepted recipient), a `MessageData` owes none.

    Args:
        lmtp: Speak LMTP (RFC 2033): LHLO, and a reply for each recipient.
        max_message_octets: Larger messages are read to their end and refused; None for no limit.
        max_recipients: Of one message.

    Attributes:
        line: The line of the last command as the client wrote it, CRLF included; no transcript may
            show it when that was AUTH, or an answer in its exchange.
    """

    def __init__(
        self,
        *,
        lmtp: bool = False,
        max_message_octets: int | None = None,
        max_recipients: int = MAX_RECIPIENTS,
    ) -> None:
        self.lmtp = lmtp
        self.max_message_octets = max_message_octets
        self.max_recipients = max_recipients
        self.enhanced = True
        self.phase = Phase.COMMAND
        self.hello: Hello | None = None
        self.offered = Extensions()
        self.transaction: Transaction | None = None
        self.authenticated = False
        self.tls = False
        self.line = b""
        self._output = Output()
        self._buffer = b""
        self._at = 0
        self._eof = False
        self._discarding = False  # the rest of a line that was too long
        self._owed: object | None = None
        self._replies_owed = 0
        self._decoder = DataDecoder()
        self._inspector = Inspector()
        self._ended = False  # the final dot was read, and its `MessageEnd` comes next
        self._size = 0
        self._chunk_left = 0
        self._chunk: Bdat | None = None
        self._chunk_refusal: Reply | None = None

    # -- octets in, octets out

    def receive(self, octets: bytes) -> None:
        """Take octets from the client."""
        rest = self._buffer[self._at :] if self._at < len(self._buffer) else b""
        self._buffer = rest + octets if rest else octets
        self._at = 0

    def receive_eof(self) -> None:
        """Learn that the client sends no more."""
        self._eof = True

    def take_output(self) -> list[Segment]:
        """Return what is to be sent."""
        return self._output.take()

    @property
    def pending(self) -> bool:
        """Whether octets of the client wait to be looked at (which delays replies: RFC 2920)."""
        return self._at < len(self._buffer) or self._discarding

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed.

        Raises:
            LocalProtocolError: The last event was not answered.
        """
        if self._owed is not None:
            raise LocalProtocolError(f"{type(self._owed).__name__} was not answered")
        if self._at >= len(self._buffer) and self.phase is not _CHUNK and not self._ended:
            return self._at_end() if self._eof else None  # every second call ends here
        event = self._read()
        if event is None:
            return self._at_end() if self._eof else None
        if type(event) is not MessageData:
            self._owed = event
            self._replies_owed = 1
            if self.lmtp and isinstance(event, MessageEnd) and self.transaction is not None:
                self._replies_owed = len(self.transaction.recipients)
        return event

    def _at_end(self) -> Closed | None:
        if self.phase is Phase.CLOSED:
            return None
        clean = self.phase is Phase.COMMAND and not self.pending and self.transaction is None
        self.phase = Phase.CLOSED
        return Closed(clean)

    # -- replies

    def open(self, greeting: Reply) -> None:
        """Send the first reply of the connection: 220, or 554 or 521 to refuse service."""
        self._output.write(greeting.encode(enhanced=False))

    def greet(self, extensions: Extensions) -> None:
        """Answer a `Hello` with 250; the transaction, if any, is forgotten (section 4.1.4).

        Args:
            extensions: What is offered on this connection now. A client that said HELO is told the
                domain only, and then nothing is offered to it.
        """
        hello = self._owed
        if not isinstance(hello, Hello):
            raise LocalProtocolError("no EHLO waits for an answer")
        self.offered = extensions if hello.extended else Extensions(extensions.domain)
        self.hello, self.transaction, self._owed = hello, None, None
        self._output.write(Reply(250, self.offered.lines()).encode(enhanced=False))

    def send(self, answer: Reply) -> None:
        """Answer the last event.

        Raises:
            LocalProtocolError: Nothing is owed, or the answer does not fit. Nothing was sent then.
        """
        owed = self._owed
        if owed is None:
            if answer.code != 421:  # the one reply a server may give unasked (section 3.8)
                raise LocalProtocolError(f"nobody asked for {answer.code}")
            self._output.write(answer.encode(enhanced=self._enhanced))
            return
        code = answer.code
        if code < 300:
            if isinstance(owed, Hello):
                raise LocalProtocolError("answer EHLO with greet()")
        elif code < 400 and not isinstance(owed, Data | Auth | AuthResponse):
            raise LocalProtocolError(f"{code} answers DATA and AUTH only")
        octets = answer.encode(enhanced=self._enhanced)
        if code == 334 and answer.text.startswith(_SERVER_SIGNATURE):
            self._output.write_secret(octets, "334 <server signature>\r\n")
        else:
            self._output.write(octets)
        self._replies_owed -= 1
        if self._replies_owed <= 0:
            self._owed = None
            self._apply(owed, answer)

    def send_planned(self, octets: bytes) -> None:
        """Answer the last event with octets as they are, for servers that misbehave on purpose.

        The machine goes on as if a reply with the code at their beginning had been sent.
        """
        owed, self._owed = self._owed, None
        self._output.write(octets)
        code = int(octets[:3]) if octets[:3].isdigit() else 500
        if owed is not None and not (isinstance(owed, Hello) and 200 <= code < 300):
            self._apply(owed, Reply(code, ("",)))

    # -- TLS

    def starting_tls(self) -> None:
        """Check that nothing came behind STARTTLS; call it before TLS begins.

        Raises:
            RemoteProtocolError: Octets in the clear would be taken for octets inside TLS.
        """
        if self.pending:
            raise RemoteProtocolError("octets in the clear behind STARTTLS")

    def tls_started(self) -> None:
        """Forget everything that was said in the clear (RFC 3207 section 4.2)."""
        self.starting_tls()
        self.tls = True
        self.hello = self.transaction = None
        self.offered = Extensions()
        self.authenticated = False

    # -- reading

    def _read(self) -> Event | None:
        phase = self.phase
        if phase is _DATA:
            return self._read_data()
        if phase is _CHUNK:
            return self._read_chunk()
        buffer, at = self._buffer, self._at
        if phase is Phase.CLOSED:
            return None
        end = buffer.find(b"\n", at)
        if end < 0:
            self._bound_line()
            return None
        self._at = end + 1
        if self._discarding or end - at >= MAX_AUTH_OCTETS:
            self._discarding = False
            return BadCommand(_TOO_LONG)
        if end == at or buffer[end - 1] != _CR:
            line = buffer[at : min(end, at + 80)]
            fatal = phase is _COMMAND and _is_bdat(line)
            return BadCommand(_BARE_LF, b"" if self._is_secret(line) else line, fatal=fatal)
        self.line = buffer[at : end + 1]
        line = buffer[at : end - 1]
        try:
            if phase is _AUTH:
                return parse_response(line)
            command = parse_command(line)
        except CommandError as error:
            fatal = phase is _COMMAND and _is_bdat(line)
            shown = b"" if self._is_secret(line) else line[:80]
            return BadCommand(error.reply, shown, fatal=fatal)
        order = self._ORDER.get(type(command))
        refusal = order(self, command) if order is not None else None
        if type(command) is Bdat:
            self._begin_chunk(command, refusal)
            return self._read_chunk()
        return command if refusal is None else BadCommand(refusal, line[:80])

    def _is_secret(self, line: bytes) -> bool:
        """Whether a password may stand in a line: also in what a refused AUTH left to be said."""
        return (
            self.phase is _AUTH
            or line[:4].upper() == b"AUTH"
            or _RESPONSE_ALONE.fullmatch(line.rstrip(b"\r")) is not None
        )

    def _bound_line(self) -> None:
        """Throw away a line that does not end; its end, when it comes, is answered with 500."""
        if len(self._buffer) - self._at > MAX_AUTH_OCTETS:
            self._discarding = True
            self._buffer, self._at = b"", 0

    def _read_data(self) -> Event | None:
        if self._ended:
            return self._end_of_message()
        buffer, at = self._buffer, self._at
        # Behind other commands only up to where an end may be: the messages of a client that does
        # not wait would each copy all that follow it.
        end = buffer.find(END_OF_DATA, at) if at else -1
        stop = end + len(END_OF_DATA) if end >= 0 else len(buffer)
        body, rest = self._decoder.decode(buffer[at:stop] if at else buffer)
        self._ended = rest is not None
        self._at = stop - len(rest or b"")
        if self._at == len(buffer):
            self._buffer, self._at = b"", 0
        kept = self._take(body)
        if kept:
            return MessageData(kept)
        return self._end_of_message() if self._ended else None

    def _read_chunk(self) -> Event | None:
        if self._chunk_left:
            octets = self._buffer[self._at : self._at + self._chunk_left]
            self._at += len(octets)
            self._chunk_left -= len(octets)
            kept = b"" if self._chunk_refusal is not None else self._take(octets)
            if kept:
                return MessageData(kept)
            if self._chunk_left:
                return None
        self.phase = Phase.COMMAND
        chunk, self._chunk = self._chunk, None
        if self._chunk_refusal is not None:
            refusal, self._chunk_refusal = self._chunk_refusal, None
            return BadCommand(refusal, b"BDAT")
        if chunk is not None and chunk.last:
            return self._end_of_message()
        return ChunkEnd(self._size, self._inspector.flaw)

    def _take(self, octets: bytes) -> bytes:
        # Count and inspect; a message that is refused anyway is read, but not handed on.
        self._size += len(octets)
        inspector = self._inspector
        if self.max_message_octets is not None and self._size > self.max_message_octets:
            inspector.flaw = Flaw.TOO_BIG
        inspector.inspect(octets)
        return octets if inspector.flaw is None else b""

    def _end_of_message(self) -> MessageEnd:
        self.phase = Phase.COMMAND
        self._ended = False
        self._inspector.end()
        return MessageEnd(self._size, self._inspector.flaw)

    # -- order

    def _hello_refused(self, hello: Hello) -> Reply | None:
        if (hello.verb == "LHLO") != self.lmtp:
            return reply(500, f"Say {'LHLO' if self.lmtp else 'EHLO'} here", "5.5.1")
        return None

    def _starttls_refused(self, _command: StartTls) -> Reply | None:
        if self.tls:
            return reply(503, "TLS is on already", "5.5.1")
        return None if "STARTTLS" in self.offered else _NOT_OFFERED

    def _mail_refused(self, mail: Mail) -> Reply | None:
        if self.hello is None:
            return _NO_HELLO
        if self.transaction is not None:
            return _NESTED
        for name, extension, used in _MAIL_PARAMETERS if mail.has_parameters else ():
            if used(mail) and extension not in self.offered:
                return reply(555, f"Unknown parameter {name}", "5.5.4")
        if mail.sender is not None and not mail.sender.ascii and not mail.smtputf8:
            return reply(553, "An address beyond ASCII needs SMTPUTF8", "5.6.7")
        limit = self.max_message_octets
        if mail.size is not None and limit is not None and mail.size > limit:
            return _TOO_BIG
        return None

    def _rcpt_refused(self, rcpt: Rcpt) -> Reply | None:
        transaction = self.transaction
        if transaction is None:
            return _NO_MAIL
        if transaction.chunked:
            return reply(503, "RCPT comes before BDAT", "5.5.1")
        if (rcpt.notify is not None or rcpt.orcpt is not None) and "DSN" not in self.offered:
            return reply(555, "Unknown parameter", "5.5.4")
        if not rcpt.recipient.ascii and not transaction.mail.smtputf8:
            return reply(553, "An address beyond ASCII needs SMTPUTF8", "5.6.7")
        if len(transaction.recipients) >= self.max_recipients:
            return reply(452, "Too many recipients for one message", "4.5.3")
        return None

    def _data_refused(self, _command: Data) -> Reply | None:
        transaction = self.transaction
        if transaction is None:
            return _NO_MAIL
        if transaction.chunked:
            return reply(503, "BDAT and DATA do not mix", "5.5.1")
        if transaction.mail.body is Body.BINARY:
            return reply(503, "BINARYMIME is sent by BDAT", "5.5.1")  # RFC 3030 section 3
        if transaction.recipients:
            return None
        # RFC 2033 section 4.2 insists on 503; RFC 5321 section 3.3 lets 554 say more.
        return reply(503, "No valid recipients", "5.5.1") if self.lmtp else _NO_RCPT

    def _bdat_refused(self, _command: Bdat) -> Reply | None:
        if "CHUNKING" not in self.offered:
            return _NOT_OFFERED
        if self.transaction is None:
            return _NO_MAIL
        return None if self.transaction.recipients else _NO_RCPT

    def _auth_refused(self, _command: Auth) -> Reply | None:
        if "AUTH" not in self.offered:
            return _NOT_OFFERED if self.hello is not None else _NO_HELLO
        if self.authenticated:
            return reply(503, "You are logged in already", "5.5.1")  # RFC 4954 section 4
        return _NESTED if self.transaction is not None else None

    def _begin_chunk(self, chunk: Bdat, refusal: Reply | None) -> None:
        # The octets come in any case: RFC 3030 section 2 wants them read and thrown away.
        self.phase = Phase.CHUNK
        self._chunk, self._chunk_left, self._chunk_refusal = chunk, chunk.size, refusal
        transaction = self.transaction
        if refusal is None and transaction is not None and not transaction.chunked:
            transaction.chunked = True
            self._begin_message(transaction)

    def _begin_message(self, transaction: Transaction) -> None:
        self._size = 0
        self._inspector = Inspector(binary=transaction.mail.body is Body.BINARY)

    # -- what an answer changes

    def _apply(self, owed: object, answer: Reply) -> None:
        effect = self._EFFECTS.get(type(owed))
        if effect is not None:
            effect(self, owed, answer)

    def _mail_answered(self, mail: Mail, answer: Reply) -> None:
        if answer.code < 300:
            self.transaction = Transaction(mail, [])

    def _rcpt_answered(self, rcpt: Rcpt, answer: Reply) -> None:
        if answer.code < 300 and self.transaction is not None:
            self.transaction.recipients.append(rcpt)

    def _data_answered(self, _command: Data, answer: Reply) -> None:
        if answer.intermediate and self.transaction is not None:
            self.phase = Phase.DATA
            self._decoder = DataDecoder()
            self._begin_message(self.transaction)

    def _message_answered(self, _event: MessageEnd, _answer: Reply) -> None:
        self.transaction = None

    def _chunk_answered(self, _event: ChunkEnd, answer: Reply) -> None:
        if not answer.positive:
            self.transaction = None  # what follows is read and thrown away

    def _rset_answered(self, _command: Rset, answer: Reply) -> None:
        if answer.positive:
            self.transaction = None

    def _quit_answered(self, _command: Quit, answer: Reply) -> None:
        if answer.positive:
            self.phase = Phase.CLOSED

    def _auth_answered(self, owed: object, answer: Reply) -> None:
        if isinstance(owed, BadCommand) and self.phase is not Phase.AUTH:
            return
        self.phase = Phase.AUTH if answer.intermediate else Phase.COMMAND
        self.authenticated = answer.code == 235

    @property
    def _enhanced(self) -> bool:
        return self.enhanced and self.hello is not None and self.hello.extended

    # What is asked before a command is taken, and what the answer to an event changes.
    _ORDER: ClassVar[dict[type, Callable[[ServerConnection, Any], Reply | None]]] = {
        Mail: _mail_refused,
        Rcpt: _rcpt_refused,
        Data: _data_refused,
        Bdat: _bdat_refused,
        Hello: _hello_refused,
        Auth: _auth_refused,
        StartTls: _starttls_refused,
    }
    _EFFECTS: ClassVar[dict[type, Callable[[ServerConnection, Any, Reply], None]]] = {
        Mail: _mail_answered,
        Rcpt: _rcpt_answered,
        Data: _data_answered,
        MessageEnd: _message_answered,
        ChunkEnd: _chunk_answered,
        Rset: _rset_answered,
        Quit: _quit_answered,
        Auth: _auth_answered,
        AuthResponse: _auth_answered,
        AuthCancel: _auth_answered,
        BadCommand: _auth_answered,
    }
