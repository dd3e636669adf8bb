"""Clients that work until the connection breaks, and note what they ask for and what they are told.

Each is a thread with a connection of its own, named for what it does. What an answer says that is
no acknowledgement is a fault of the server; a broken connection is its death.
"""

from __future__ import annotations

import imaplib
import itertools
import poplib
import re
import smtplib
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, ClassVar

from tests.killed_server.ledger import Ledger, Outcome, Place
from tests.killed_server.victim import PASSWORD

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

MAILBOXES = ("INBOX", "Flags", "Doomed", "From", "To")
_LARGE_OCTETS = 1_200_000  # goes to the disk as it arrives
_NAME = re.compile(rb"message-id: (<[^>]+>)", re.IGNORECASE)
# The connection broke. An answer that is no acknowledgement is another exception.
_BROKEN = (OSError, EOFError, smtplib.SMTPServerDisconnected, imaplib.IMAP4.abort)


class _Pop3(poplib.POP3):
    """Closes its connection where the server dies before it greets, which poplib leaves open."""

    def __init__(self, port: int) -> None:
        try:
            super().__init__("127.0.0.1", port)
        except (OSError, EOFError, poplib.error_proto):
            if hasattr(self, "file"):
                self.close()
            raise


class RefusedError(Exception):
    """The server did not do what it had no reason not to do."""


class Worker(threading.Thread):
    """One client.

    Attributes:
        kinds: What it may be doing when the server is killed.
        doing: The command under way, "" between two.
        acknowledged: How many commands were.
        refusals: Answers that were none.
    """

    user: ClassVar[str] = "alice"
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, ports: dict[str, int], ledger: Ledger, prefix: str, chance: random.Random
    ) -> None:
        super().__init__(name=type(self).__name__.lower(), daemon=True)
        self.ports = ports
        self.ledger = ledger
        self.chance = chance
        self.doing = ""
        self.acknowledged = 0
        self.refusals: list[str] = []
        self._open = ExitStack()
        self._names = (f"<{self.name}.{prefix}.{n}@test>" for n in itertools.count())

    def run(self) -> None:
        """Work until the connection breaks."""
        try:
            with self._open:
                self.work()
        except _BROKEN:
            return
        except poplib.error_proto as error:
            if b"EOF" not in str(error).encode():
                self.refusals.append(f"{self.name}: {error}")
        except (RefusedError, smtplib.SMTPException, imaplib.IMAP4.error) as error:
            self.refusals.append(f"{self.name}: {error}")

    def work(self) -> None:
        """Connect, and work."""
        raise NotImplementedError

    def begin(self, doing: str, asked: Mapping[str, Outcome]) -> None:
        """Before a command is sent."""
        self.ledger.begin(asked)
        self.doing = doing

    def done(self, asked: Mapping[str, Outcome]) -> None:
        """After it was acknowledged."""
        self.ledger.done(asked)
        self.doing = ""
        self.acknowledged += 1

    def mail(self, octets: int = 2000) -> tuple[str, bytes]:
        """Make a message; returns its Message-ID and its octets."""
        name = next(self._names)
        body = b"x" * 70 + b"\r\n"
        return name, f"Message-ID: {name}\r\nSubject: kill\r\n\r\n".encode() + body * (octets // 72)

    def imap(self) -> imaplib.IMAP4:
        """Log in."""
        client = imaplib.IMAP4("127.0.0.1", self.ports["imap"])
        self._open.callback(client.shutdown)
        client.login(self.user, PASSWORD)
        return client

    def append(self, client: imaplib.IMAP4, mailbox: str) -> None:
        """Append a message, now and then a large one."""
        large = self.chance.random() < 0.05
        name, octets = self.mail(_LARGE_OCTETS if large else 2000)
        self.begin("APPEND of 1 MB" if large else "APPEND", {name: Place(mailbox)})
        _, answer = _fine(client.append(mailbox, "", None, octets))
        found = re.search(rb"APPENDUID \d+ (\d+)", answer[0])
        if found is None:
            raise RefusedError(f"no APPENDUID in {answer}")
        self.done({name: Place(mailbox, int(found[1]))})

    def some(self, mailbox: str, most: int) -> dict[str, Place]:
        """Choose messages of a mailbox of one's own."""
        there = sorted(self.ledger.there(mailbox).items())
        return dict(self.chance.sample(there, min(len(there), self.chance.randint(1, most))))


class Sender(Worker):
    """Delivers by SMTP, now and then a large message."""

    kinds = ("DATA", "DATA of 1 MB")

    def work(self) -> None:
        """Deliver."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"]) as smtp:
            while True:
                large = self.chance.random() < 0.05
                name, octets = self.mail(_LARGE_OCTETS if large else 2000)
                self.begin("DATA of 1 MB" if large else "DATA", {name: Place("INBOX")})
                smtp.sendmail("a@x.test", ["alice@localhost"], octets)
                self.done({name: Place("INBOX")})


class Appender(Worker):
    """Appends to the INBOX, into which others deliver."""

    kinds = ("APPEND", "APPEND of 1 MB")

    def work(self) -> None:
        """Append."""
        client = self.imap()
        while True:
            self.append(client, "INBOX")


class Marker(Worker):
    """Changes flags."""

    kinds = ("STORE",)

    def work(self) -> None:
        """Mark."""
        client = self.imap()
        while len(self.ledger.there("Flags")) < 30:
            self.append(client, "Flags")
        client.select("Flags")
        flags = ["\\Seen", "\\Flagged", "\\Answered", "$Work"]
        while True:
            chosen = self.some("Flags", 8)
            wanted = frozenset(each for each in flags if self.chance.random() < 0.5)
            asked = {name: Place("Flags", at.uid, wanted) for name, at in chosen.items()}
            self.begin("STORE", asked)
            _fine(client.uid("STORE", _uids(chosen), "FLAGS", f"({' '.join(sorted(wanted))})"))
            self.done(asked)


class Expunger(Worker):
    """Removes what it appended."""

    kinds = ("EXPUNGE",)

    def work(self) -> None:
        """Append, mark as deleted, expunge."""
        client = self.imap()
        client.select("Doomed")
        while True:
            while len(self.ledger.there("Doomed")) < 6:
                self.append(client, "Doomed")
            chosen = self.some("Doomed", 4)
            deleted = frozenset({"\\Deleted"})
            marked = {name: Place("Doomed", at.uid, deleted) for name, at in chosen.items()}
            self.begin("STORE", marked)
            _fine(client.uid("STORE", _uids(chosen), "FLAGS.SILENT", "(\\Deleted)"))
            self.done(marked)
            self.begin("EXPUNGE", dict.fromkeys(chosen))
            _fine(client.uid("EXPUNGE", _uids(chosen)))
            self.done(dict.fromkeys(chosen))


class Mover(Worker):
    """Moves what it appended."""

    kinds = ("MOVE",)

    def work(self) -> None:
        """Append, move."""
        client = self.imap()
        client.select("From")
        while True:
            while len(self.ledger.there("From")) < 6:
                self.append(client, "From")
            chosen = self.some("From", 4)
            self.begin("MOVE", {name: Place("To", None, at.flags) for name, at in chosen.items()})
            client.response("COPYUID")  # forget an earlier one
            _fine(client.uid("MOVE", _uids(chosen), "To"))
            told = client.response("COPYUID")[1][-1]
            if told is None:
                raise RefusedError("no COPYUID")
            _, source, target = told.decode().split()
            places = dict(zip(_members(source), _members(target), strict=True))
            self.done(
                {
                    name: Place("To", places[at.uid], at.flags)
                    for name, at in chosen.items()
                    if at.uid is not None
                }
            )


class Collector(Worker):
    """Empties a maildrop by POP3, into which it puts mail itself."""

    user = "bob"
    kinds = ("QUIT of POP3",)

    def work(self) -> None:
        """Fill, collect, delete, quit."""
        client = self.imap()
        while True:
            while len(self.ledger.there("INBOX")) < 6:
                self.append(client, "INBOX")
            with closing(_Pop3(self.ports["pop3"])) as pop:
                self._collect(pop)

    def _collect(self, pop: poplib.POP3) -> None:
        pop.user(self.user)
        pop.pass_(PASSWORD)
        chosen: dict[str, Outcome] = {}
        for number in range(1, len(pop.list()[1]) + 1):
            if self.chance.random() < 0.5:
                found = _NAME.search(b"\r\n".join(pop.top(number, 0)[1]))
                if found is None:
                    raise RefusedError("a message without its Message-ID")
                pop.dele(number)
                chosen[found[1].decode()] = None
        self.begin("QUIT of POP3", chosen)
        pop.quit()
        self.done(chosen)


class Submitter(Worker):
    """Submits mail for elsewhere; some of it is refused there, and comes back as a report.

    Attributes:
        sent: Message-IDs that were taken, and whether a report has to come.
        tried: Every Message-ID.
    """

    user = "dave"
    kinds = ("submission",)
    sent: dict[str, bool]
    tried: set[str]

    def work(self) -> None:
        """Submit."""
        with smtplib.SMTP("127.0.0.1", self.ports["submission"]) as smtp:
            smtp.login(self.user, PASSWORD)
            while True:
                name, octets = self.mail()
                refused = self.chance.random() < 0.2
                self.tried.add(name)
                self.doing = "submission"
                to = "refused@else.test" if refused else "x@else.test"
                smtp.sendmail("dave@localhost", [to], b"From: dave@localhost\r\n" + octets)
                self.sent[name] = refused
                self.doing = ""
                self.acknowledged += 1


WORKERS: tuple[type[Worker], ...] = (
    Sender, Sender, Appender, Marker, Expunger, Mover, Collector, Submitter,
)  # fmt: skip


def look(ports: dict[str, int], ledger: Ledger, mailboxes: Sequence[str]) -> None:
    """Compare everything a user has with the ledger."""
    client = imaplib.IMAP4("127.0.0.1", ports["imap"])
    try:
        client.login(ledger.user, PASSWORD)
        found: dict[str, list[Place]] = {}
        for mailbox in mailboxes:
            client.create(mailbox)  # there already, from the second time on
            told = _fine(client.status(mailbox, "(UIDVALIDITY UIDNEXT)"))[1][0].decode()
            numbers = [int(each) for each in re.findall(r"[A-Z] (\d+)", told)]
            ledger.look(mailbox, *numbers)
            client.select(mailbox, readonly=True)
            items = "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
            for part in client.uid("FETCH", "1:*", items)[1]:
                if isinstance(part, tuple):
                    _place(found, mailbox, part)
        ledger.settle(found)
    finally:
        client.shutdown()


def empty(ports: dict[str, int], ledger: Ledger, mailbox: str) -> None:
    """Expunge everything in a mailbox."""
    client = imaplib.IMAP4("127.0.0.1", ports["imap"])
    try:
        client.login(ledger.user, PASSWORD)
        client.select(mailbox)
        gone = dict.fromkeys(ledger.there(mailbox))
        ledger.begin(gone)
        _fine(client.uid("STORE", "1:*", "FLAGS.SILENT", "(\\Deleted)"))
        _fine(client.expunge())
        ledger.done(gone)
    finally:
        client.shutdown()


def _place(found: dict[str, list[Place]], mailbox: str, part: tuple[bytes, bytes]) -> None:
    name, uid = _NAME.search(part[1]), re.search(rb"UID (\d+)", part[0])
    flags = re.search(rb"FLAGS \(([^)]*)\)", part[0])
    if name is None or uid is None or flags is None:
        raise RefusedError(f"an answer without what was asked for: {part[0]!r}")
    words = frozenset(flags[1].decode().split()) - {"\\Recent"}
    found.setdefault(name[1].decode(), []).append(Place(mailbox, int(uid[1]), words))


def _uids(chosen: Mapping[str, Place]) -> str:
    return ",".join(str(place.uid) for place in chosen.values())


def _members(text: str) -> list[int]:
    members: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        members += range(int(first), int(last or first) + 1)
    return members


def _fine(answer: tuple[str, list[bytes]]) -> tuple[str, list[bytes]]:
    if answer[0] != "OK":
        raise RefusedError(str(answer))
    return answer
