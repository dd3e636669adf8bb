"""Watch and handle the bundled server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("server_room")


VERB = Verb(
    name="server_room",
    do=do,
    menu=Menu.TOOLS,
    icon="server",
    keys=("Ctrl+Shift+S",),
)
