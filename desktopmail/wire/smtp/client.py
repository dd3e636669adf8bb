"""The client's side of SMTP, submission and LMTP: what may be sent now, and whose reply came."""

from __future__ import annotations

import base64
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.output import Output, Segment
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.command import Command, encode_command
from desktopmail.wire.smtp.control import Data, Help, Noop, Quit, Rset, StartTls
from desktopmail.wire.smtp.data import FINAL_DOT, DataEncoder, Flaw, Inspector
from desktopmail.wire.smtp.events import Answer, Closed, EndOfData, Greeting, ServiceClosing
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.limits import MAX_AUTH_OCTETS
from desktopmail.wire.smtp.mail import Body, Mail
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import ReplyReader
from desktopmail.wire.smtp.vrfy import Expn, Vrfy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from desktopmail.wire.smtp.path import Mailbox
    from desktopmail.wire.smtp.reply import Reply

Event: TypeAlias = Greeting | Answer | ServiceClosing | Closed
Sendable: TypeAlias = Command | AuthResponse | AuthCancel

# "EHLO, DATA, VRFY, EXPN, TURN, QUIT, and NOOP commands can only appear as the last command in a
# group" (RFC 2920 section 3.1); STARTTLS and AUTH must be too. A BDAT may be followed by more.
_LAST_OF_GROUP: Final = (
    Hello,
    Data,
    Vrfy,
    Expn,
    Quit,
    Noop,
    Help,
    StartTls,
    Auth,
    AuthResponse,
    AuthCancel,
)


class Sending(Enum):
    """What may be sent now, beside commands."""

    NOTHING = "commands"
    DATA = "the message of an accepted DATA"
    CHUNK = "the octets of a BDAT chunk"
    AUTH = "the answer to a challenge"


class ClientConnection:
    """One connection, seen by a client.

    Commands go out with `send`, several at a time where the server offered PIPELINING; each reply
    comes back as an `Answer` with the command that it belongs to.

    Args:
        lmtp: Speak LMTP (RFC 2033): a reply for each accepted recipient ends a message.
    """

    def __init__(self, *, lmtp: bool = False) -> None:
        self.lmtp = lmtp
        self.extensions = Extensions()
        self.tls = False
        self.authenticated = False
        self.closing = False  # the server said 421 or 521, or we said QUIT
        self._output = Output()
        self._reader = ReplyReader()
        self._greeted = False
        self._waiting: deque[Sendable | EndOfData] = deque()
        self._unasked = False  # what is here came before anything was asked
        self._sending = Sending.NOTHING
        self._chunk_left = 0
        self._last_chunk = False
        self._encoder = DataEncoder()
        self._inspector = Inspector()
        # The next envelope may go out before the reply to the message before it has come: what was
        # sent and what was answered are two transactions then.
        self._mail: Mail | None = None  # of the one that commands are sent for
        self._mails = 0
        self._domains: set[str] = set()
        self._accepted = 0  # recipients of the one that replies come for
        self._eof = False
        self._closed = False

    # -- octets in, octets out

    def receive(self, octets: bytes) -> None:
        """Take octets from the server."""
        self._reader.receive(octets)

    def receive_eof(self) -> None:
        """Learn that the server sends no more."""
        self._eof = True

    def take_output(self) -> list[Segment]:
        """Return what is to be sent."""
        return self._output.take()

    @property
    def exhausted(self) -> bool:
        """Whether the server takes no further message here.

        It said so, or MAILMAX is reached, or RCPTDOMAINMAX: the next message is hardly for one of
        the same domains (RFC 9422).
        """
        limits = self.extensions.limits
        mails, domains = limits.get("MAILMAX"), limits.get("RCPTDOMAINMAX")
        return (
            self.closing
            or (mails is not None and self._mails >= mails)
            or (domains is not None and len(self._domains) >= domains)
        )

    def admits(self, recipients: Sequence[Mailbox]) -> list[bool]:
        """Tell which recipients one message may have here by RCPTMAX and RCPTDOMAINMAX (RFC 9422).

        The first counts within a message, the second the domains of all messages of the connection.
        """
        limits = self.extensions.limits
        most, most_domains = limits.get("RCPTMAX"), limits.get("RCPTDOMAINMAX")
        domains = set(self._domains)
        admitted: list[bool] = []
        count = 0
        for recipient in recipients:
            domain = recipient.domain.lower()
            fits = (most is None or count < most) and (
                most_domains is None or domain in domains or len(domains) < most_domains
            )
            if fits:
                domains.add(domain)
                count += 1
            admitted.append(fits)
        return admitted

    @property
    def waiting(self) -> int:
        """Count of replies that are still to come."""
        return len(self._waiting) + (not self._greeted)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed.

        Raises:
            RemoteProtocolError: The server said what is no reply, or replied to nothing.
        """
        answer = self._reader.next_reply()
        if answer is None:
            if not self._eof or self._closed:
                return None
            self._closed = True
            return Closed(clean=self._reader.empty and not self.waiting)
        if answer.code in {421, 521}:
            self.closing = True
        if not self._greeted:
            self._greeted = True
            return Greeting(answer)
        if not self._waiting or self._unasked:
            if answer.code == 421:
                return ServiceClosing(answer)
            raise RemoteProtocolError(f"a reply to nothing: {answer.code}")
        command = self._waiting.popleft()
        self._apply(command, answer)
        return Answer(command, answer)

    # -- commands

    def send(self, command: Sendable) -> None:
        """Send a command.

        Raises:
            LocalProtocolError: It may not be sent now, needs an extension that the server did not
                offer, or holds what no command may hold. Nothing was sent then.
        """
        self._check(command)
        try:
            self._write(command)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from error
        # A reply that was here before its command belongs to none: taken for this one's, it would
        # shift all that follow, up to the one that says whether the message was accepted.
        if not self._waiting and not self._reader.empty:
            self._unasked = True
        self._waiting.append(command)
        if isinstance(command, Bdat):
            self._sending = Sending.CHUNK if command.size else Sending.NOTHING
            self._chunk_left, self._last_chunk = command.size, command.last
            if command.last and not command.size:
                self._mail = None
        elif isinstance(command, Mail):
            self._mail = command
            self._mails += 1
            self._inspector = Inspector(binary=command.body is Body.BINARY)
        elif isinstance(command, Rcpt):
            self._domains.add(command.recipient.domain.lower())
        elif isinstance(command, Rset | Hello):
            self._mail = None
        elif isinstance(command, AuthResponse | AuthCancel):
            self._sending = Sending.NOTHING

    def send_data(self, octets: bytes) -> int:
        """Send a piece of the message behind an accepted DATA; line ends become CRLF.

        Returns:
            How many octets go out, dots included.
        """
        if self._sending is not Sending.DATA:
            raise LocalProtocolError("DATA was not accepted")
        encoded = self._encoder.encode(octets)
        self._write_message(encoded)
        return len(encoded)

    def complete_data(self) -> None:
        """Send what completes the last line of the message, but not yet its end."""
        if self._sending is not Sending.DATA:
            raise LocalProtocolError("DATA was not accepted")
        self._write_message(self._encoder.end())

    def end_data(self) -> None:
        """Send the final dot; from here on only its reply tells whether the message was taken.

        Where the server offered PIPELINING, the next envelope may follow at once: "the actual
        transfer of message content is explicitly allowed to be the first 'command' in a group"
        (RFC 2920 section 3.1).
        """
        self.complete_data()
        self._output.write(FINAL_DOT)
        self._sending = Sending.NOTHING
        self._mail = None
        if self.lmtp:
            self._waiting.extend(EndOfData(index) for index in range(self._accepted))
        else:
            self._waiting.append(EndOfData())

    def send_chunk(self, octets: bytes) -> None:
        """Send octets of the BDAT chunk that was announced; they go out as they are.

        Raises:
            LocalProtocolError: More than announced, nothing was announced, or a bare CR or LF in a
                body that is not BINARYMIME.
        """
        if self._sending is not Sending.CHUNK or len(octets) > self._chunk_left:
            raise LocalProtocolError(f"{len(octets)} octets of {self._chunk_left} announced ones")
        self._inspector.inspect(octets)
        if self._inspector.flaw is Flaw.BARE_CR_OR_LF:
            raise LocalProtocolError("a bare CR or LF is sent in a BINARYMIME body only")
        self._write_message(octets)
        self._chunk_left -= len(octets)
        if not self._chunk_left:
            self._sending = Sending.NOTHING
            if self._last_chunk:
                self._mail = None

    # -- TLS

    def starting_tls(self) -> None:
        """Check that nothing came behind the reply to STARTTLS; call it before TLS begins.

        Raises:
            RemoteProtocolError: Octets in the clear would be taken for octets inside TLS.
        """
        if not self._reader.empty:
            raise RemoteProtocolError("octets in the clear behind the reply to STARTTLS")

    def tls_started(self) -> None:
        """Forget what the server said in the clear (RFC 3207 section 4.2)."""
        self.starting_tls()
        self.tls = True
        self.extensions = Extensions()

    # -- rules

    def _check(self, command: Sendable) -> None:
        if not self._greeted:
            raise LocalProtocolError("the server has not greeted us yet")
        if isinstance(command, AuthResponse | AuthCancel):
            if self._sending is not Sending.AUTH:
                raise LocalProtocolError("no challenge waits for an answer")
            return
        if self._sending is not Sending.NOTHING:
            raise LocalProtocolError(f"the server waits for {self._sending.value}")
        if self._waiting:
            if "PIPELINING" not in self.extensions:
                raise LocalProtocolError("the server does not take commands before it replied")
            if isinstance(self._waiting[-1], _LAST_OF_GROUP):
                raise LocalProtocolError("nothing may follow before the reply to the last command")
        if isinstance(command, Mail):
            self._check_mail(command)
        elif isinstance(command, Rcpt):
            self._check_rcpt(command)
        elif isinstance(command, Bdat):
            self._need("CHUNKING")
        elif isinstance(command, StartTls):
            self._need("STARTTLS")
            if self.tls:
                raise LocalProtocolError("TLS is on already")
        elif isinstance(command, Auth) and self.authenticated:
            raise LocalProtocolError("we are logged in already")
        elif (
            isinstance(command, Data) and self._mail is not None and self._mail.body is Body.BINARY
        ):
            raise LocalProtocolError("BINARYMIME is sent by BDAT (RFC 3030 section 3)")

    def _check_mail(self, mail: Mail) -> None:
        if mail.size is not None:
            self._need("SIZE")
        if mail.body is not None:
            self._need("BINARYMIME" if mail.body is Body.BINARY else "8BITMIME")
        if mail.smtputf8:
            self._need("SMTPUTF8")
        if mail.ret is not None or mail.envid is not None:
            self._need("DSN")
        if mail.requiretls:
            if not self.tls:
                raise LocalProtocolError("REQUIRETLS needs TLS (RFC 8689 section 4.2.1)")
            self._need("REQUIRETLS")
        if mail.auth is not None:
            self._need("AUTH")
        if mail.sender is not None and not mail.sender.ascii and not mail.smtputf8:
            raise LocalProtocolError("an address beyond ASCII needs SMTPUTF8")

    def _check_rcpt(self, rcpt: Rcpt) -> None:
        if rcpt.notify is not None or rcpt.orcpt is not None:
            self._need("DSN")
        if not rcpt.recipient.ascii and (self._mail is None or not self._mail.smtputf8):
            raise LocalProtocolError("an address beyond ASCII needs SMTPUTF8")

    def _write_message(self, octets: bytes) -> None:
        # A transcript shows how much of the message went out, not the message.
        if octets:
            self._output.write_secret(octets, f"<{len(octets)} octets of the message>\r\n")

    def _need(self, extension: str) -> None:
        if extension not in self.extensions:
            raise LocalProtocolError(f"the server does not offer {extension}")

    def _write(self, command: Sendable) -> None:
        if isinstance(command, AuthCancel):
            self._output.write(b"*\r\n")
        elif isinstance(command, AuthResponse):
            line = base64.b64encode(command.octets)
            if len(line) + 2 > MAX_AUTH_OCTETS:
                raise ValueError("the response is longer than AUTH allows")
            self._output.write_secret(line, command.mask)
            self._output.write(b"\r\n")
        elif isinstance(command, Auth) and command.initial is not None:
            line = encode_command(command)[:-2]
            initial = base64.b64encode(command.initial) or b"="
            if len(line) + len(initial) + 3 > MAX_AUTH_OCTETS:
                raise ValueError("the initial response is longer than AUTH allows")
            self._output.write(line + b" ")
            self._output.write_secret(initial, command.mask)
            self._output.write(b"\r\n")
        else:
            self._output.write(encode_command(command))

    # -- what an answer changes

    def _apply(self, command: Sendable | EndOfData, answer: Reply) -> None:
        match command:
            case Hello() if answer.positive:
                self.extensions = Extensions.parse(answer) if command.extended else Extensions()
            case Mail() if answer.positive:
                self._accepted = 0
            case Rcpt() if answer.positive:
                self._accepted += 1
            case Data() if answer.intermediate:
                self._sending = Sending.DATA
                self._encoder = DataEncoder()
            case Bdat() if command.last and self.lmtp and answer.positive:
                # The first reply came; the others of RFC 2033 section 4.2 follow.
                self._waiting.extendleft(
                    EndOfData(index) for index in range(self._accepted - 1, 0, -1)
                )
            case Auth() | AuthResponse():
                self._sending = Sending.AUTH if answer.code == 334 else Sending.NOTHING
                self.authenticated = answer.code == 235
            case Quit():
                self.closing = True
            case _:
                pass
