"""What an engine is made to do while it is killed, so that it can be gone on with after each death.

A scenario is a list of steps, each with a sentence that is true once it was done for good. Whoever
goes on after a death begins behind the last step that is done; a step that was acknowledged and is
not done was lost, and that is what these tests are for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.door.commands import (
    AddAccount,
    ArchiveMessages,
    CopyMessages,
    DeleteMessages,
    ImportMessages,
    MoveMessages,
    SendMessage,
    ServerSettings,
    StoreFlags,
    SwitchAccount,
    SyncAccounts,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag, Kind, Security, SendingState, View
from desktopmail.engine.store import account as accounts
from localserver.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.door.rows import MessageRow
    from desktopmail.engine.engine import Engine
    from localserver.local import LocalServer

USERS = {"alice": "correct horse", "bob": "battery staple"}
_OPEN = {"pending", "running"}
_ON_ITS_WAY = {SendingState.QUEUED, SendingState.CONNECTING, SendingState.TRANSMITTING}
_ROUNDS = 40
_PATIENCE_S = 20.0


class LostError(Exception):
    """Something that was acknowledged is not so any more."""


class UnsettledError(Exception):
    """Left alone, the engine does not come to an end."""


@dataclass(slots=True)
class Desk:
    """An engine with what a person does at it.

    Attributes:
        ports: Of the server, by protocol.
        folder: For files beside the profile.
        acknowledged: The steps that an engine that died since has acknowledged.
        say: Tells whoever kills that a step is acknowledged.
    """

    engine: Engine
    ports: dict[str, int]
    folder: Path
    acknowledged: frozenset[str]
    say: Callable[[str], None]
    reader: SqliteReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = SqliteReader(self.engine.profile)

    def account(self, name: str) -> AccountId | None:
        found = [row.id for row in self.reader.accounts() if row.name == name]
        return found[0] if found else None

    def kind(self, name: str) -> Kind | None:
        return next((row.kind for row in self.reader.accounts() if row.name == name), None)

    def mailbox(self, name: str, path: str) -> MailboxId:
        return next(row.id for row in self.reader.mailboxes(self.account(name)) if row.path == path)

    def rows(self, name: str, path: str = "INBOX") -> list[MessageRow]:
        account = self.account(name)
        if account is None:
            return []
        return [
            row
            for box in self.reader.mailboxes(account)
            if box.path == path
            for row in self.reader.window(View(mailbox_ids=(box.id,)), 0, 100_000)
        ]

    def ids(self, name: str, subjects: Iterable[str], path: str = "INBOX") -> list[PlacementId]:
        wanted = set(subjects)
        return [row.id for row in self.rows(name, path) if row.subject in wanted]

    def has(self, name: str, subjects: Iterable[str], path: str = "INBOX") -> bool:
        return set(subjects) <= {row.subject for row in self.rows(name, path)}

    def lacks(self, name: str, subjects: Iterable[str], path: str = "INBOX") -> bool:
        return not set(subjects) & {row.subject for row in self.rows(name, path)}

    def marked(self, name: str, subjects: Iterable[str], flag: Flag, tag: str = "") -> bool:
        wanted = set(subjects)
        found = [
            row
            for box in self.reader.mailboxes(self.account(name))
            for row in self.reader.window(View(mailbox_ids=(box.id,)), 0, 100_000)
            if row.subject in wanted
        ]
        return {row.subject for row in found} == wanted and all(
            row.flags & flag == flag and (not tag or tag in row.tags) for row in found
        )

    def settings(self, user: str, kind: str) -> ServerSettings:
        return ServerSettings(
            host="127.0.0.1", port=self.ports[kind], security=Security.NONE, user=user,
            password_file=str(self.folder / user),
        )  # fmt: skip

    async def add(self, user: str, kind: Kind) -> None:
        await self.engine.command(
            AddAccount(
                name=user, address=f"{user}@localhost", kind=kind, check=False,
                incoming=self.settings(user, kind.value),
                outgoing=self.settings(user, "submission"),
            )
        )  # fmt: skip

    async def sync(self) -> None:
        await self.engine.command(SyncAccounts())

    async def settle(self) -> None:
        """Go on until nothing waits for a server any more.

        Raises:
            UnsettledError: That does not come about.
        """
        errors: list[str] = []
        for _ in range(_ROUNDS):
            try:
                await self.sync()
            except DoorError as error:
                errors.append(error.sentence)
                continue
            for account_id in self.engine.working.ids:
                self.engine.working.wake_outbox(account_id)
            await self._outbox_is_quiet()
            if not self._open():
                await self.sync()
                return
        raise UnsettledError(f"{sorted(self._open())} after {errors}")

    def _open(self) -> set[str]:
        waiting = {f"{row.kind} {row.state}" for row in self.reader.operations()}
        asked = set(self.asked())
        going = {
            f"sending {row.state.value}"
            for row in self.reader.sendings()
            if row.state in _ON_ITS_WAY
            or (row.state is SendingState.UNSURE and row.id not in asked)
        }
        return going | {one for one in waiting if one.split()[-1] in _OPEN}

    def asked(self) -> list[int]:
        """The sendings that a person was asked about."""
        return [row[0] for row in self.reader._all("SELECT subject_id FROM question")]

    async def _outbox_is_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        while loop.time() < until and any(one.startswith("sending") for one in self._open()):
            await asyncio.sleep(0.005)

    def shown(self) -> dict[str, list[list[object]]]:
        """Everything that is shown, message by message, in an order of its own."""
        found = {}
        for account in self.reader.accounts():
            for box in self.reader.mailboxes(account.id):
                rows = self.reader.window(View(mailbox_ids=(box.id,)), 0, 100_000)
                if len(rows) != box.total:
                    raise LostError(f"{box.path} shows {len(rows)} and counts {box.total}")
                found[f"{account.name}/{box.path}"] = sorted(
                    [row.subject, int(row.flags), sorted(row.tags), row.has_octets] for row in rows
                )
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a person has the engine do.

    Attributes:
        done: Whether it was done; from then on for good, unless it is `passing`.
    """

    name: str
    do: Callable[[Desk], Awaitable[None]]
    done: Callable[[Desk], bool]
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is killed.

    Attributes:
        fill: Gives the server its mail, and writes files that are needed.
        steps: In order.
    """

    name: str
    fill: Callable[[LocalServer, Path], None]
    steps: tuple[Step, ...]

    async def go_on(self, desk: Desk) -> None:
        """Do what is not done yet, and bring it to its end.

        Raises:
            LostError: What had been acknowledged is not done.
            UnsettledError: It comes to no end.
        """
        done = [step.name in desk.acknowledged or step.done(desk) for step in self.steps]
        for step in self.steps:
            if step.name in desk.acknowledged and not step.passing and not step.done(desk):
                raise LostError(f"{self.name}: “{step.name}” was acknowledged and is lost")
        behind = max((number for number, is_done in enumerate(done, 1) if is_done), default=0)
        for step in self.steps[behind:]:
            await step.do(desk)
            desk.say(step.name)
        await desk.settle()


def mail(subject: str, octets: int = 600) -> bytes:
    """A message of about that size; no two subjects are the same in these tests."""
    line = f"The text of {subject}, and some more of it.\r\n"
    return (
        f"From: Carol <carol@example.org>\r\nTo: alice@localhost\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
        + line
        * (octets // len(line) + 1)
    ).encode()


def _names(letter: str, count: int, start: int = 0) -> list[str]:
    return [f"{letter}{number}" for number in range(start, start + count)]


def _account(user: str, kind: Kind) -> Step:
    return Step(
        f"add {user}", lambda desk: desk.add(user, kind), lambda d: d.account(user) is not None
    )


def _fetched(**names: list[str]) -> Step:
    def done(desk: Desk) -> bool:
        return all(desk.has(user, wanted) for user, wanted in names.items())

    return Step("fetch", Desk.sync, done, passing=True)


# Fetching by IMAP and by POP3


def _fill_inbox(server: LocalServer, _folder: Path) -> None:
    for number, name in enumerate(_names("m", 90)):
        size = 90_000 if number % 9 == 0 else 600
        flags = ("\\Seen",) if number % 2 else ("\\Flagged", "blue")
        server.deliver("alice", mail(name, size), flags=flags)


IMAP_SYNC = Scenario(
    "sync", _fill_inbox, (_account("alice", Kind.IMAP), _fetched(alice=_names("m", 90)))
)


async def _delete_at_once(desk: Desk) -> None:
    """Have a POP3 account leave nothing at the server."""
    account = desk.account("alice")
    assert account is not None
    learned = accounts.Learned(pop_deletes_after_days=0)
    await desk.engine.store.write(lambda tx: accounts.learn(tx, account, learned))


def _leaves_nothing(desk: Desk) -> bool:
    account = desk.account("alice")
    rows = desk.reader._all("SELECT learned FROM account WHERE id = ?", (account or 0,))
    return bool(rows) and 'days":0' in rows[0][0].replace(" ", "")


POP3_FETCH = Scenario(
    "pop3",
    _fill_inbox,
    (
        _account("alice", Kind.POP3),
        Step("leave nothing there", _delete_at_once, _leaves_nothing),
        _fetched(alice=_names("m", 90)),
    ),
)

# Changes


def _fill_for_changes(server: LocalServer, _folder: Path) -> None:
    for name in _names("m", 40):
        server.deliver("alice", mail(name))
    for name in _names("b", 3):
        server.deliver("bob", mail(name))
    server.add_fault(
        Fault(
            protocol="imap", command="UID MOVE", argument="Drafts", times=None,
            reply="NO [CANNOT] Drafts takes nothing",
        )
    )  # fmt: skip


def _move(names: list[str], path: str, *, to: str = "alice") -> Step:
    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", names))
        await desk.engine.command(
            MoveMessages(placement_ids=ids, mailbox_id=desk.mailbox(to, path))
        )

    return Step(
        f"move {names[0]} to {to}/{path}",
        do,
        lambda desk: desk.lacks("alice", names) and desk.has(to, names, path),
    )


def _mark(names: list[str], flag: Flag, tag: str = "", *, passing: bool = False) -> Step:
    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", names))
        tags = (tag,) if tag else ()
        await desk.engine.command(StoreFlags(placement_ids=ids, add=flag, add_tags=tags))

    return Step(
        f"mark {names[0]} {flag} {tag}",
        do,
        lambda desk: desk.marked("alice", names, flag, tag),
        passing=passing,
    )


async def _copy(desk: Desk) -> None:
    ids = tuple(desk.ids("alice", _names("m", 3, 10)))
    await desk.engine.command(
        CopyMessages(placement_ids=ids, mailbox_id=desk.mailbox("alice", "Archive"))
    )


async def _archive(desk: Desk) -> None:
    ids = tuple(desk.ids("alice", _names("m", 3, 13)))
    await desk.engine.command(ArchiveMessages(placement_ids=ids))


def _delete(names: list[str], *, permanently: bool) -> Step:
    async def do(desk: Desk) -> None:
        ids = tuple(desk.ids("alice", names))
        await desk.engine.command(DeleteMessages(placement_ids=ids, permanently=permanently))

    def done(desk: Desk) -> bool:
        stay = [*_names("m", 6), *_names("m", 8, 32)]
        return desk.lacks("alice", names) and desk.has("alice", stay)

    return Step(f"delete {names[0]}", do, done)


CHANGES = Scenario(
    "changes",
    _fill_for_changes,
    (
        _account("alice", Kind.IMAP),
        _account("bob", Kind.IMAP),
        _fetched(alice=_names("m", 40), bob=_names("b", 3)),
        _mark(_names("m", 6), Flag.FLAGGED | Flag.SEEN),
        _mark(_names("m", 4, 3), Flag.SEEN, "green"),
        _move(_names("m", 3, 7), "Trash"),
        Step("copy", _copy, lambda desk: desk.has("alice", _names("m", 3, 10), "Archive")),
        Step("archive", _archive, lambda desk: desk.has("alice", _names("m", 3, 13), "Archive")),
        _delete(_names("m", 3, 16), permanently=False),
        _delete(_names("m", 3, 19), permanently=True),
        _move(_names("m", 3, 22), "INBOX", to="bob"),
        _move(_names("m", 2, 25), "Drafts"),  # refused at every try
        _move(_names("m", 5, 27), "Sent"),
    ),
)

# Sending


def _fill_for_sending(server: LocalServer, _folder: Path) -> None:
    server.deliver("alice", mail("m0"))


SENT = {
    **{f"s{number}": ("bob@localhost",) for number in range(5)},
    "s5": ("alice@localhost",),
    "s6": ("bob@localhost", "nobody@localhost"),
    "s7": ("nobody@localhost",),
}


def _send(name: str, recipients: tuple[str, ...]) -> Step:
    async def do(desk: Desk) -> None:
        account = desk.account("alice")
        assert account is not None
        await desk.engine.command(
            SendMessage(
                account_id=account, sender="alice@localhost", recipients=recipients,
                octets=mail(name, 20_000),
            )
        )  # fmt: skip

    return Step(
        f"send {name}", do, lambda desk: name in {row.subject for row in desk.reader.sendings()}
    )


SENDING = Scenario(
    "send",
    _fill_for_sending,
    (
        _account("alice", Kind.IMAP),
        _fetched(alice=["m0"]),
        *(_send(name, recipients) for name, recipients in SENT.items()),
    ),
)

# Switching


def _fill_for_switching(server: LocalServer, _folder: Path) -> None:
    for number, name in enumerate(_names("m", 30)):
        server.deliver("alice", mail(name), flags=("\\Flagged",) if number % 5 == 0 else ())


def _switch(kind: Kind, name: str) -> Step:
    async def do(desk: Desk) -> None:
        await desk.settle()
        account = desk.account("alice")
        assert account is not None
        await desk.engine.command(
            SwitchAccount(
                account_id=account, kind=kind, incoming=desk.settings("alice", kind.value)
            )
        )

    return Step(name, do, lambda desk: desk.kind("alice") is kind, passing=True)


def _marked_there_and_back(desk: Desk) -> bool:
    return desk.kind("alice") is Kind.IMAP and desk.marked("alice", ["m7"], Flag.ANSWERED)


_BACK = _switch(Kind.IMAP, "switch back")
SWITCHING = Scenario(
    "switch",
    _fill_for_switching,
    (
        _account("alice", Kind.IMAP),
        _fetched(alice=_names("m", 30)),
        _mark(_names("m", 3), Flag.SEEN, "red"),
        _switch(Kind.POP3, "switch to POP3"),
        _mark(_names("m", 4, 7), Flag.ANSWERED, "late"),
        Step(_BACK.name, _BACK.do, _marked_there_and_back),
    ),
)

# Import


def _fill_for_importing(server: LocalServer, folder: Path) -> None:
    server.deliver("alice", mail("m0"))
    with (folder / "old.mbox").open("wb") as file:
        for name in _names("i", 60):
            octets = mail(name).replace(b"\r\n", b"\n")
            file.write(b"From carol@example.org Mon Nov 23 10:00:00 2026\n" + octets + b"\n")


async def _import(desk: Desk) -> None:
    await desk.engine.command(
        ImportMessages(
            path=str(desk.folder / "old.mbox"), mailbox_id=desk.mailbox("alice", "Archive")
        )
    )


IMPORTING = Scenario(
    "import",
    _fill_for_importing,
    (
        _account("alice", Kind.IMAP),
        _fetched(alice=["m0"]),
        Step("import", _import, lambda desk: desk.has("alice", _names("i", 60), "Archive")),
    ),
)

SCENARIOS = {
    one.name: one for one in (IMAP_SYNC, POP3_FETCH, CHANGES, SENDING, SWITCHING, IMPORTING)
}
