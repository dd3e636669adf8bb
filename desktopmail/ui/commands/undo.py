"""Take the last change back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    await desk.undo()


VERB = Verb(
    name="undo",
    do=do,
    menu=Menu.EDIT,
    icon="undo",
    keys=("Ctrl+Z",),
    needs=Needs.UNDO,
)
