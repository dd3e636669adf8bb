"""Remove an account and its local mail, after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("remove_account")


VERB = Verb(
    name="remove_account",
    do=do,
    menu=Menu.FILE,
    group=1,
    icon="trash",
    needs=Needs.ACCOUNT,
)
