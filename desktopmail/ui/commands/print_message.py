"""Print the message shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("print")


VERB = Verb(
    name="print_message",
    do=do,
    menu=Menu.FILE,
    group=2,
    icon="print",
    keys=("Ctrl+P",),
    needs=Needs.MESSAGE,
)
