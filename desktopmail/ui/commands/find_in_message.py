"""Find words in the message shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("find")


VERB = Verb(
    name="find_in_message",
    do=do,
    menu=Menu.EDIT,
    group=1,
    icon="search",
    keys=(
        "Ctrl+Shift+F",
        "F3",
    ),
    needs=Needs.MESSAGE,
)
