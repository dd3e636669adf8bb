"""Show the source of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("source")


VERB = Verb(
    name="source",
    do=do,
    menu=Menu.VIEW,
    group=4,
    icon="code",
    keys=("Ctrl+U",),
    needs=Needs.MESSAGE,
    context=True,
)
