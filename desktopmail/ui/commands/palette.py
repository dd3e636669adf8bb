"""Find anything one can do by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("palette")


VERB = Verb(
    name="palette",
    do=do,
    menu=Menu.TOOLS,
    icon="keyboard",
    keys=("Ctrl+K",),
)
