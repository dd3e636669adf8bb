"""Show smaller letters in messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.reading.set_zoom(desk.reading.zoom / 1.1)


VERB = Verb(
    name="zoom_out",
    do=do,
    menu=Menu.VIEW,
    group=3,
    keys=("Ctrl+-",),
)
