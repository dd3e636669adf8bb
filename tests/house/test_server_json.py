"""The page about the server's machine form names the keys that each command prints."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localserver.cli.program import program, run
from localserver.config import DEFAULT_PORTS, Config
from localserver.local import LocalServer
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.ready import FILE_IN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

PAGE = Path(__file__).parents[2] / "docs" / "server-json.md"
KEY = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
OCTETS = b"Subject: x\r\n\r\nbody\r\n"


def documented() -> dict[str, set[str]]:
    """The keys of each command, by its name."""
    found = {}
    for section in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        for command in re.findall(r"`([a-z -]+)`", heading):
            found[command] = set(KEY.findall(text))
    return found


def commands() -> set[str]:
    """Every command that prints JSON."""
    app = program()
    found = {str(each.name) for each in app.registered_commands}
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands if group.typer_instance else []
        for each in inner:
            assert each.callback is not None
            found.add(f"{group.name} {each.name or each.callback.__name__}")
    return found


class Printed:
    """What commands print, as values."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.values: dict[str, Any] = {}

    def take(self, capsys: pytest.CaptureFixture[str], command: str, *arguments: object) -> None:
        """Run a command with `--json` and keep what it printed."""
        where = [] if command == "check-config" else ["--data", str(self.data)]
        capsys.readouterr()
        assert run([*command.split(), *map(str, arguments), *where, "--json"]) == 0, command
        self.values[command] = json.loads(capsys.readouterr().out)


@contextmanager
def queueing(data: Path) -> Iterator[LocalServer]:
    """A running server with a held message."""
    config = Config(relay="smarthost=127.0.0.1:1", listen=dict.fromkeys(DEFAULT_PORTS, 0))
    with LocalServer({"zoe": "z"}, data=data, config=config) as server:
        outbound, loop = server.server.context.outbound, server._loop
        assert outbound is not None
        assert loop is not None
        message = Outgoing(
            "one", "zoe@localhost", (OutgoingRecipient("x@else.test"),), OCTETS, hold=True
        )
        asyncio.run_coroutine_threadsafe(outbound.submit(message), loop).result(5)
        yield server


def test_each_key_that_a_command_prints_is_documented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = Printed(tmp_path)
    secret, mail, config = tmp_path / "secret", tmp_path / "mail.eml", tmp_path / "server.toml"
    secret.write_text("word\n")
    mail.write_bytes(OCTETS)
    config.write_text('domain = "mail.test"\n')
    take = printed.take
    with queueing(printed.data) as server:
        printed.values["serve"] = json.loads((printed.data / FILE_IN_FOLDER).read_text())
        assert printed.values["serve"] == json.loads(server.server.ready.to_json())
        take(capsys, "user add", "anna", "--password-file", secret)
        take(capsys, "user list")
        assert len(printed.values["user list"]) == 2
        take(capsys, "queue list")
        take(capsys, "queue retry")
        take(capsys, "queue drop", 1)
        server._call(server.server.store.capture("", ["x@else.test"], OCTETS))
        take(capsys, "captured list")
        take(capsys, "captured show", 1)
        assert printed.values["captured show"]["octets_base64"] == base64.b64encode(OCTETS).decode()
        take(capsys, "captured forget")
    take(capsys, "import", mail, "--user", "anna")
    take(capsys, "export", tmp_path / "out", "--user", "anna")
    take(capsys, "snapshot save", tmp_path / "copy")
    take(capsys, "snapshot restore", tmp_path / "copy")
    take(capsys, "cert")
    take(capsys, "check")
    take(capsys, "check-config", config)
    take(capsys, "user password", "anna", "--application")
    take(capsys, "user remove", "anna")
    told = documented()
    assert set(told) == set(printed.values) == commands()
    for command, value in printed.values.items():
        rows = value if isinstance(value, list) else [value]
        assert rows, command
        for row in rows:
            assert set(row) == told[command], command


def test_lists_are_arrays_and_all_else_is_one_object_also_when_there_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = Printed(tmp_path)
    with LocalServer(data=printed.data):
        pass
    for command in ("user list", "queue list", "captured list"):
        printed.take(capsys, command)
        assert printed.values[command] == []
    printed.take(capsys, "check")
    assert printed.values["check"]["wrong"] == {}
