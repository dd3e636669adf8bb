"""Another device, and an administrator: what they do at Dovecot, behind the engine's back."""

from __future__ import annotations

import contextlib
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.differential.setup import LITTLE, PLENTY
from tests.helpers.dovecot import as_mail_user

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator

    from tests.differential.ledger import Ledger
    from tests.differential.setup import Setup
    from tests.helpers.dovecot import Dovecot

USER, PASSWORD = "alice", "tanstaaf"
KEYWORDS = ("$label1", "theirs", "NonJunk")
_FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "$Forwarded", *KEYWORDS)
_NAMES = ("Theirs", "Où", "Arbeit", "A", "B")
_SHOWN = {"\\SEEN", "\\FLAGGED", "\\ANSWERED", "\\DELETED", "\\DRAFT"}
_NO_TAGS = {"NONJUNK"}
_MOST_CONNECTIONS = 3

Held = dict[str, list[tuple[bytes, tuple[str, ...]]]]


class Device:
    """Does things at the server, and notes what they may cost."""

    def __init__(
        self, server: Dovecot, setup: Setup, ledger: Ledger, chance: random.Random
    ) -> None:
        self._server = server
        self._setup = setup
        self._ledger = ledger
        self._chance = chance
        self._holds: list[IMAPClient] = []

    def act(self) -> str:
        """Do something; returns what."""
        what = self._chance.choice(self._acts())
        try:
            return f"device: {what()}"
        except (IMAPClientError, OSError) as error:
            return f"device: {what.__name__} {error!r}"

    def _acts(self) -> list[Callable[[], str]]:
        acts: list[Callable[[], str]] = [
            self.marks, self.marks, self.marks, self.copies, self.moves, self.moves, self.expunges,
            self.appends, self.appends, self.appends, self.creates, self.renames, self.deletes,
            self.administers, self.subscribes,
        ]  # fmt: skip
        if self._setup.storage == "maildir":
            acts += [self.delivers, self.delivers, self.loses_indexes]
        if self._setup.few_connections:
            acts.append(self.holds)
        return acts

    @contextmanager
    def _logged_in(self) -> Iterator[IMAPClient]:
        client = IMAPClient("127.0.0.1", self._server.imap, ssl=False, timeout=20)
        try:
            client.login(USER, PASSWORD)
            yield client
        finally:
            with contextlib.suppress(IMAPClientError, OSError):
                client.logout()

    def _some(self, client: IMAPClient) -> tuple[str, dict[int, str]]:
        """Messages of a mailbox that is opened: their subjects by UID."""
        boxes = [path for path, selectable in _listed(client) if selectable]
        self._chance.shuffle(boxes)
        for path in boxes:  # one that is not empty
            client.select_folder(path)
            there = subjects(client)
            if there:
                break
        uids = self._chance.sample(sorted(there), min(len(there), self._chance.randint(1, 4)))
        return path, {uid: there[uid] for uid in uids}

    def _other(self, client: IMAPClient, path: str) -> str:
        boxes = [one for one, selectable in _listed(client) if selectable and one != path]
        return self._chance.choice(boxes)

    def _puts(self, names: Iterable[str], path: str) -> None:
        """Note what may come between a last look into a mailbox and its end."""
        if path in self._ledger.doomed:
            self._ledger.mortal.update(names)

    def marks(self) -> str:
        with self._logged_in() as client:
            path, some = self._some(client)
            flag = self._chance.choice(_FLAGS)
            if not some:
                return f"nothing in {path}"
            if self._chance.random() < 0.6:
                client.add_flags(list(some), [flag])
                return f"+{flag} in {path}: {sorted(some.values())}"
            client.remove_flags(list(some), [flag])
            return f"-{flag} in {path}: {sorted(some.values())}"

    def copies(self) -> str:
        with self._logged_in() as client:
            path, some = self._some(client)
            to = self._other(client, path)
            if some:
                self._ledger.copies.update(some.values())
                client.copy(list(some), to)
            return f"copies {sorted(some.values())} of {path} to {to}"

    def moves(self) -> str:
        with self._logged_in() as client:
            path, some = self._some(client)
            to = self._other(client, path)
            if some:
                self._ledger.moved_there.update(some.values())
                self._puts(some.values(), to)
                if "MOVE" in self._setup.without:
                    client.copy(list(some), to)
                    client.delete_messages(list(some))
                    client.expunge(list(some))
                else:
                    client.move(list(some), to)
            return f"moves {sorted(some.values())} of {path} to {to}"

    def expunges(self) -> str:
        with self._logged_in() as client:
            path, some = self._some(client)
            marked = subjects(client, "DELETED")
            self._ledger.mortal |= {*some.values(), *marked.values()}
            if some:
                client.delete_messages(list(some))
            client.expunge()
            return f"expunges {sorted({*some.values(), *marked.values()})} of {path}"

    def appends(self) -> str:
        with self._logged_in() as client:
            boxes = [one for one, selectable in _listed(client) if selectable]
            path = self._chance.choice([*boxes, "INBOX", "INBOX"])
            made = []
            for _ in range(self._chance.randint(1, 4)):
                subject, octets = self._ledger.new("d")
                flags = self._chance.sample(_FLAGS, self._chance.randint(0, 2))
                client.append(path, octets, flags)
                self._puts([subject], path)
                self._ledger.born(subject)
                made.append(subject)
            return f"appends {made} to {path}"

    def delivers(self) -> str:
        subject, octets = self._ledger.new("n")
        root = self._server.home(USER) / "Maildir"
        held = root / "tmp" / f"{subject}.M1P1.x"
        with as_mail_user(held) as file:
            file.write_bytes(octets.replace(b"\r\n", b"\n"))
        held.rename(root / "new" / held.name)
        self._ledger.born(subject)
        return f"delivers {subject}"

    def creates(self) -> str:
        with self._logged_in() as client:
            name = self._setup.prefix + self._chance.choice(_NAMES)
            if self._chance.random() < 0.3:
                name += self._setup.separator + self._chance.choice(_NAMES)
            client.create_folder(name)
            if self._chance.random() < 0.7:
                client.subscribe_folder(name)
            return f"creates {name}"

    def subscribes(self) -> str:
        with self._logged_in() as client:
            path = self._other(client, "")
            if self._chance.random() < 0.5:
                client.subscribe_folder(path)
                return f"subscribes {path}"
            client.unsubscribe_folder(path)
            return f"unsubscribes {path}"

    def _ordinary(self, client: IMAPClient) -> str | None:
        kept = {self._setup.prefix + name for name in ("Drafts", "Sent", "Trash", "Archive")}
        kept |= {"INBOX", self._setup.prefix.rstrip("./")}
        boxes = [path for path, _ in _listed(client) if path not in kept]
        return self._chance.choice(boxes) if boxes else None

    def renames(self) -> str:
        with self._logged_in() as client:
            path = self._ordinary(client)
            if path is None:
                return "nothing to rename"
            new = f"{self._setup.prefix}{self._chance.choice(_NAMES)}{self._chance.randint(1, 9)}"
            client.rename_folder(path, new)
            return f"renames {path} to {new}"

    def deletes(self) -> str:
        with self._logged_in() as client:
            path = self._ordinary(client)
            if path is None:
                return "nothing to delete"
            with contextlib.suppress(IMAPClientError):  # it may hold mailboxes only
                client.select_folder(path)
                self._ledger.mortal |= {*subjects(client).values()}
            # What is on its way into it may arrive before it goes.
            self._ledger.mortal |= self._ledger.elsewhere
            client.select_folder("INBOX")
            client.delete_folder(path)
            return f"deletes {path}"

    def holds(self) -> str:
        """Take the connections that there may be, for a while."""
        for client in self._holds:
            with contextlib.suppress(IMAPClientError, OSError):
                client.logout()
        if self._holds:
            self._holds = []
            return "lets connections go"
        for _ in range(_MOST_CONNECTIONS - 1):
            client = IMAPClient("127.0.0.1", self._server.imap, ssl=False, timeout=20)
            self._holds.append(client)
            client.login(USER, PASSWORD)
        return "holds connections"

    # The administrator

    def administers(self) -> str:
        if self._chance.random() < 0.4:
            self._server.administer("force-resync", "-u", USER, "*")
            return "force-resync"
        with self._logged_in() as client:
            path, some = self._some(client)
        self._ledger.mortal |= {*some.values()}
        for uid in some:
            self._server.administer("expunge", "-u", USER, "mailbox", path, "uid", str(uid))
        return f"doveadm expunge {sorted(some.values())} of {path}"

    def loses_indexes(self) -> str:
        """Lose what names messages in a mailbox: it gets another UIDVALIDITY."""
        root = self._server.home(USER) / "Maildir"
        folders = sorted(one for one in [root, *root.iterdir()] if (one / "cur").is_dir())
        folder = self._chance.choice(folders)
        self._server.stop()
        for path in [folder / "dovecot-uidlist", *folder.glob("dovecot.index*")]:
            path.unlink(missing_ok=True)
        self._server.start()
        return f"loses the index of {folder.name}"

    def limits(self, *, narrow: bool) -> str:
        """Give the user little room, or plenty; sessions that are there go on as before."""
        rule, other = (LITTLE, PLENTY) if narrow else (PLENTY, LITTLE)
        self._server.configure(
            self._server.configuration.read_text("utf-8").replace(f"*:{other}", f"*:{rule}")
        )
        self._server.administer("kick", USER)
        return f"quota {rule}"

    def restricts(self, *, strict: bool) -> str:
        """Have a mailbox be read only, or not any more."""
        path = self._server.home(USER) / "Maildir" / ".Fixed" / "dovecot-acl"
        if not path.parent.is_dir():
            return "Fixed is not there any more"
        if strict:
            with as_mail_user(path) as file:
                file.write_text("owner lr\n")
        else:
            path.unlink(missing_ok=True)
        self._server.administer("kick", USER)
        return f"Fixed is {'read only' if strict else 'writable'}"

    def rests(self) -> None:
        """Let everything go."""
        if self._holds:
            self.holds()

    # What there is

    def fills(self, count: int) -> None:
        """Have mail there at the beginning."""
        with self._logged_in() as client:
            for _ in range(count):
                subject, octets = self._ledger.new("m")
                client.append("INBOX", octets)
                self._ledger.born(subject)
            if self._setup.read_only:
                client.create_folder(self._setup.prefix + "Fixed")
                client.subscribe_folder(self._setup.prefix + "Fixed")
                subject, octets = self._ledger.new("m")
                client.append(self._setup.prefix + "Fixed", octets)
                self._ledger.born(subject)

    def held(self) -> tuple[Held, set[str], list[str]]:
        """All mail by mailbox, the names that are subscribed, and the subjects of all messages."""
        with self._logged_in() as client:
            found: Held = {}
            every: list[str] = []
            for path, selectable in _listed(client):
                found[path] = []
                if selectable and _opened(client, path):
                    uids = client.search("UNDELETED")  # the others are not shown
                    rows = client.fetch(uids, ["BODY.PEEK[]", "FLAGS"]) if uids else {}
                    found[path] = sorted(
                        (row[b"BODY[]"], shown_flags(row[b"FLAGS"])) for row in rows.values()
                    )
                    every += subjects(client).values()
            subscribed = {row[2] for row in client.list_sub_folders()}
        return found, subscribed, every


def _opened(client: IMAPClient, path: str) -> bool:
    """Whether a mailbox can be opened: Dovecot lists some that it does not have."""
    try:
        client.select_folder(path, readonly=True)
    except IMAPClientError:
        return False
    return True


def shown_flags(flags: tuple[bytes, ...]) -> tuple[str, ...]:
    """Flags and keywords that both sides can tell, in an order of their own."""
    names = {flag.decode("ascii").upper() for flag in flags}
    return tuple(
        sorted(one for one in names - _NO_TAGS if not one.startswith("\\") or one in _SHOWN)
    )


def subjects(client: IMAPClient, criteria: str = "ALL") -> dict[int, str]:
    """The subjects in the open mailbox, by UID."""
    uids = client.search(criteria)
    key = b"BODY[HEADER.FIELDS (SUBJECT)]"
    rows = client.fetch(uids, ["BODY.PEEK[HEADER.FIELDS (SUBJECT)]"]) if uids else {}
    return {uid: row[key].decode().partition(":")[2].strip() for uid, row in rows.items()}


def _listed(client: IMAPClient) -> list[tuple[str, bool]]:
    return [
        (name, not {one.lower() for one in attributes} & {b"\\noselect", b"\\nonexistent"})
        for attributes, _, name in client.list_folders()
    ]


def differences(shown: Held, held: Held) -> Iterator[str]:
    """Where two views of all mail differ."""
    for path in sorted(shown.keys() | held.keys()):
        if path not in shown or path not in held:
            yield f"{path} is {'here' if path in shown else 'at the server'} alone"
            continue
        here, there = Counter(shown[path]), Counter(held[path])
        for word, rows in (("here", here - there), ("at the server", there - here)):
            for octets, flags in rows:
                yield f"{path} has {word} alone: {subject_of(octets)} {' '.join(flags)}"


def subject_of(octets: bytes) -> str:
    """The subject of one of the messages of a trial."""
    return octets.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()
