"""Change the servers of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("edit_account")


VERB = Verb(
    name="edit_account",
    do=do,
    menu=Menu.FILE,
    group=1,
    icon="settings",
    needs=Needs.ACCOUNT,
)
