"""End the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.quit()


VERB = Verb(
    name="quit",
    do=do,
    menu=Menu.FILE,
    group=3,
    icon="quit",
    keys=("Ctrl+Q",),
)
