"""All six machines of the wire in the situations that matter, fed and answered in one way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.authenticate import Authenticate
from desktopmail.wire.imap.condition import Condition, Continue, Tagged
from desktopmail.wire.imap.cutter import LiteralPiece
from desktopmail.wire.imap.enable import Enable
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import EVERYTHING
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.server import BadCommand, CommandReceived, ContinuationReceived, IdleDone
from desktopmail.wire.imap.starttls import StartTls as ImapStartTls
from desktopmail.wire.imap.state import State
from desktopmail.wire.pop3 import events as pop3
from desktopmail.wire.pop3.auth import Auth as Pop3Auth
from desktopmail.wire.pop3.auth import AuthList
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.client import ClientConnection as Pop3Client
from desktopmail.wire.pop3.command import Quit as Pop3Quit
from desktopmail.wire.pop3.lang import Lang
from desktopmail.wire.pop3.listing import List, Stat, Uidl
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.reply import error, ok
from desktopmail.wire.pop3.stls import Stls
from desktopmail.wire.secret import Secret
from desktopmail.wire.smtp import events as smtp
from desktopmail.wire.smtp.auth import Auth, AuthResponse
from desktopmail.wire.smtp.client import ClientConnection as SmtpClient
from desktopmail.wire.smtp.control import Data, StartTls
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import reply
from desktopmail.wire.smtp.server import ServerConnection as SmtpServer
from tests.helpers.imap import new_client, new_server
from tests.helpers.pop3 import client_in_transaction, server_in_transaction, server_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EARLY = State.NOT_AUTHENTICATED
_KEYWORDS = ("PIPELINING", "CHUNKING", "BINARYMIME", "8BITMIME", "SMTPUTF8", "DSN", "SIZE")
OFFERED = Extensions("h.example", dict.fromkeys(_KEYWORDS, ()) | {"AUTH": ("PLAIN",)})


@dataclass(frozen=True)
class Seen:
    """What came of octets.

    Attributes:
        events: Texts of the events, neighbouring pieces of data joined.
        fault: The limit, or "malformed", where the peer was blamed.
        output: What the machine wants to send.
    """

    events: tuple[object, ...]
    fault: str | None
    output: bytes


@dataclass(frozen=True)
class Situation:
    """A machine that waits for something.

    Attributes:
        name: What tests call it.
        make: Makes it anew.
        answer: Answers an event as a peaceful pump does; False ends the connection.
    """

    name: str
    make: Callable[[], Any]
    answer: Callable[[Any, Any], bool]

    def see(self, pieces: Iterable[bytes], *, eof: bool = False) -> Seen:
        """Feed pieces, answering whatever comes."""
        machine = self.make()
        events: list[Any] = []
        fault = None
        try:
            for piece in pieces:
                machine.receive(piece)
                if not self._drain(machine, events):
                    break
            else:
                if eof:
                    machine.receive_eof()
                    self._drain(machine, events)
        except RemoteProtocolError as error:
            fault = error.limit or "malformed"
        output = b"".join(segment.octets for segment in machine.take_output())
        return Seen(tuple(_joined(events)), fault, output)

    def count(self, pieces: Iterable[bytes]) -> int:
        """Feed pieces and count the events, keeping none of them."""
        machine = self.make()
        count = 0
        try:
            for piece in pieces:
                machine.receive(piece)
                while (event := machine.next_event()) is not None:
                    count += 1
                    if not self.answer(machine, event):
                        return count
                machine.take_output()
        except RemoteProtocolError:
            return count
        return count

    def _drain(self, machine: Any, events: list[Any]) -> bool:
        while (event := machine.next_event()) is not None:
            events.append(event)
            if not self.answer(machine, event):
                return False
        return True


def _joined(events: list[Any]) -> Iterable[object]:
    held: list[bytes] = []
    for event in events:
        if isinstance(event, LiteralPiece | smtp.MessageData | pop3.Data):
            held.append(event.octets)
            if not (isinstance(event, pop3.Data) and event.is_last):
                continue
        if held:
            if octets := b"".join(held):
                yield octets
            held.clear()
        yield type(event).__name__ if isinstance(event, pop3.Data) else repr(event)
    if octets := b"".join(held):
        yield octets


def _only_events(_machine: Any, event: Any) -> bool:
    return not isinstance(event, pop3.Closed)


def _imap_server(machine: Any, event: Any) -> bool:
    if isinstance(event, CommandReceived) and event.command.name in {b"IDLE", b"AUTHENTICATE"}:
        machine.send(Continue(None if event.command.name == b"IDLE" else b"?"))
    elif isinstance(event, BadCommand):
        machine.send(event.refusal)
    elif isinstance(event, CommandReceived | ContinuationReceived | IdleDone):
        machine.send(Tagged(event.tag, Condition.NO, None, "not now"))
    return True


def _smtp_server(machine: SmtpServer, event: Any) -> bool:
    match event:
        case smtp.MessageData() | smtp.Closed():
            return not isinstance(event, smtp.Closed)
        case Hello():
            machine.greet(OFFERED)
        case Data():
            machine.send(reply(354, "go on"))
        case Auth():
            machine.send(reply(334, ""))
        case AuthResponse() | StartTls():
            machine.send(reply(454, "not now"))
        case smtp.BadCommand():
            machine.send(event.reply)
            return not event.fatal
        case smtp.MessageEnd():
            transaction = machine.transaction
            replies = len(transaction.recipients) if machine.lmtp and transaction else 1
            for _ in range(replies):
                machine.send(reply(550, "no") if event.flaw else reply(250, "done"))
        case _:
            machine.send(reply(250, "done"))
    return True


def _pop3_server(machine: Any, event: Any) -> bool:
    if isinstance(event, pop3.Closed):
        return False
    if isinstance(event, pop3.Received) and isinstance(event.command, Pop3Auth):
        machine.challenge(b"?")
    elif isinstance(event, pop3.Received) and not isinstance(event.command, Stls):
        machine.send(ok())
    else:
        machine.send(error("not now"))
    return not (isinstance(event, pop3.Received) and isinstance(event.command, Pop3Quit))


def _sent(machine: Any, *commands: Any) -> Any:
    for command in commands:
        machine.send(command)
    machine.take_output()
    return machine


def _imap_client(stream_over_octets: int | None, state: State, *commands: Any) -> Any:
    return _sent(new_client(state, stream_over_octets=stream_over_octets), *commands)


def _smtp_client(lmtp: bool, *commands: Any) -> Any:
    client = SmtpClient(lmtp=lmtp)
    hello = Hello("LHLO" if lmtp else "EHLO", "me.example")
    client.receive(b"220 h.example\r\n")
    client.next_event()
    client.send(hello)
    lines = [*OFFERED.lines(), "STARTTLS"]
    client.receive(b"".join(b"250-%b\r\n" % line.encode() for line in lines) + b"250 HELP\r\n")
    client.next_event()
    return _sent(client, *commands)


def _new_smtp_server(lmtp: bool, most: int | None) -> SmtpServer:
    server = SmtpServer(lmtp=lmtp, max_message_octets=most, max_recipients=1 << 30)
    server.open(reply(220, "h.example"))
    server.receive(b"LHLO x\r\n" if lmtp else b"EHLO x\r\n")
    server.next_event()
    server.greet(OFFERED)
    server.take_output()
    return server


def _pop3_client(*commands: Any) -> Any:
    client = Pop3Client()
    client.receive(b"+OK hi <1@h.example>\r\n")
    client.next_event()
    return _sent(client, *commands)


def _imap_server_that_streams(state: State) -> Any:
    server = new_server(state)
    server.stream_over_octets = 8
    return server


_JONES = Mailbox("jones", "h.example")
_UIDS = Fetch(UidSet.all(), (Item.UID,))

SITUATIONS = [
    Situation(f"{protocol}: {name}", make, answer)
    for protocol, answer, situations in (
        ("imap client", _only_events, {
            "selected": lambda: _imap_client(None, State.SELECTED, _UIDS, Search(EVERYTHING)),
            "streaming": lambda: _imap_client(8, State.SELECTED, _UIDS),
            "idle": lambda: _imap_client(None, State.SELECTED, Idle()),
            "append": lambda: _imap_client(
                None, State.SELECTED, Append("x", (AppendMessage(b"hello"),))
            ),
            "enable": lambda: _imap_client(
                None, State.AUTHENTICATED, Enable(frozenset({"UTF8=ACCEPT"}))
            ),
            "login": lambda: _imap_client(None, EARLY, Login("a", Secret("b"))),
            "authenticate": lambda: _imap_client(None, EARLY, Authenticate("PLAIN")),
            "starttls": lambda: _imap_client(None, EARLY, ImapStartTls()),
        }),
        ("imap server", _imap_server, {
            "selected": lambda: new_server(State.SELECTED),
            "streaming": lambda: _imap_server_that_streams(State.SELECTED),
            "before login": lambda: new_server(EARLY),
        }),
        ("smtp client", _only_events, {
            "envelope": lambda: _smtp_client(False, Mail(None), Rcpt(_JONES), Rcpt(_JONES), Data()),
            "lmtp": lambda: _smtp_client(True, Mail(None), Rcpt(_JONES), Data()),
            "auth": lambda: _smtp_client(False, Auth("PLAIN")),
            "starttls": lambda: _smtp_client(False, StartTls()),
            "ehlo": lambda: _smtp_client(False, Hello("EHLO", "me.example")),
            "nothing": lambda: _smtp_client(False),
        }),
        ("smtp server", _smtp_server, {
            "smtp": lambda: _new_smtp_server(False, None),
            "lmtp": lambda: _new_smtp_server(True, None),
            "small": lambda: _new_smtp_server(False, 40),
        }),
        ("pop3 client", _only_events, {
            "messages": lambda: _sent(client_in_transaction(), Retr(1), Retr(2), Top(1, 2)),
            "listings": lambda: _sent(client_in_transaction(), List(), Uidl(), Stat(), Uidl(2)),
            "uidl": lambda: _sent(client_in_transaction(), Uidl()),
            "capa": lambda: _sent(client_in_transaction(), Capa(), Lang(), List(2)),
            "mixed": lambda: _sent(client_in_transaction(), Retr(1), List(), Dele(2), Pop3Quit()),
            "auth": lambda: _pop3_client(Pop3Auth("PLAIN")),
            "stls": lambda: _pop3_client(Stls()),
            "mechanisms": lambda: _pop3_client(AuthList()),
        }),
        ("pop3 server", _pop3_server, {
            "before login": server_ready,
            "transaction": server_in_transaction,
        }),
    )
    for name, make in situations.items()
]  # fmt: skip


def situation(name: str) -> Situation:
    """The situation of a name."""
    (found,) = [each for each in SITUATIONS if each.name == name]
    return found
