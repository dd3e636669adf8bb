"""Records the dialogues in `imap/` anew: `python -m tests.conformance.record_imap [COURIER]`.

Dovecot runs on loopback. COURIER is a folder into which Debian's courier-imap, courier-base,
courier-authlib, libcourier-unicode4 and libgamin0 were unpacked (`apt-get download`, `dpkg -x`:
mail servers conflict when they are installed); its `imapd` is run with the user logged in already.
Users exist nowhere else, so that the password in the records is nobody's secret.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.wire.imap import flags
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.capability import Capability
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.condition import Tagged
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.enable import Enable
from desktopmail.wire.imap.expunge import Expunge
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import BinaryItem, BodyItem, Item, PreviewItem
from desktopmail.wire.imap.id import Id
from desktopmail.wire.imap.list import List, Lsub
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.namespace import Namespace
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.quota import GetQuotaRoot
from desktopmail.wire.imap.rename import Rename
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import EVERYTHING, And, Dated, Has, HeaderHas, Is, Not, Or
from desktopmail.wire.imap.section import HEADER, Partial, Section, SectionText
from desktopmail.wire.imap.select import Close, QResync, Select, Unselect
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from desktopmail.wire.imap.sort import Sort, SortBy, SortKey
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.status import Status, StatusItem
from desktopmail.wire.imap.store import Store, StoreMode
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
from desktopmail.wire.imap.thread import Thread
from desktopmail.wire.secret import Secret
from tests.helpers.dovecot import running_dovecot

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.wire.imap.command import Command

HERE = Path(__file__).parent / "imap"
USER, PASSWORD = "mrose", "tanstaaf"

PLAIN = (
    b"From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>\r\nTo: Marshall Rose <mrose@example.org>,\r\n"
    b' "quo\\"ted" <q@example.org>, group: a@example.org, b@example.org;\r\n'
    b"Subject: one (1) {5}\r\n"
    b"Message-ID: <one@example.org>\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\nHello.\r\n"
)
NESTED = (
    b"From: a@example.org\r\nSubject: =?utf-8?b?w6TDtsO8?=\r\nIn-Reply-To: <one@example.org>\r\n"
    b"References: <one@example.org>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    b'Content-Type: multipart/alternative; boundary="c"\r\n\r\n--c\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\n\r\none\r\n--c\r\n"
    b"Content-Type: text/html\r\n\r\n<p>one\r\n"
    b"--c--\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + PLAIN + b"--b\r\n"
    b"Content-Type: application/octet-stream; name*=utf-8''%C3%A4.bin\r\n"
    b"Content-ID: <cid@example.org>\r\n"
    b"Content-Transfer-Encoding: base64\r\nContent-Language: de, en\r\n"
    b'Content-Disposition: attachment; filename="a b.bin"\r\n\r\nAAEC\r\n--b--\r\n'
)
BROKEN = (
    b'From: \r\nTo: undisclosed-recipients:;\r\nSubject: \xff\xfe 8 bit \\ and "\r\n'
    b"Content-Type: multipart/mixed; boundary=nowhere\r\n\r\nno parts at all\r\n"
)
WHEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DATES = Section((), SectionText.HEADER_FIELDS, (b"DATE", b"FROM"))


class Talk:
    """One connection whose lines are kept, led by our machine."""

    def __init__(self, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._read = read
        self._write = write
        self.machine = ClientConnection()
        self.kept: list[bytes] = []
        self._sender = b""
        while self.machine.state is State.GREETING:
            self._hear()

    def ask(self, command: Command, *, needs: str = "") -> Tagged | None:
        """Send a command and hear its answer; nothing is sent when what it needs is not offered."""
        if needs and not self.machine.offers(needs):
            return None
        tag = self.machine.send(command)
        while True:
            said = b"".join(segment.octets for segment in self.machine.take_output())
            if said:
                self._keep(b"C", said)
                self._write(said)
            event = self.machine.next_event()
            if isinstance(event, Tagged) and event.tag == tag:
                return event
            # A literal may have got its leave.
            if event is None and not self.machine.has_output:
                self._hear()

    def _hear(self) -> None:
        octets = self._read()
        if not octets:
            raise RuntimeError(f"the server closed: {self.kept[-3:]}")
        self._keep(b"S", octets)
        self.machine.receive(octets)
        if self.machine.state is State.GREETING:
            self.machine.next_event()

    def _keep(self, sender: bytes, octets: bytes) -> None:
        if sender == self._sender:
            self.kept[-1] += octets
        else:
            self.kept.append(octets)
        self._sender = sender

    def text(self) -> bytes:
        """The dialogue as `C: ` and `S: ` lines, the server first."""
        lines = []
        for place, octets in enumerate(self.kept):
            sender = b"C: " if place % 2 else b"S: "
            lines += [sender + line for line in octets.removesuffix(b"\r\n").split(b"\r\n")]
        return b"\n".join(lines) + b"\n"


def session(talk: Talk) -> None:
    """Everything a client does."""
    ask = talk.ask
    ask(Capability())
    if talk.machine.state is State.NOT_AUTHENTICATED:
        ask(Login(USER, Secret("wrong")))
        ask(Login(USER, Secret(PASSWORD)))
        ask(Capability())
    ask(Id((("name", "desktopmail"),)), needs="ID")
    ask(Namespace(), needs="NAMESPACE")
    ask(List("", ("",)))
    # Courier keeps everything below INBOX.
    prefix = "INBOX." if talk.machine.offers("ACL2=UNION") or not talk.machine.offers("ID") else ""
    first, second = f"{prefix}Entwürfe & mehr", f'{prefix}quo"te \\'
    for name in (first, second):
        ask(Create(name))
        ask(Subscribe(name))
    ask(List())
    ask(Lsub())
    ask(List(returns=frozenset({"SPECIAL-USE", "SUBSCRIBED"})), needs="LIST-EXTENDED")
    ask(List(status=(StatusItem.MESSAGES, StatusItem.UIDNEXT)), needs="LIST-STATUS")
    ask(Append(first, (AppendMessage(PLAIN, frozenset({flags.SEEN}), WHEN),)))
    for octets in (NESTED, BROKEN):
        ask(Append(first, (AppendMessage(octets, date=WHEN),)))
    ask(Status(first, (StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UNSEEN)))
    ask(GetQuotaRoot(first), needs="QUOTA")
    ask(Enable(frozenset({"QRESYNC"})), needs="QRESYNC")
    ask(Select(first))
    everything = UidSet.all()
    ask(Fetch(everything, (Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE)))
    ask(Fetch(everything, (Item.BODY_STRUCTURE, Item.BODY)))
    ask(Fetch(everything, (BodyItem(),)))
    ask(Fetch(SeqSet.parse(b"1:2"), (BodyItem(HEADER), BodyItem(DATES), Item.RFC822_TEXT)))
    parts = [Section((1, 1)), Section((2,), SectionText.HEADER), Section((3,), SectionText.MIME)]
    ask(Fetch(UidSet.parse(b"2"), tuple(BodyItem(part) for part in parts)))
    ask(
        Fetch(
            UidSet.parse(b"1"),
            (BodyItem(partial=Partial(10, 20)), BodyItem(partial=Partial(9999, 5))),
        )
    )
    ask(Fetch(UidSet.parse(b"2"), (BinaryItem((3,)),)), needs="BINARY")
    ask(Fetch(everything, (PreviewItem(),)), needs="PREVIEW")
    ask(Fetch(everything, (Item.SAVE_DATE, Item.MODSEQ)), needs="SAVEDATE")
    ask(Fetch(UidSet.parse(b"77"), (Item.FLAGS,)))
    ask(Store(UidSet.parse(b"1:2"), StoreMode.ADD, frozenset({flags.FLAGGED, flags.flag("todo")})))
    ask(Store(SeqSet.parse(b"1"), StoreMode.REMOVE, frozenset({flags.FLAGGED}), silent=True))
    ask(
        Store(everything, StoreMode.ADD, frozenset({flags.SEEN}), unchanged_since=1),
        needs="CONDSTORE",
    )
    ask(Search(EVERYTHING))
    ask(Search(And((Or(Is("SEEN"), Has("SUBJECT", b"one")), Not(Is("DELETED")))), uid=False))
    ask(Search(HeaderHas(b"Message-ID", b"<one@example.org>")))
    ask(Search(Has("SUBJECT", "äöü".encode()), charset="UTF-8"))
    ask(Search(Dated("SINCE", date(2030, 1, 1))))
    ask(Search(EVERYTHING, returns=frozenset({"MIN", "MAX", "COUNT", "ALL"})), needs="ESEARCH")
    ask(Sort((SortBy(SortKey.SIZE, reverse=True),), EVERYTHING), needs="SORT")
    ask(Thread("REFERENCES", EVERYTHING), needs="THREAD=REFERENCES")
    ask(Copy(UidSet.parse(b"1:2"), second))
    ask(Move(UidSet.parse(b"2"), second), needs="MOVE")
    ask(Copy(UidSet.parse(b"1"), f"{prefix}nowhere"))
    ask(Store(UidSet.parse(b"1"), StoreMode.ADD, frozenset({flags.DELETED})))
    ask(Expunge(UidSet.parse(b"1")), needs="UIDPLUS")
    ask(Expunge())
    ask(Noop())
    ask(Unselect(), needs="UNSELECT")
    ask(Select(second, readonly=True))
    ask(Store(UidSet.all(), StoreMode.ADD, frozenset({flags.DELETED})))
    ask(Select(second, qresync=QResync(1, 1)), needs="QRESYNC")
    ask(Close())
    ask(Select(f"{prefix}nowhere"))
    ask(Unsubscribe(first))
    ask(Rename(first, f"{prefix}日本語"))
    ask(Delete(f"{prefix}日本語"))
    ask(Delete(second))
    ask(Delete("INBOX"))
    ask(Logout())


def keep(talk: Talk, server: str, name: str) -> None:
    """Write a dialogue down."""
    remark = f"# {server}, recorded by {Path(__file__).name}\n".encode()
    (HERE / f"{name}.txt").write_bytes(remark + talk.text())


def record_dovecot() -> None:
    """Record Dovecot."""
    with running_dovecot({USER: PASSWORD}) as server:
        with socket.create_connection(("127.0.0.1", server.imap), timeout=10) as connection:
            talk = Talk(lambda: connection.recv(65536), connection.sendall)
            session(talk)
        keep(talk, "Dovecot 2.3 (Debian 12)", "dovecot-session")


def record_courier(folder: Path) -> None:
    """Record Courier, unpacked into a folder."""
    libraries = {str(found.parent) for found in folder.rglob("*.so*")}
    (program,) = folder.glob("usr/bin/imapd")
    with tempfile.TemporaryDirectory() as home:
        for name in ("cur", "new", "tmp"):
            (Path(home) / "Maildir" / name).mkdir(parents=True)
        environment = {
            **os.environ,
            "AUTHENTICATED": USER,
            "HOME": home,
            "LD_LIBRARY_PATH": ":".join(sorted(libraries)),
            "IMAP_CAPABILITY": "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT "
            "THREAD=REFERENCES SORT QUOTA ACL ACL2=UNION",
        }
        with subprocess.Popen(
            [program, "Maildir"],
            cwd=home,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            into, out = process.stdin, process.stdout.fileno()

            def write(octets: bytes) -> None:
                into.write(octets)
                into.flush()

            # The first line tells that the file monitor does not run, as it does when installed.
            greeting = b""
            while not greeting.endswith(b"PREAUTH Ready.\r\n"):
                greeting += os.read(out, 65536)
            pending = [greeting[greeting.index(b"* PREAUTH") :]]
            talk = Talk(lambda: pending.pop() if pending else os.read(out, 65536), write)
            session(talk)
        keep(talk, "Courier 5.0.13 (Debian 12)", "courier-session")


def main() -> None:
    """Record everything."""
    HERE.mkdir(exist_ok=True)
    record_dovecot()
    if len(sys.argv) > 1:
        record_courier(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
