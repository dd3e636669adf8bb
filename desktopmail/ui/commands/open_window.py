"""Open a message in a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("message")


VERB = Verb(
    name="open_window",
    do=do,
    menu=Menu.MESSAGE,
    icon="open",
    keys=("Ctrl+O",),
    needs=Needs.MESSAGE,
    context=True,
)
