"""Select every message of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.list_pane.list.selectAll()


VERB = Verb(
    name="select_all",
    do=do,
    menu=Menu.EDIT,
    icon="check",
    keys=("Ctrl+A",),
)
