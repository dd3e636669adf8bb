"""Killing engines: a scenario is killed again and again, and its end has to be the undisturbed one.

What an end is: everything the engine shows, and everything the server holds, message by message.
Only a message that was killed between its final dot and the reply may differ: it stands as unsure,
with one question, and the server has it once or not at all.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import msgspec

from localserver.local import LocalServer
from tests.simulation.ends import End
from tests.simulation.fate import Death, states
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.steps import USERS
from tests.simulation.victim import Order, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.simulation.scenario import Scenario

ROOT = Path(__file__).parents[2]
# The clock jumps so far ahead between two lives: an unsure sending is then old enough to be asked
# about, and what had to wait before another try is due.
JUMP_S = 3600.0
KILLS_IN_A_TRIAL = 4
AT_LEAST = 5
_ROUNDS = 8

#: Every state of the outbox and of the journal that the store can be found in. What is accepted is
#: filed or done in the step that accepts it, so `accepted` is never found. Changes of mailboxes are
#: looked for before they are said again, so those operations are never `running`.
OUTBOX_STATES = tuple(
    f"sending {state}"
    for state in ("queued", "connecting", "transmitting", "unsure", "filing", "done", "failed")
)
JOURNAL_STATES = (
    *(
        f"{kind} {state}"
        for kind in ("flags", "move", "append", "copy", "expunge")
        for state in ("pending", "running", "done")
    ),
    "move failed",
)
MAILBOX_STATES = tuple(
    f"{kind} {state}"
    for kind in ("create", "rename", "delete-mailbox", "subscribe")
    for state in ("pending", "done")
)

_WHERE = {
    **dict.fromkeys(OUTBOX_STATES, "send"),
    **dict.fromkeys(JOURNAL_STATES, "changes"),
    **dict.fromkeys(MAILBOX_STATES, "mailboxes"),
}


@dataclass(slots=True)
class Tally:
    """What a campaign did.

    Attributes:
        kills: How many engines were killed, by scenario.
        found: How many kills found the store with something in a state.
        faults: What was wrong, one sentence each.
        unsure: How many messages stood as unsure in the end.
    """

    kills: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    unsure: int = 0

    def missing(self, at_least: int = AT_LEAST) -> dict[str, int]:
        """The states that too few kills fell into."""
        wanted = (*OUTBOX_STATES, *JOURNAL_STATES, *MAILBOX_STATES)
        return {state: self.found[state] for state in wanted if self.found[state] < at_least}


class Victim:
    """The process that starts engines."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulation.victim"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    def live(self, order: Order) -> Report:
        """Let one engine live."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that starts engines has ended"
        return msgspec.json.decode(line, type=Report)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


@contextmanager
def victim() -> Iterator[Victim]:
    """A process that starts engines, for a while."""
    one = Victim()
    try:
        yield one
    finally:
        one.close()


class Killer:
    """Runs trials of scenarios and keeps the tally.

    Args:
        starts: Starts the engines.
        chance: Where the moments come from.
        plant: A bug that every engine has (see `plants`).
    """

    def __init__(self, starts: Victim, chance: random.Random, *, plant: str = "") -> None:
        self._starts = starts
        self._chance = chance
        self._plant = plant
        self._undisturbed: dict[str, tuple[End, int]] = {}
        self.tally = Tally()

    def trial(self, name: str, deaths: Sequence[Death] = ()) -> int:
        """Kill one scenario a few times, let it come to its end, and compare.

        Args:
            name: Of the scenario.
            deaths: When; without any, at moments that chance chooses.

        Returns:
            How many kills there were.
        """
        wanted, events = self.undisturbed(name)
        deaths = deaths or [self._moment(events) for _ in range(KILLS_IN_A_TRIAL)]
        before = self.tally.kills[name]
        with tempfile.TemporaryDirectory() as folder, _server(SCENARIOS[name], folder) as server:
            report = self._lives(name, Path(folder), server, deaths)
            kills = self.tally.kills[name] - before
            story = f"{name}, killed at {'; '.join(map(str, deaths[:kills]))}"
            said = Path(folder) / "engine.log"
            log = said.read_text("utf-8", "replace") if said.exists() else ""
            if report.broke:
                self.tally.faults.append(f"{story}: {report.broke}\n{log[-3000:]}")
            elif "Traceback" in log:
                self.tally.faults.append(f"{story}: a fault of ours was logged\n{log[-3000:]}")
            else:
                self._compare(story, wanted, End(report.shown, held(server)), report)
        return kills

    def undisturbed(self, name: str) -> tuple[End, int]:
        """The end of a scenario that nobody disturbs, and how many events it took."""
        if name not in self._undisturbed:
            scenario = SCENARIOS[name]
            with tempfile.TemporaryDirectory() as folder, _server(scenario, folder) as server:
                report = self._starts.live(_order(name, Path(folder), server))
                log = Path(folder) / "engine.log"
                assert not report.broke, (report.broke, log.read_text("utf-8"))
                self._undisturbed[name] = End(report.shown, held(server)), report.events
        return self._undisturbed[name]

    def _moment(self, events: int) -> Death:
        """Some moment: mostly after a number of events, sometimes after a time."""
        if self._chance.random() < 0.2:
            return Death(after_s=self._chance.uniform(0.0, 0.4))
        return Death(event=self._chance.randint(1, max(2, events * 2 // 3)))

    def _lives(
        self, name: str, folder: Path, server: LocalServer, deaths: Sequence[Death]
    ) -> Report:
        acknowledged: tuple[str, ...] = ()
        report = Report()
        for number, death in enumerate((*deaths, Death())):
            order = _order(
                name, folder, server, acknowledged, death, number * JUMP_S, plant=self._plant
            )
            report = self._starts.live(order)
            acknowledged += report.acknowledged
            if not report.killed:
                break  # it was quicker than we, or broke, or nobody was to kill it
            self.tally.kills[name] += 1
            self.tally.found.update(_found(folder))
        return report

    def _compare(self, story: str, wanted: End, end: End, report: Report) -> None:
        for subject, questions in report.unsure.items():
            self.tally.unsure += 1
            if questions != 1:
                self.tally.faults.append(
                    f"{story}: {subject} is unsure, with {questions} questions"
                )
        for difference in end.differences(wanted, report.unsure):
            self.tally.faults.append(f"{story}: {difference}")


def held(server: LocalServer) -> dict[str, list[list[object]]]:
    """Everything a server holds, message by message."""
    found = {}
    for user in USERS:
        names = [box.name for box in server._call(server.server.store.account(user)).mailboxes()]
        for name in names:
            found[f"{user}/{name}"] = sorted(
                [one.subject, sorted(one.flags)] for one in server.messages(user, name)
            )
    return found


def campaign(
    count: int,
    seed: int,
    *,
    at_least: int = AT_LEAST,
    tell: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Kill engines: in every state so often at least, and anywhere until there are so many."""
    chance = random.Random(seed)
    with victim() as starts:
        killer = Killer(starts, chance)
        for round_ in range(_ROUNDS):
            for state in killer.tally.missing(at_least):
                # At once when it is so, or a few events later; every second time the engine that
                # finds what the first one left dies of it too.
                further = int(chance.triangular(0, 12, 0)) if round_ % 2 else 0
                death = Death(state=state, further=further)
                killer.trial(_WHERE[state], (death,) * (1 + round_ % 2))
            tell(killer.tally)
        while killer.tally.kills.total() < count:
            for name in SCENARIOS:
                killer.trial(name)
            tell(killer.tally)
        return killer.tally


def _order(
    name: str,
    folder: Path,
    server: LocalServer,
    acknowledged: tuple[str, ...] = (),
    death: Death | None = None,
    ahead_s: float = 0.0,
    *,
    plant: str = "",
) -> Order:
    return Order(
        folder=str(folder),
        scenario=name,
        ports=server.ports,
        acknowledged=acknowledged,
        death=death or Death(),
        ahead_s=ahead_s,
        plant=plant,
    )


@contextmanager
def _server(scenario: Scenario, folder: str) -> Iterator[LocalServer]:
    for user, password in USERS.items():
        (Path(folder) / user).write_text(password + "\n")
    with LocalServer(USERS) as server:
        scenario.fill(server, Path(folder))
        yield server


def _found(folder: Path) -> set[str]:
    """The states that a kill left behind."""
    database = folder / "profile" / "mail.db"
    if not database.exists():
        return set()
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return states(connection)
    except apsw.SQLError:  # it was killed before the tables were made
        return set()
    finally:
        connection.close()
