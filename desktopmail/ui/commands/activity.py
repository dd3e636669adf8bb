"""Show what is being done and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("activity")


VERB = Verb(
    name="activity",
    do=do,
    menu=Menu.TOOLS,
    icon="activity",
    keys=("Ctrl+Shift+Y",),
)
