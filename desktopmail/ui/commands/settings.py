"""Open the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("settings")


VERB = Verb(
    name="settings",
    do=do,
    menu=Menu.FILE,
    group=3,
    icon="settings",
    keys=("Ctrl+,",),
)
