"""Commands that talk to a running server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.cli.running import RunningQueue, running_on
from localserver.config import DEFAULT_PORTS, Config
from localserver.local import LocalServer
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.ready import FILE_IN_FOLDER
from localserver.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"  # as docs/server-json.md says
OCTETS = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    """A relaying server with two held messages."""
    config = Config(relay="smarthost=127.0.0.1:1", listen=dict.fromkeys(DEFAULT_PORTS, 0))
    with LocalServer({"alice": "s"}, data=tmp_path / "data", config=config) as running:
        outbound = running.server.context.outbound
        assert outbound is not None
        loop = running._loop
        assert loop is not None
        for name in ("one", "two"):
            to = (OutgoingRecipient(f"{name}@else.test"),)
            message = Outgoing(name, "alice@localhost", to, OCTETS, hold=True)
            asyncio.run_coroutine_threadsafe(outbound.submit(message), loop).result(5)
        yield running


def test_the_queue_of_a_running_server_is_listed_tried_and_dropped(
    server: LocalServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert run(["queue", "list", *data, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(each["recipient"], each["held"]) for each in rows] == [
        ("one@else.test", True), ("two@else.test", True),
    ]  # fmt: skip
    assert all(re.fullmatch(MOMENT, each["next_try"]) for each in rows)
    assert run(["queue", "list", *data]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "1  to one@else.test  from <alice@localhost>  0 tries  held"
    assert run(["queue", "retry", "--id", "2", *data]) == 0
    assert "1 recipient is due now." in capsys.readouterr().out
    assert run(["queue", "drop", "1", "--bounce", *data]) == 0
    server.wait_for(to="alice", subject="")
    for command in (["drop", "1"], ["retry", "--id", "77"]):
        assert run(["queue", *command, *data]) == 1
        said = f"no message {command[-1]} in the queue; `localserver queue list` shows the ids."
        assert said in capsys.readouterr().err
    found = running_on(tmp_path / "data")
    assert found is not None
    assert [each.id for each in RunningQueue(found).waiting()] == [2]


def test_what_a_killed_server_left_behind_is_not_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LocalServer({"alice": "s"}, data=tmp_path, api=True):
        told = (tmp_path / FILE_IN_FOLDER).read_bytes()
        assert (tmp_path / FILE_IN_FOLDER).stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / FILE_IN_FOLDER).exists()
    (tmp_path / FILE_IN_FOLDER).write_bytes(told)
    assert running_on(tmp_path) is None
    assert running_on(tmp_path / "no such folder") is None
    assert run(["queue", "list", "--data", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_looking_for_a_running_server_takes_nothing_from_one_that_starts(tmp_path: Path) -> None:
    with LocalServer({"alice": "s"}, data=tmp_path / "other", api=True):
        told = json.loads((tmp_path / "other" / FILE_IN_FOLDER).read_bytes())
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    for pid in (ended.pid, os.getpid()):
        (tmp_path / FILE_IN_FOLDER).write_text(json.dumps({**told, "pid": pid}))
        assert running_on(tmp_path) is None
    assert not (tmp_path / "lock").exists()


def test_a_server_that_refuses_is_quoted(server: LocalServer, tmp_path: Path) -> None:
    found = running_on(tmp_path / "data")
    assert found is not None
    with pytest.raises(StoreError, match="no such path"):
        found.ask("GET", "/api/nothing")
    assert found.ask("GET", "/api/server")["ports"] == server.ports
