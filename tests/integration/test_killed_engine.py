"""Killing the engine, whatever it does, loses nothing and doubles nothing.

The real program is killed while it syncs; engines under the eyes of `tests.simulation` are killed
in every state of outbox and journal, and anywhere: 500 times, as by `python -m tests.simulation`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.imap import ImapClient
from desktopmail.net.ports import system_ports
from desktopmail.wire.secret import Secret
from tests.helpers.program import ROOT, Program, environment
from tests.helpers.server import PASSWORD, ServerProcess, server_process
from tests.simulation.killing import Killer, campaign, victim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
COUNT = 1500
KILLS = 8
# Campaigns, and the kills of each: 500 together, and five at least in each state.
CAMPAIGNS, KILLED_ANYWHERE = 5, 100
MOST_TRIALS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server")) as running:
        yield running


async def fill(server: ServerProcess, user: str) -> None:
    """Give a user `COUNT` messages of some 2 KB, each with a subject of its own."""
    endpoint = Endpoint("127.0.0.1", server.ports["imap"], Security.NONE)
    client = await ImapClient.connect(endpoint, ports=system_ports())
    try:
        await client.login(user, Secret(PASSWORD))
        for number in range(COUNT):
            text = f"This is message {number}.\r\n" * 80
            await client.append(
                "INBOX",
                f"From: x@example.org\r\nSubject: number {number}\r\n\r\n{text}".encode(),
            )
    finally:
        await client.aclose()


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_every_message_is_there_once(kind: str, server: ServerProcess, tmp_path: Path) -> None:
    user = {"imap": "alice", "pop3": "bob"}[kind]
    asyncio.run(fill(server, user))
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    program = Program(tmp_path / "profile")
    assert program.add_account(server, user, password, kind=kind).status == 0
    chance = random.Random(20261123)
    for _ in range(KILLS):
        syncing = subprocess.Popen(
            [sys.executable, "-m", "desktopmail", "--profile", str(program.profile), "sync"],
            cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        time.sleep(0.3 + chance.random() * 0.8)
        with contextlib.suppress(AssertionError):  # it was quicker than we and ended by itself
            program.kill_engine()
        _, said = syncing.communicate(timeout=60)
        assert b"Traceback" not in said, said
    program.ok("sync", timeout_s=120)
    rows = program.ok("list", "INBOX", "--json", "--limit", "5000").json
    subjects = sorted(row["subject"] for row in rows)
    assert subjects == sorted(f"number {number}" for number in range(COUNT))
    assert all(row["has_octets"] for row in rows)
    assert len({row["id"] for row in rows}) == COUNT


@pytest.mark.parametrize("number", range(CAMPAIGNS))
def test_wherever_an_engine_is_killed_the_end_is_the_undisturbed_one(number: int) -> None:
    tally = campaign(KILLED_ANYWHERE, seed=20261125 + number, at_least=1)
    assert not tally.faults, "\n\n".join(tally.faults)
    assert not tally.missing(1), "no kill fell into these states"
    assert tally.kills.total() >= KILLED_ANYWHERE


@pytest.mark.parametrize(
    ("plant", "scenario"),
    [
        ("DELE before the commit", "pop3"),
        ("UIDL before its message", "pop3"),
        ("final dot unrecorded", "send"),
        ("append without looking", "import"),
        ("journal forgotten", "changes"),
        ("mailbox not looked for", "mailboxes"),
        ("undo in two steps", "undo"),
        ("deletion forgotten early", "leave"),
        ("words in memory alone", "list"),
    ],
)
def test_a_planted_bug_is_found(plant: str, scenario: str) -> None:
    with victim() as starts:
        killer = Killer(starts, random.Random(1), plant=plant)
        trials = 0
        while not killer.tally.faults and trials < MOST_TRIALS:
            killer.trial(scenario)
            trials += 1
    assert killer.tally.faults, f"{killer.tally.kills.total()} kills did not find it"
    assert killer.tally.kills.total() > 0, "it is found without any kill: it is no bug of crashes"
