"""What `show` tells of a message."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.cli import reading
from desktopmail.cli.context import Context
from desktopmail.cli.output import Output
from tests.helpers.store import add_account, inbox_of, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from desktopmail.engine.store.store import Transaction

_MAIL = (
    b"From: Your Bank <mallory@evil.example>\r\n"
    b'To: "Weber, Anna" <anna@example.org>, ben@xn--mller-kva.example\r\n'
    b"Subject: Urgent\r\n\r\nPay.\r\n"
)


def _filled(tx: Transaction) -> None:
    put(tx, inbox_of(tx, add_account(tx)), [_MAIL])


async def test_a_name_never_stands_without_its_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(tmp_path) as store:
        await store.write(partial(_filled))
        context = Context(tmp_path, Output(as_json=False))
        given = argparse.Namespace(id=1, headers=False, raw=False, text=False, save=None)
        assert await reading._show(context, given) == 0
        await context.aclose()
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "From:    Your Bank <mallory@evil.example>"
    assert said[1] == 'To:      "Weber, Anna" <anna@example.org>, ben@müller.example'
