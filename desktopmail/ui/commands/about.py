"""Say what this program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("about")


VERB = Verb(
    name="about",
    do=do,
    menu=Menu.HELP,
    icon="info",
)
