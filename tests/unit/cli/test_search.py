"""How far a search reached is said account by account."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.cli.context import Context
from desktopmail.cli.output import Output
from desktopmail.cli.search import _places
from desktopmail.door.rows import Kind
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


def _two_accounts(tx: Transaction) -> None:
    for name in ("home", "work"):
        add_account(tx, name, Kind.POP3)


async def test_mailboxes_of_one_name_are_told_apart_by_their_account(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(partial(_two_accounts))
        context = Context(tmp_path, Output(as_json=False))
        boxes = context.reader().mailboxes()
        some = [box.id for box in boxes if box.path in {"INBOX", "Sent"}]
        assert _places(context, boxes, some) == "home (INBOX, Sent) and work (INBOX, Sent)"
        home = context.reader().mailboxes(context.account("home").id)
        assert _places(context, home, some) == "INBOX and Sent"
        assert _places(context, boxes, []) == ""
        await context.aclose()
