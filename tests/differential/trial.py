"""One trial: a person, another device and an administrator at one account, told by a seed."""

from __future__ import annotations

import asyncio
import random
import traceback
from typing import TYPE_CHECKING

from imapclient.exceptions import IMAPClientError

from desktopmail.door.commands import (
    AddAccount,
    CheckStore,
    DiscardOperation,
    RetryOperation,
    ServerSettings,
    SyncAccounts,
)
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag, Kind, Security, View
from tests.differential.device import PASSWORD, USER, Device, Held, differences, subject_of
from tests.differential.gate import Gate
from tests.differential.ledger import Ledger
from tests.differential.person import Person
from tests.differential.process import EngineProcess
from tests.differential.report import Report
from tests.differential.setup import Setup, setup_of
from tests.helpers.dovecot import Dovecot, running_dovecot

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.commands import AnyCommand, Outcome

_SETTLE_S = 45.0
_ROUNDS_AT_REST = 4
_MOST_KILLS = 2
_PATIENCE = 6
_NAMES = {
    Flag.SEEN: "\\SEEN", Flag.ANSWERED: "\\ANSWERED", Flag.FLAGGED: "\\FLAGGED",
    Flag.DELETED: "\\DELETED", Flag.DRAFT: "\\DRAFT", Flag.FORWARDED: "$FORWARDED",
    Flag.RECEIPT_SENT: "$MDNSENT",
}  # fmt: skip


async def trial(seed: int, folder: Path, *, steps: int = 40) -> Report:
    """Go through a trial.

    Args:
        seed: Of everything that chance decides; when things happen side by side, the machine's
            moods decide, too.
        folder: Empty.
        steps: How many things are done.
    """
    setup = setup_of(seed)
    report = Report(seed, str(setup))
    with running_dovecot(
        {USER: PASSWORD}, mail_location=setup.location, extra=setup.configuration()
    ) as server:
        gate = Gate(server.imap)
        async with gate.serve():
            one = _Trial(report, setup, server, gate, folder)
            try:
                await one.begins()
                for _ in range(steps):
                    await one.goes_on()
                await one.ends()
            except (
                DoorError,
                IMAPClientError,
                RuntimeError,
                OSError,
                AssertionError,
                ExceptionGroup,
            ):
                report.faults.append(f"it broke: {traceback.format_exc()}")
            finally:
                await one.engine.kill()
                report.take_log(one.engine.log())
                report.faults += [
                    line for line in server.log().splitlines() if "Panic" in line
                ]  # fmt: skip
    return report


class _Trial:
    def __init__(
        self, report: Report, setup: Setup, server: Dovecot, gate: Gate, folder: Path
    ) -> None:
        seed = report.seed
        self._report = report
        self._setup = setup
        self._server = server
        self._gate = gate
        self._chance = random.Random(f"trial {seed}")
        self._ledger = Ledger()
        self._device = Device(server, setup, self._ledger, random.Random(f"device {seed}"))
        self._person = Person(self._ledger, random.Random(f"person {seed}"), folder)
        ways = [name for name in ("small", "compress") if getattr(setup, name)]
        self.engine = EngineProcess(folder, ways)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_narrow = self._is_strict = False
        self._begin_s = asyncio.get_running_loop().time()

    def _say(self, what: str) -> None:
        self._report.story.append(
            f"{asyncio.get_running_loop().time() - self._begin_s:5.1f} {what}"
        )

    def _reader(self) -> SqliteReader:
        return SqliteReader(self.engine.profile)

    async def _do(self, command: AnyCommand) -> Outcome:
        return await (await self.engine.door()).command(command)

    async def begins(self) -> None:
        await asyncio.to_thread(self._device.fills, self._chance.choice((6, 15, 40)))
        password = self.engine.profile.folder.parent / "password"
        password.write_text(PASSWORD + "\n")
        settings = ServerSettings(
            host="127.0.0.1", port=self._gate.port, security=Security.NONE, user=USER,
            password_file=str(password),
        )  # fmt: skip
        await self._do(
            AddAccount(
                name="alice", address="alice@example.org", kind=Kind.IMAP, incoming=settings,
                outgoing=settings, check=False,
            )
        )  # fmt: skip
        await self._do(SyncAccounts())

    async def goes_on(self) -> None:
        what = self._chance.choices(
            ("person", "device", "both", "sync", "away", "kill", "dovecot", "limits"),
            (10, 6, 4, 2, 2, 1, 1, 1),
        )[0]
        match what:
            case "person":
                for _ in range(self._chance.randint(1, 4)):
                    await self._acts()
            case "device":
                self._say(await asyncio.to_thread(self._device.act))
            case "both":  # at the same time
                async with asyncio.TaskGroup() as group:
                    acts = group.create_task(asyncio.to_thread(self._device.act))
                    group.create_task(self._sync())
                    await self._acts()
                self._say(acts.result())
            case "sync":
                await self._sync()
            case "away":
                self._changes_weather()
            case "kill":
                await self._kills()
            case "dovecot":
                self._restarts()
            case _:
                self._limits()
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.02, 0.1, 0.3)))

    async def _acts(self) -> None:
        reader = self._reader()
        try:
            thought = self._person.thinks(reader)
        finally:
            reader.close()
        if thought is None:
            return
        said, command = thought
        try:
            outcome = await self._do(command)
        except EngineGoneError:
            self._say(f"{said}: the engine was gone")
        except DoorError as error:
            self._report.refused[f"{type(command).__name__}: {error.sentence}"] += 1
            self._say(f"{said}: {error.sentence}")
        else:
            self._person.was_told(outcome)
            self._say(f"{said}: {outcome.undo} {outcome.label}")

    async def _sync(self) -> None:
        try:
            outcome = await self._do(SyncAccounts())
        except DoorError as error:
            self._say(f"sync: {error.sentence}")
        else:
            self._say(f"sync: {outcome.label}")

    def _changes_weather(self) -> None:
        match self._chance.choice(("close", "open", "open", "cut", "few")):
            case "close":
                self._gate.close()
                self._say("the network goes away")
            case "open":
                self._gate.open()
                self._say("the network is there")
            case "cut":
                self._gate.cut()
                self._say("connections are cut")
            case _:
                self._gate.octets_left = int(self._chance.expovariate(1 / 3000)) + 1
                self._say(f"the network goes away after {self._gate.octets_left} octets")

    async def _kills(self) -> None:
        if self._report.kills >= _MOST_KILLS:
            return
        self._report.kills += 1
        after_s = self._chance.random() ** 2 * 0.5
        self._say(f"the engine is killed after {after_s:.3f} s")
        await self.engine.kill_amid(self._acts(), self._sync(), after_s=after_s)

    def _restarts(self) -> None:
        self._server.kill()
        self._server.start()
        self._say("Dovecot is killed, and started again")

    def _limits(self) -> None:
        if self._setup.read_only and self._chance.random() < 0.5:
            self._is_strict = not self._is_strict
            self._say(self._device.restricts(strict=self._is_strict))
        else:
            self._is_narrow = not self._is_narrow
            self._say(self._device.limits(narrow=self._is_narrow))

    # The end

    async def ends(self) -> None:
        self._gate.open()
        self._say("the end begins")
        if self._is_narrow:
            self._say(self._device.limits(narrow=False))
        await asyncio.to_thread(self._device.rests)
        await self._settles()
        reader = self._reader()
        try:
            await self._gives_up(reader)
            for _ in range(_ROUNDS_AT_REST):
                await self._do(SyncAccounts())
            self._say("it is at rest")
            await self._compares(reader)
            self._say("compared")
        finally:
            reader.close()

    async def _settles(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLE_S
        reader = self._reader()
        errors: list[str] = []
        states: list[list[tuple[int, str]]] = []
        try:
            while loop.time() < until:
                try:
                    await self._do(SyncAccounts())
                except DoorError as error:
                    errors.append(error.sentence)
                    await asyncio.sleep(0.1)
                    continue
                rows = reader.operations()
                states.append([(row.id, row.state) for row in rows])
                failed = [row for row in rows if row.state == "failed"]
                # What builds on something that failed waits for it.
                if len(failed) == len(rows) or (failed and states.count(states[-1]) > _PATIENCE):
                    return
                await asyncio.sleep(0.1)
            left = [(row.label, row.state, row.problem) for row in reader.operations()]
            self._report.faults.append(f"it does not settle: {left} {errors[-3:]}")
        finally:
            reader.close()

    async def _gives_up(self, reader: SqliteReader) -> None:
        """Try what failed again, and give up what fails then."""
        for row in reader.operations():
            if row.state != "failed":
                continue
            self._report.failed.append(f"{row.kind}: {row.label}: {row.problem}")
            if not row.problem:
                self._report.faults.append(f"{row.label} failed, and nobody says why")
            await self._do(RetryOperation(operation_id=row.id))
        await self._settles()
        while rows := reader.operations():
            if rows[0].kind == "append":  # it was here only
                self._ledger.mortal |= self._ledger.made_here
            try:
                await self._do(DiscardOperation(operation_id=rows[0].id))
            except DoorError as error:
                self._report.faults.append(f"{rows[0].label} cannot be given up: {error.sentence}")
                return

    async def _compares(self, reader: SqliteReader) -> None:
        held, subscribed, every = await asyncio.to_thread(self._device.held)
        faults = self._report.faults
        # What another device deleted while something was put into it is of this machine alone.
        alone = {row[0] for row in reader._all("SELECT path FROM mailbox WHERE local = 1")}
        shown = self._shown(reader)
        every += [subject_of(octets) for path in alone for octets, _ in shown.pop(path, [])]
        found = list(differences(shown, held))
        faults += found
        if found:
            self._say(f"hidden here: {self._hidden(reader)}")
        here = {row.path for row in reader.mailboxes() if row.subscribed} - alone
        for path in sorted(here ^ (subscribed & held.keys())):
            if path != "INBOX":
                faults.append(f"{path} is subscribed {'here' if path in here else 'there'} alone")
        standing = [subject_of(octets) for rows in held.values() for octets, _ in rows]
        faults += self._ledger.faults(every, standing)
        # Without UIDPLUS what others have marked as deleted is in the way, which is said.
        faults += [
            f"problem: {one.what}"
            for one in reader.problems()
            if one.service != "expunge" or "UIDPLUS" not in self._setup.without
        ]
        faults += [f"question: {one.text}" for one in reader.questions()]
        faults += [f"left: {row.label} {row.problem}" for row in reader.operations()]
        sound = await self._do(CheckStore())
        if sound.label != "The store is sound.":
            faults.append(f"doctor: {sound.label}")
        self._gate.said.clear()
        await self._do(SyncAccounts())
        faults += [f"fetched again: {line!r}" for line in self._gate.said if b"BODY.PEEK[" in line]

    def _hidden(self, reader: SqliteReader) -> list[tuple[object, ...]]:
        """What is not shown, to find out why: mailbox, subject, UID, flags, since when."""
        return reader._all(
            "SELECT b.path, m.subject, p.uid, p.flags, p.gone_cycle, b.cycle FROM placement AS p"
            " JOIN mailbox AS b ON b.id = p.mailbox_id JOIN message AS m ON m.id = p.message_id"
            " WHERE p.shown = 0"
        )

    def _shown(self, reader: SqliteReader) -> Held:
        found: Held = {}
        for box in reader.mailboxes():
            rows = list(reader.window(View(mailbox_ids=(box.id,)), 0, 10_000))
            if len(rows) != box.total or box.unread != sum(
                not row.flags & Flag.SEEN for row in rows
            ):
                self._report.faults.append(
                    f"{box.path} counts {box.total} and {box.unread}, and shows {len(rows)}"
                )
            found[box.path] = sorted(
                (
                    reader.octets(row.message_id) or b"none",
                    tuple(
                        sorted(
                            [name for flag, name in _NAMES.items() if row.flags & flag]
                            + [tag.upper() for tag in row.tags]
                        )
                    ),
                )
                for row in rows
            )
        return found
