"""`sync --watch --json` is one object a line from its first line on."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.context import Context
from desktopmail.cli.output import Output
from desktopmail.cli.sync import _report
from desktopmail.door.rows import Kind
from desktopmail.engine.store import problem
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


def _with_mail(name: str, tx: Transaction) -> None:
    put(tx, inbox_of(tx, add_account(tx, name, Kind.POP3)), [mail(1)])


def _with_problems(tx: Transaction) -> list[AccountId]:
    made = [add_account(tx, name, Kind.POP3) for name in ("home", "work")]
    for one in made:
        problem.report(tx, one, "message", "“Tulips” does not come.", "Look for it.", 1.0)
    return made


@pytest.mark.parametrize("watch", [False, True])
async def test_what_was_synced_is_an_array_or_a_stream(
    watch: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(tmp_path) as store:
        for name in ("home", "work"):
            await store.write(partial(_with_mail, name))
        context = Context(tmp_path, Output(as_json=True))
        _report(context, {account.id for account in context.accounts()}, watch=watch)
        await context.aclose()
    out = capsys.readouterr().out
    found = [json.loads(line) for line in out.splitlines()] if watch else json.loads(out)
    assert [account["name"] for account in found] == ["home", "work"]
    assert all(account["total"] == 1 for account in found)


async def test_what_else_is_wrong_with_an_account_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(tmp_path) as store:
        home, _ = await store.write(_with_problems)
        context = Context(tmp_path, Output(as_json=False))
        assert _report(context, {home}, watch=False) == 0
        await context.aclose()
    assert capsys.readouterr().err == "home: “Tulips” does not come. Look for it.\n"
