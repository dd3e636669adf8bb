"""Write a new message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.compose()


VERB = Verb(
    name="compose",
    do=do,
    menu=Menu.FILE,
    icon="compose",
    keys=(
        "Ctrl+N",
        "C",
    ),
    needs=Needs.ACCOUNT,
)
