"""Show what was said between this program and the servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("transcript")


VERB = Verb(
    name="transcript",
    do=do,
    menu=Menu.TOOLS,
    icon="transcript",
    keys=("Ctrl+Shift+I",),
)
