"""Fetch what is new from all accounts now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import SyncAccounts
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.say(tr("say.getting_mail"))
    await desk.door.command(SyncAccounts(wait=False))


VERB = Verb(
    name="get_mail",
    do=do,
    menu=Menu.FILE,
    icon="sync",
    keys=(
        "F5",
        "Ctrl+Shift+T",
    ),
    needs=Needs.ACCOUNT,
)
