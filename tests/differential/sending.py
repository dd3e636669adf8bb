"""One trial of sending: a person writes, Postfix and Dovecot fail at every step, told by a seed.

At the end it is counted where mail was delivered to.
"""

from __future__ import annotations

import asyncio
import email
import random
import sys
import tempfile
import time
import traceback
from collections import Counter as Counts
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imapclient import IMAPClient

from desktopmail.door.commands import (
    AddAccount,
    AnswerQuestion,
    CancelSending,
    CheckStore,
    ReportWish,
    RetrySending,
    SaveDraft,
    SendMessage,
    ServerSettings,
    SyncAccounts,
)
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import UNSURE_SENDING, Kind, Role, Security, SendingState, View
from tests.differential.counter import DOUBTFUL, Counter, Fault, access
from tests.differential.gate import Gate
from tests.differential.letters import ALICE, Desk, Held, Paper
from tests.differential.process import EngineProcess
from tests.differential.report import Report
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.port import free_port
from tests.helpers.postfix import Postfix, postfix
from tests.helpers.program import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.rows import MessageRow, SendingRow

_ACCOUNT = AccountId(1)
_SETTLE_S = 40.0
_COMMAND_S = 40.0
_PASSWORDS = ("tanstaaf", "another one", "a third, long one")
_MOST_KILLS = 4
_MOST_TRIES = 6
_UNDER_WAY = frozenset(
    {SendingState.QUEUED, SendingState.CONNECTING, SendingState.TRANSMITTING, SendingState.FILING}
)
_OFFERS = ((), ("chunking",), ("chunking", "pipelining"), ("pipelining",), ("chunking", "dsn"),
           ("8bitmime", "smtputf8", "chunking"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setup:
    """How the servers of a trial are set up.

    Attributes:
        without: Keywords that Postfix does not offer.
        files_sent: It puts what it takes into Sent by itself.
    """

    without: tuple[str, ...]
    files_sent: bool

    def __str__(self) -> str:
        words = [f"-{name}" for name in self.without] + ["files_sent"] * self.files_sent
        return " ".join(words) or "plain"


def setup_of(seed: int) -> Setup:
    """The setup of a seed."""
    chance = random.Random(f"sending setup {seed}")
    return Setup(without=chance.choice(_OFFERS), files_sent=chance.random() < 0.25)


@contextmanager
def _servers(setup: Setup) -> Iterator[tuple[Dovecot, Postfix]]:
    port = free_port()
    extra = (
        f"service auth {{\n  inet_listener {{\n    port = {port}\n  }}\n}}\n"
        # Else who has failed once waits ever longer.
        "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"
    )
    with (
        running_dovecot({"alice": _PASSWORDS[0]}, extra=extra) as dovecot,
        tempfile.TemporaryDirectory(prefix="postfix-", ignore_cleanup_errors=True) as name,
    ):
        with IMAPClient("127.0.0.1", dovecot.imap, ssl=False) as client:
            client.login("alice", _PASSWORDS[0])
            client.select_folder("Sent")
            client.select_folder("INBOX")
        folder = Path(name)
        bcc = {"sender_bcc_maps": f"inline:{{ {ALICE}=filed@postfix.test }}"}
        with postfix(
            folder,
            mailboxes="/^alice@/ alice/\n/^filed@/ filed/\n/./ inbox/",
            **access(folder),
            **(bcc if setup.files_sent else {}),
            smtpd_sasl_auth_enable="yes",
            smtpd_sasl_type="dovecot",
            smtpd_sasl_path=f"inet:127.0.0.1:{port}",
            smtpd_tls_auth_only="no",
            smtpd_discard_ehlo_keywords=", ".join(setup.without),
            smtpd_error_sleep_time="0",
            smtpd_soft_error_limit="1000",
            smtpd_hard_error_limit="1000",
            service_throttle_time="1s",
            in_flow_delay="0s",
            queue_run_delay="1s",
            minimal_backoff_time="1s",
            maximal_backoff_time="1s",
        ) as server:
            mailboxes = folder / "mail"
            (mailboxes / "alice").symlink_to(dovecot.home("alice") / "Maildir")
            (mailboxes / "filed").symlink_to(dovecot.home("alice") / "Maildir" / ".Sent")
            yield dovecot, server


async def trial(seed: int, folder: Path, *, steps: int = 40) -> Report:
    """Go through a trial; arguments as those of `tests.differential.trial.trial`."""
    setup = setup_of(seed)
    report = Report(seed, str(setup))
    with _servers(setup) as (dovecot, server):
        counter, gate = Counter(server.port), Gate(dovecot.imap)
        async with counter.serve(), gate.serve():
            one = _Trial(report, setup, dovecot, server, counter, gate, folder)
            try:
                await one.begins()
                for _ in range(steps):
                    await one.goes_on()
                await one.ends()
            except (Exception, ExceptionGroup):  # noqa: BLE001 - it is told
                report.faults.append(f"it broke: {traceback.format_exc()}")
            finally:
                await one.engine.kill()
                report.take_log(one.engine.log())
    return report


class _Trial:
    def __init__(
        self, report: Report, setup: Setup, dovecot: Dovecot, server: Postfix, counter: Counter,
        gate: Gate, folder: Path,
    ) -> None:  # fmt: skip
        self._report = report
        self._setup = setup
        self._dovecot = dovecot
        self._postfix = server
        self._counter = counter
        self._gate = gate
        self._chance = random.Random(f"sending trial {report.seed}")
        self._desk = Desk(random.Random(f"desk {report.seed}"))
        self.engine = EngineProcess(folder, ())
        self._folder = folder
        self._password = folder / "password"
        self._is_up = {"Dovecot": True, "Postfix": True}
        self._begin_s = time.monotonic()

    def _say(self, what: str) -> None:
        self._report.story.append(f"{time.monotonic() - self._begin_s:5.1f} {what}")

    async def _do(self, command: AnyCommand) -> Outcome:
        async with asyncio.timeout(_COMMAND_S):
            return await (await self.engine.door()).command(command)

    async def _tries(self, said: str, command: AnyCommand) -> Outcome | None:
        try:
            outcome = await self._do(command)
        except EngineGoneError:
            self._say(f"{said}: the engine was gone")
        except DoorError as error:
            self._report.refused[f"{type(command).__name__}: {error.sentence}"] += 1
            self._say(f"{said}: {error.sentence}")
        else:
            self._say(f"{said}: {outcome.label}")
            return outcome
        return None

    @contextmanager
    def _reads(self) -> Iterator[SqliteReader]:
        reader = SqliteReader(self.engine.profile)
        try:
            yield reader
        finally:
            reader.close()

    async def begins(self) -> None:
        self._password.write_text(_PASSWORDS[0] + "\n")
        incoming, outgoing = (
            ServerSettings(
                host="127.0.0.1", port=way.port, security=Security.NONE, user="alice",
                password_file=str(self._password),
            )
            for way in (self._gate, self._counter)
        )  # fmt: skip
        await self._do(
            AddAccount(
                name="alice", address=ALICE, display_name="Alice", kind=Kind.IMAP,
                incoming=incoming, outgoing=outgoing, check=False,
            )
        )  # fmt: skip
        await self._do(SyncAccounts())

    async def goes_on(self) -> None:
        what = self._chance.choices(
            ("write", "draft", "several", "command", "outbox", "ask", "sync", "weather", "kill",
             "Postfix", "Dovecot", "password"),
            (9, 5, 2, 1, 4, 3, 2, 2, 2, 1.5, 1, 0.7),
        )[0]  # fmt: skip
        match what:
            case "write":
                await self._sends()
            case "several":
                await asyncio.gather(*(self._sends() for _ in range(self._chance.randint(2, 4))))
            case "draft":
                await self._drafts()
            case "command":
                await self._sends_by_command()
            case "outbox":
                await self._handles_outbox()
            case "ask":
                await self._answers()
            case "sync":
                await self._tries("sync", SyncAccounts())
            case "weather":
                self._changes_weather()
            case "kill":
                await self._kills()
            case "password":
                self._changes_password()
            case name:
                await asyncio.to_thread(self._turns, name)
        await asyncio.sleep(self._chance.choice((0.0, 0.02, 0.1, 0.3, 0.6)))

    # A person writes

    def _plans_fault(self) -> None:
        chance = self._chance.random()
        fault: Fault | None = None
        if chance < 0.3:
            fault = self._chance.choice(list(Fault))
        elif chance < 0.55:
            fault = self._chance.choice(DOUBTFUL)
        if fault is not None:
            self._say(f"planned: {fault}")
        self._counter.faults.append(fault)

    def _open_papers(self) -> list[Paper]:
        """Those of which nothing is on its way."""
        return [
            paper for paper in self._desk.papers
            if all(one.fate in {"taken back", "dropped"} and not one.had for one in paper.letters)
        ]  # fmt: skip

    def _draft_of(self, paper: Paper) -> MessageRow | None:
        with self._reads() as reader:
            boxes = tuple(box.id for box in reader.mailboxes() if box.role is Role.DRAFTS)
            rows = reader.window(View(mailbox_ids=boxes), 0, 1000) if boxes else ()
            return next((row for row in rows if row.subject in paper.versions), None)

    async def _drafts(self) -> None:
        known = self._open_papers()
        paper = self._chance.choice(known) if known and self._chance.random() < 0.5 else None
        paper = paper or self._desk.paper()
        before = self._draft_of(paper)
        paper.is_saved |= before is not None
        subject, octets = self._desk.version(paper)
        paper.versions.append(subject)
        place = f" in place of {before.subject}" if before else ""
        outcome = await self._tries(
            f"draft {subject}{place}",
            SaveDraft(account_id=_ACCOUNT, octets=octets, replaces=before.id if before else None),
        )
        if outcome is not None:  # else either may be there
            paper.versions, paper.is_saved = [subject], True

    async def _sends(self) -> None:
        known = self._open_papers()
        paper = self._chance.choice(known) if known and self._chance.random() < 0.6 else None
        paper = paper or self._desk.paper()
        draft = self._draft_of(paper)
        letter = self._desk.letter(paper)
        self._plans_fault()
        delay_s = self._chance.choice((0.0, 0.0, 0.0, 0.5, 2.0))
        wish = self._chance.choice(((), (), ("success", "failure"), ("never",), ("failure",)))
        outcome = await self._tries(
            f"send {letter.subject} of {paper.name} ({draft.subject if draft else 'no draft'})"
            f" to {letter.recipients} in {delay_s}",
            SendMessage(
                account_id=_ACCOUNT, sender=letter.composed.sender, recipients=letter.recipients,
                octets=letter.composed.octets, delay_s=delay_s,
                draft=draft.id if draft else None,
                report=ReportWish(notify=wish, whole=self._chance.choice((None, True, False))),
            ),
        )  # fmt: skip
        if outcome is not None:
            (letter.sending_id,) = outcome.ids

    async def _sends_by_command(self) -> None:
        letter = self._desk.letter(self._desk.paper())
        self._plans_fault()
        await self.engine.door()  # else the command would start another one
        path = self._folder / f"{letter.subject}.eml"
        hidden = ", ".join(letter.hidden).encode()
        shown = [one for one in letter.recipients if one not in letter.hidden]
        letter.recipients = (*shown, *letter.hidden)
        bcc = b"Bcc: " + hidden + b"\r\n" if hidden else b""
        path.write_bytes(bcc + letter.composed.octets)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "desktopmail", "--profile", str(self.engine.profile.folder),
            "send", str(path), "--no-wait", cwd=ROOT, env=environment(),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(_COMMAND_S):
            out, err = await process.communicate()
        self._say(f"desktopmail send {letter.subject}: {process.returncode} {(out + err)!r}")
        if process.returncode:
            self._report.faults.append(f"desktopmail send: {err.decode()}")

    # A person looks after what was sent

    async def _handles_outbox(self) -> None:
        with self._reads() as reader:
            rows = [row for row in reader.sendings() if row.state is not SendingState.DONE]
        if not rows:
            return
        row = self._chance.choice(rows)
        if self._chance.random() < 0.5:
            await self._tries(f"retry {row.subject} ({row.state})", RetrySending(sending_id=row.id))
        else:
            await self._takes_back(row)

    async def _takes_back(self, row: SendingRow) -> None:
        letter = next(one for one in self._desk.letters if one.subject == row.subject)
        outcome = await self._tries(
            f"take {row.subject} back ({row.state})", CancelSending(sending_id=row.id)
        )
        if outcome is not None:
            letter.fate = "taken back"
            letter.had = frozenset(one.address for one in row.results if one.state == "accepted")

    async def _answers(self) -> None:
        with self._reads() as reader:
            asked = reader.questions()
            subjects = {row.id: row.subject for row in reader.sendings()}
        if not asked:
            return
        one = self._chance.choice(asked)
        choice = self._chance.choice([key for key, _ in one.choices])
        subject = subjects.get(one.subject_id) if one.kind == UNSURE_SENDING else None
        outcome = await self._tries(
            f"answer {one.kind} of {subject} with {choice}",
            AnswerQuestion(question_id=one.id, choice=choice),
        )
        if outcome is None or subject is None:
            return
        letter = next(one for one in self._desk.letters if one.subject == subject)
        letter.fate = {"drop": "dropped", "sent": "filed"}.get(choice, letter.fate)
        letter.again += choice == "again"

    # What happens around it

    def _changes_weather(self) -> None:
        way = self._chance.choice((self._gate, self._counter))
        name = "Dovecot" if way is self._gate else "Postfix"
        match self._chance.choice(("close", "open", "open", "cut", "few")):
            case "close":
                way.close()
                self._say(f"the way to {name} is closed")
            case "open":
                way.open()
                self._say(f"the way to {name} is open")
            case "cut":
                way.cut()
                self._say(f"connections to {name} are cut")
            case _:
                self._gate.octets_left = int(self._chance.expovariate(1 / 2000)) + 1
                self._say(f"the way to Dovecot closes after {self._gate.octets_left} octets")

    async def _kills(self) -> None:
        if self._report.kills >= _MOST_KILLS:
            return
        self._report.kills += 1
        after_s = self._chance.random() ** 2 * 0.6
        self._say(f"the engine is killed after {after_s:.3f} s")
        await self.engine.kill_amid(self._sends(), self._drafts(), after_s=after_s)

    def _changes_password(self) -> None:
        password = self._chance.choice(_PASSWORDS)
        if self._chance.random() < 0.5:
            self._password.write_text(password + "\n")
            self._say(f"the password file holds {password!r}")
        else:
            self._sets_password(password)
            self._say(f"the password at the servers is {password!r}")

    def _sets_password(self, password: str) -> None:
        (self._dovecot.folder / "users").write_text(f"alice:{{PLAIN}}{password}::::::\n")

    def _turns(self, name: str) -> None:
        server = self._dovecot if name == "Dovecot" else self._postfix
        if not self._is_up[name]:
            if name == "Postfix" and not self._is_up["Dovecot"]:
                self._turns("Dovecot")  # which it asks about logins before it greets
            server.start()
            self._say(f"{name} starts")
        elif self._chance.random() < 0.5:
            server.kill()
            self._say(f"{name} is killed")
        else:
            server.stop()
            self._say(f"{name} is stopped")
        self._is_up[name] = not self._is_up[name]

    # The end

    async def ends(self) -> None:
        self._say("the end begins")
        for name in self._is_up:
            if not self._is_up[name]:
                await asyncio.to_thread(self._turns, name)
        self._gate.open()
        self._counter.open()
        self._counter.faults.clear()
        self._sets_password(_PASSWORDS[0])
        self._password.write_text(_PASSWORDS[0] + "\n")
        await self._settles()
        await asyncio.to_thread(self._waits_for_queue)
        for _ in range(2):
            await self._do(SyncAccounts())
        self._say("it is at rest")
        await self._compares()

    async def _settles(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLE_S
        left: list[object] = []
        errors: list[str] = []
        while loop.time() < until:
            with self._reads() as reader:
                rows, asked = reader.sendings(), reader.questions()
                operations = reader.operations()
            for one in asked:
                if one.kind != UNSURE_SENDING:
                    await self._tries(
                        f"answer {one.kind}", AnswerQuestion(question_id=one.id, choice="retry")
                    )
            for row in rows:
                if row.waits_for_retry and row.tries > _MOST_TRIES:  # a person had enough
                    await self._tries(f"retry {row.subject}", RetrySending(sending_id=row.id))
            try:
                await self._do(SyncAccounts())
            except DoorError as error:
                errors.append(error.sentence)
            asked_about = {one.subject_id for one in asked if one.kind == UNSURE_SENDING}
            left = [
                (row.subject, row.state, row.problem) for row in rows
                if row.state in _UNDER_WAY
                or (row.state is SendingState.UNSURE and row.id not in asked_about)
            ]  # fmt: skip
            left += [(row.label, row.state, row.problem) for row in operations]
            if not left:
                return
            await asyncio.sleep(0.2)
        self._report.faults.append(f"it does not settle: {left} {errors[-3:]}")

    def _waits_for_queue(self) -> None:
        """See that Postfix has delivered what it took."""
        until = time.monotonic() + _SETTLE_S
        queue = self._postfix.folder / "queue"
        while time.monotonic() < until:
            if not any(
                path.is_file()
                for name in ("incoming", "active", "deferred")
                for path in (queue / name).rglob("*")
            ):
                return
            time.sleep(0.1)
        log = (self._postfix.folder / "log").read_text("utf-8", "replace")
        self._report.faults.append(f"Postfix does not deliver: {log[-3000:]}")

    async def _compares(self) -> None:
        held = await asyncio.to_thread(self._held)
        with self._reads() as reader:
            rows, asked, problems = reader.sendings(), reader.questions(), reader.problems()
        self._report.sendings += Counts(str(row.state) for row in rows)
        faults = self._report.faults
        faults += self._desk.faults(rows, asked, held)
        faults += [f"question: {one.text}" for one in asked if one.kind != UNSURE_SENDING]
        faults += [f"problem: {one.what}" for one in problems if one.service != "smtp"]
        sound = await self._do(CheckStore())
        if sound.label != "The store is sound.":
            faults.append(f"doctor: {sound.label}")

    def _held(self) -> Held:
        delivered: Counts[tuple[str, str]] = Counts()
        mail = self._postfix.folder / "mail"
        for name in ("inbox", "alice"):
            for path in [*(mail / name).glob("new/*"), *(mail / name).glob("cur/*")]:
                message = email.message_from_bytes(path.read_bytes())
                who = str(message["Delivered-To"])
                if message["Return-Path"] != "<>":  # else a report
                    delivered[who, str(message["Subject"])] += 1
                    if message["Bcc"] is not None:
                        self._report.faults.append(f"{message['Subject']} shows its Bcc to {who}")
        with IMAPClient("127.0.0.1", self._dovecot.imap, ssl=False) as client:
            client.login("alice", _PASSWORDS[0])
            boxes = []
            for name in ("Sent", "Drafts"):
                client.select_folder(name, readonly=True)
                found = client.fetch(client.search(), ["ENVELOPE"])
                boxes.append(Counts(row[b"ENVELOPE"].subject.decode() for row in found.values()))
        return Held(delivered, boxes[0], boxes[1], self._counter.taken, self._setup.files_sent)
