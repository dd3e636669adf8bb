"""Save a message as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("save")


VERB = Verb(
    name="save_as",
    do=do,
    menu=Menu.FILE,
    group=2,
    icon="download",
    keys=("Ctrl+S",),
    needs=Needs.MESSAGE,
    context=True,
)
