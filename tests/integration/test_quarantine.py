"""A message or an operation that takes the engine's process down is set aside, and said."""

from __future__ import annotations

import contextlib
import imaplib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.helpers.plant import plant
from tests.helpers.program import ROOT, Program, environment
from tests.helpers.server import PASSWORD, ServerProcess
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# Read by each interpreter at its start: what a broken library would do to ours.
READING = """
from desktopmail.mime.message import Message
parse = Message.parse.__func__
def planted(cls, octets, *rest, **more):
    if b"PLANTED" in octets:
        import os
        os.abort()
    return parse(cls, octets, *rest, **more)
Message.parse = classmethod(planted)
"""
TELLING = """
from desktopmail.net.imap import ImapClient
def planted(self, *rest, **more):
    import os
    os.abort()
ImapClient.uid_store = planted
"""
SENDING = """
from desktopmail.engine.outbox import Outbox
async def planted(self, *rest, **more):
    import os
    os.abort()
Outbox._deliver = planted
"""
TO_BOB = ("send", "--to", "bob@localhost", "--subject", "A letter")


@pytest.fixture
def program(server: ServerProcess, tmp_path: Path) -> Program:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    program = Program(tmp_path / "profile")
    assert program.add_account(server, "alice", password, kind="imap").status == 0
    program.ok("sync")
    end_engine(program)
    return program


def end_engine(program: Program) -> None:
    """Have the next command start an engine."""
    with contextlib.suppress(AssertionError):  # it has ended by itself
        program.kill_engine()


def deliver(server: ServerProcess, *octets: bytes) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("alice", PASSWORD)
        for one in octets:
            client.append("INBOX", None, None, one)  # type: ignore[arg-type]


def test_a_message_that_kills_the_engine_is_set_aside_and_the_others_come(
    program: Program,
    server: ServerProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(tmp_path, monkeypatch, READING)
    deliver(server, mail(1), mail(2, body="PLANTED"), mail(3))
    for _ in range(3):
        assert program.run("sync").status == 1
    program.ok("sync")
    rows = program.ok("list", "INBOX", "--json").json
    subjects = {row["subject"] for row in rows}
    assert subjects >= {"Subject 1", "Subject 3"}
    assert len(rows) == 3
    (asked,) = program.ok("questions", "list", "--json").json
    assert "three times within a minute while it read a message" in asked["text"]
    assert "Fatal Python error: Aborted" in program.log()
    # Once the fault is mended, it is read.
    end_engine(program)
    monkeypatch.delenv("PYTHONPATH")
    program.ok("questions", "answer", str(asked["id"]), "retry")
    program.ok("sync")
    rows = program.ok("list", "INBOX", "--json").json
    assert {row["subject"] for row in rows} == {"Subject 1", "Subject 2", "Subject 3"}
    assert all(row["has_octets"] for row in rows)


def test_an_operation_that_kills_the_engine_is_shown_and_can_be_given_up(
    program: Program,
    server: ServerProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver(server, mail(1))
    program.ok("sync")
    (row,) = program.ok("list", "INBOX", "--json").json
    end_engine(program)
    plant(tmp_path, monkeypatch, TELLING)
    program.run("flag", str(row["id"]), "--add", "flagged")
    for _ in range(4):
        last = program.run("sync")
    assert last.status == 0, last.err
    (one,) = program.ok("operations", "list", "--json").json
    assert one["state"] == "failed"
    assert "ended three times" in one["problem"]
    (asked,) = program.ok("questions", "list", "--json").json
    program.ok("questions", "answer", str(asked["id"]), "discard")
    assert program.ok("operations", "list", "--json").json == []
    (row,) = program.ok("list", "INBOX", "--json").json
    assert "flagged" not in row["flags"]


def test_a_send_whose_engine_dies_ends_and_says_where_the_message_is(
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(tmp_path, monkeypatch, SENDING)
    run = program.run(*TO_BOB)
    assert (run.status, run.out) == (1, "")
    assert run.err == (
        "desktopmail: The engine ended while it was waited for. The message is in the outbox as 1;"
        " `desktopmail outbox list` says what becomes of it.\n"
    )
    while not program.run("questions", "list", "--json").json:
        assert program.run(*TO_BOB).status == 1
    # The account rests: nothing is waited for, and what is to be done is said.
    run = program.run(*TO_BOB)
    assert (run.status, run.out) == (1, "")
    assert "was not sent: alice-imap is left alone for now: the program ended three" in run.err
    assert "It stays in the outbox as" in run.err
    assert "`desktopmail questions list` shows it, and how to answer." in run.err
    for arguments in (("sync",), ("outbox", "retry", "1")):
        run = program.run(*arguments)
        assert run.status == 1
        assert "alice-imap is left alone for now" in run.err
        assert "`desktopmail questions list` shows it" in run.err
    end_engine(program)
    monkeypatch.delenv("PYTHONPATH")
    (asked,) = program.ok("questions", "list", "--json").json
    program.ok("questions", "answer", str(asked["id"]), "retry")
    program.ok(*TO_BOB)
    states = {row["state"] for row in program.ok("outbox", "list", "--json").json}
    assert states == {"done"}


def test_a_watch_ends_with_its_engine(program: Program) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "desktopmail", "--profile", str(program.profile),
         "sync", "--watch", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=ROOT,
    )  # fmt: skip
    with watching:
        assert watching.stdout is not None
        assert '"state"' in watching.stdout.readline()
        program.kill_engine()
        _, said = watching.communicate(timeout=30)
    assert watching.returncode == 1
    assert said.startswith("desktopmail: The engine ended while it was waited for.")
