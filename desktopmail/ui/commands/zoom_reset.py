"""Show letters of messages in their usual size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.reading.set_zoom(1.0)


VERB = Verb(
    name="zoom_reset",
    do=do,
    menu=Menu.VIEW,
    group=3,
    keys=("Ctrl+0",),
)
