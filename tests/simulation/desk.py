"""An engine with what a person does at it, and what is to be seen there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.door.commands import AddAccount, ServerSettings, SyncAccounts
from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag, Kind, Security, SendingState, View
from desktopmail.net.ports import system_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.door.rows import MailboxRow, MessageRow
    from desktopmail.engine.engine import Engine
    from desktopmail.net.ports import Ports

_OPEN = {"pending", "running"}
_ON_ITS_WAY = {SendingState.QUEUED, SendingState.CONNECTING, SendingState.TRANSMITTING}
_ROUNDS = 40


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
        device_ports: How another device reaches the server.
        poll_s: How often it looks whether the outbox is quiet.
        patience_s: How long it waits for that.
        between_s: How long it waits after a fetch that failed.
    """

    engine: Engine
    ports: dict[str, int]
    folder: Path
    acknowledged: frozenset[str]
    say: Callable[[str], None]
    device_ports: Ports = field(default_factory=system_ports)
    poll_s: float = 0.005
    patience_s: float = 20.0
    between_s: float = 0.0
    reader: SqliteReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = SqliteReader(self.engine.profile)

    def account(self, name: str) -> AccountId | None:
        found = [row.id for row in self.reader.accounts() if row.name == name]
        return found[0] if found else None

    def kind(self, name: str) -> Kind | None:
        return next((row.kind for row in self.reader.accounts() if row.name == name), None)

    def box(self, name: str, path: str) -> MailboxRow | None:
        account = self.account(name)
        boxes = self.reader.mailboxes(account) if account is not None else ()
        return next((row for row in boxes if row.path == path), None)

    def mailbox(self, name: str, path: str) -> MailboxId:
        box = self.box(name, path)
        assert box is not None, f"{name} has no {path}"
        return box.id

    def rows(self, name: str, path: str = "INBOX") -> list[MessageRow]:
        box = self.box(name, path)
        if box is None:
            return []
        return list(self.reader.window(View(mailbox_ids=(box.id,)), 0, 100_000))

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

    async def do(self, command: AnyCommand) -> Outcome:
        return await self.engine.command(command)

    async def sync(self) -> None:
        await self.do(SyncAccounts())

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
                await asyncio.sleep(self.between_s)
                continue
            for account_id in self.engine.working.ids:
                self.engine.working.wake_outbox(account_id)
            await self._outbox_is_quiet()
            if not self._open():
                await self.sync()
                return
        told = [(row.subject, row.state.value, row.problem) for row in self.reader.sendings()]
        told += [(row.label, row.state, row.problem) for row in self.reader.operations()]
        raise UnsettledError(f"{sorted(self._open())} after {errors}: {told}")

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

    def was_given(self, subject: str) -> bool:
        """Whether the outbox has, or had, a message."""
        return bool(self.reader._all("SELECT 1 FROM sending WHERE subject = ?", (subject,)))

    def asked(self) -> list[int]:
        """The sendings that a person was asked about."""
        return [row[0] for row in self.reader._all("SELECT subject_id FROM question")]

    async def _outbox_is_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience_s
        while loop.time() < until and any(one.startswith("sending") for one in self._open()):
            await asyncio.sleep(self.poll_s)

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

    async def indexed(self) -> None:
        """Wait until no message waits for the word index.

        Raises:
            UnsettledError: That does not come about.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience_s
        while self.reader.unindexed():
            if loop.time() >= until:
                raise UnsettledError(f"{self.reader.unindexed()} messages are not indexed")
            await asyncio.sleep(self.poll_s)

    def found_by(self) -> list[list[object]]:
        """The messages, each with the words that find it, in an order of its own."""
        self.reader._connection.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab(main, words,"
            " instance)"
        )
        return sorted(
            [subject, words]
            for subject, words in self.reader._all(
                "SELECT coalesce(m.subject, 'none'), group_concat(i.col || ':' || i.term, ' ')"
                " FROM (SELECT DISTINCT doc, col, term FROM temp.instances ORDER BY col, term) AS i"
                " LEFT JOIN message AS m ON m.words_id = i.doc GROUP BY i.doc"
            )
        )

    def unsure(self) -> dict[str, int]:
        """The subjects of sendings that stand as unsure, each with the number of its questions."""
        asked = self.asked()
        return {
            row.subject: asked.count(row.id)
            for row in self.reader.sendings()
            if row.state is SendingState.UNSURE
        }
