"""Search messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.focus_search()


VERB = Verb(
    name="search",
    do=do,
    menu=Menu.EDIT,
    group=1,
    icon="search",
    keys=(
        "Ctrl+F",
        "/",
    ),
)
