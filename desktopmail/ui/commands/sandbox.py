"""Try everything on a real server of one's own, without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("sandbox")


VERB = Verb(
    name="sandbox",
    do=do,
    menu=Menu.FILE,
    group=1,
    icon="sandbox",
)
