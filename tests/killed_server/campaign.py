"""Rounds: a server starts, clients work, it is killed; after each, everything is looked at."""

from __future__ import annotations

import imaplib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.killed_server.ledger import Ledger
from tests.killed_server.smarthost import Smarthost
from tests.killed_server.victim import PASSWORD, USERS
from tests.killed_server.workers import MAILBOXES, WORKERS, Submitter, Worker, empty, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60.0
_LONGEST_S = 0.1
# From the moment at which a command is sent: most of them take a few milliseconds.
_MEAN_S = 0.003
_MOST_KEPT = 1000


@dataclass(slots=True)
class Tally:
    """What a campaign has seen.

    Attributes:
        kills: How many.
        doing: In how many of them each command was under way.
        acknowledged: Commands that were acknowledged.
        faults: What may not be, a sentence each.
    """

    kills: int = 0
    doing: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)


class Victims:
    """Starts servers on one folder, one after the other, and kills them."""

    def __init__(self, data: Path, smarthost: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.killed_server.victim", str(data), smarthost],
            cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    @contextmanager
    def one(self) -> Iterator[dict[str, int]]:
        """Start a server, and kill it at the end of the block."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the server did not come up"
        told = json.loads(line)
        try:
            yield told["ports"]
        finally:
            os.kill(told["pid"], signal.SIGKILL)
            until = time.monotonic() + _PATIENCE_S
            while _lives(told["pid"]):
                assert time.monotonic() < until, "it did not die"
                time.sleep(0.001)

    def close(self) -> None:
        """Start no more."""
        self._process.communicate(timeout=_PATIENCE_S)


def campaign(
    data: Path, kills: int, seed: int, *, tell: Callable[[Tally], None] = lambda _: None
) -> Tally:
    """Kill servers on a folder that does not exist yet.

    Args:
        data: The folder.
        kills: How many.
        seed: The same moments of the clock, the same choices of the clients.
        tell: Called after each ten.
    """
    chance = random.Random(seed)
    smarthost = Smarthost()
    victims = Victims(data, smarthost.where)
    ledgers = {user: Ledger(user) for user in USERS}
    tally = Tally()
    Submitter.sent, Submitter.tried = {}, set()
    try:
        for number in range(kills):
            with victims.one() as ports:
                _look(ports, ledgers)
                workers = [
                    kind(ports, ledgers[kind.user], f"{number}.{n}", random.Random(chance.random()))
                    for n, kind in enumerate(WORKERS)
                ]
                for worker in workers:
                    worker.start()
                _until_busy(workers)
                _wait(workers, chance)
                relaying = smarthost.busy > 0
            _count(tally, workers)
            tally.doing["relay"] += relaying
            for ledger in ledgers.values():
                tally.faults += ledger.faults
                ledger.faults.clear()
            if tally.kills % 10 == 0:
                tell(tally)
        with victims.one() as ports:
            _look(ports, ledgers)
            tally.faults += [fault for each in ledgers.values() for fault in each.faults]
            tally.faults += _left(ports, smarthost, tally.kills)
    finally:
        victims.close()
        smarthost.shutdown()
        smarthost.server_close()
    return tally


def _look(ports: dict[str, int], ledgers: dict[str, Ledger]) -> None:
    look(ports, ledgers["alice"], MAILBOXES)
    look(ports, ledgers["bob"], ("INBOX",))
    for mailbox in ("INBOX", "To"):
        if len(ledgers["alice"].there(mailbox)) > _MOST_KEPT:
            empty(ports, ledgers["alice"], mailbox)


def _until_busy(workers: list[Worker]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not all(worker.acknowledged or not worker.is_alive() for worker in workers):
        assert time.monotonic() < until, "nothing was acknowledged"
        time.sleep(0.002)


def _wait(workers: list[Worker], chance: random.Random) -> None:
    """Wait until somewhere within a command of one of the clients."""
    time.sleep(chance.uniform(0.0, _LONGEST_S))
    victim = chance.choice(workers)
    kind = chance.choice(victim.kinds)
    until = time.monotonic() + 3.0
    while victim.doing != kind and victim.is_alive() and time.monotonic() < until:
        time.sleep(0.0002)
    time.sleep(chance.expovariate(1 / _MEAN_S))


def _count(tally: Tally, workers: list[Worker]) -> None:
    for worker in workers:
        worker.join(_PATIENCE_S)
        assert not worker.is_alive(), f"{worker.name} hangs"
        tally.faults += worker.refusals
        tally.acknowledged += worker.acknowledged
    tally.kills += 1
    tally.doing.update({worker.doing for worker in workers if worker.doing})


def _left(ports: dict[str, int], smarthost: Smarthost, kills: int) -> list[str]:
    """Wait until all that was submitted is sent on or reported; return what is wrong about it."""
    until = time.monotonic() + _PATIENCE_S
    missing = set(Submitter.sent)
    while missing and time.monotonic() < until:
        time.sleep(0.1)
        reported = _reported(ports)
        missing = {
            name
            for name, refused in Submitter.sent.items()
            if (name not in reported if refused else name not in smarthost.taken)
        }
    faults = [f"dave: {name} was taken, and never sent on or reported" for name in sorted(missing)]
    for name, times in smarthost.taken.items():
        if name not in Submitter.tried:
            faults.append(f"dave: nobody submitted {name}")
        # A server that dies between the smarthost's 250 and its own note has to send it again.
        if times > 1 + kills:
            faults.append(f"dave: {name} was sent on {times} times")
    doubles = sum(times - 1 for times in smarthost.taken.values())
    if doubles > 8 * kills:  # as many messages are under way at once
        faults.append(f"dave: {doubles} messages were sent on twice in {kills} kills")
    return faults


def _reported(ports: dict[str, int]) -> set[str]:
    """The Message-IDs that the reports in dave's INBOX are about."""
    client = imaplib.IMAP4("127.0.0.1", ports["imap"])
    try:
        client.login(Submitter.user, PASSWORD)
        client.select(readonly=True)
        parts = client.uid("FETCH", "1:*", "(BODY.PEEK[TEXT])")[1]
        texts = [part[1] for part in parts if isinstance(part, tuple)]
        return {
            name.decode() for text in texts for name in re.findall(rb"<submitter\.[^>]+>", text)
        }
    finally:
        client.shutdown()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
