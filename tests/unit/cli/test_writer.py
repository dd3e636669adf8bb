"""Who writes: the identity to begin with, or one that is named, and the account that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.context import Context
from desktopmail.cli.errors import CommandError
from desktopmail.cli.output import Output
from desktopmail.cli.writer import account_of, writer
from desktopmail.door.commands import SetIdentity
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_identity_is_chosen_by_its_address_and_brings_its_account(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            alice = await bench.add(server)
            await bench.add(server, "bob")
            await bench.engine.command(
                SetIdentity(
                    account_id=alice,
                    name="Alice at Work",
                    address="work@localhost",
                    reply_to="team@localhost",
                    default=True,
                )
            )
            context = Context(tmp_path, Output(as_json=False))
            chosen = writer(context, "alice-imap", None)
            assert str(chosen.sender) == "Alice at Work <work@localhost>"  # as the composer begins
            assert [one.address for one in chosen.reply_to] == ["team@localhost"]
            assert writer(context, None, "WORK@localhost") == chosen
            assert writer(context, None, "alice@localhost").sender.address == "alice@localhost"
            assert account_of(context, None, "work@localhost").id == alice  # of a whole message
            for account, sender, said in (
                (None, None, "--account: alice-imap and bob-imap"),
                (None, "nobody@localhost", "--account: alice-imap and bob-imap"),
                ("bob-imap", "work@localhost", "bob-imap does not write as work@localhost"),
            ):
                with pytest.raises(CommandError, match=said):
                    writer(context, account, sender)
            await context.aclose()
