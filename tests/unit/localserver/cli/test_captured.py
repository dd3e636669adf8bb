"""`localserver captured list|show|forget`, on a folder and on the server that runs on it."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n\xff\x00\n"
SECOND = b"From: x\r\n\r\n"


@pytest.fixture(params=["on its folder", "while it runs"])
def data(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The options that name a folder with two captured messages."""
    folder = tmp_path / "data"
    with LocalServer({"alice": "s"}, data=folder) as server:
        for sender, octets in (("alice@localhost", FIRST), ("", SECOND)):
            server._call(server.server.store.capture(sender, ["x@else.test", "y@z.test"], octets))
    runs = request.param == "while it runs"
    with LocalServer({"alice": "s"}, data=folder, api=True) if runs else nullcontext():
        yield ["--data", str(folder)]


def test_it_is_listed_for_people_and_for_programs(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["captured", "list", *data]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1  20")
    assert first.endswith("  from <alice@localhost>  to x@else.test, y@z.test  Grüße")
    assert "from <>" in second
    assert run(["captured", "list", *data, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [each["number"] for each in rows] == [1, 2]
    assert rows[0]["size"] == len(FIRST)


def test_a_message_is_written_as_it_is(
    data: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["captured", "show", "1", *data]) == 0
    assert capsysbinary.readouterr().out == FIRST
    assert run(["captured", "show", "7", *data]) == 1
    assert capsysbinary.readouterr().err == (
        b"localserver: There is no captured message 7; `localserver captured list` shows which"
        b" there are.\n"
    )


def test_one_is_forgotten_or_all_are(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["captured", "forget", "--id", "1", *data]) == 0
    assert capsys.readouterr().out == "1 message was forgotten.\n"
    assert run(["captured", "forget", "--id", "1", *data]) == 1
    assert "There is no captured message 1; `localserver captured list`" in capsys.readouterr().err
    assert run(["captured", "forget", *data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"messages": 1}
    assert run(["captured", "list", *data]) == 0
    assert capsys.readouterr().out == ""
