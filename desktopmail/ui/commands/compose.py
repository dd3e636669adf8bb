"""Write a new message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    from desktopmail.ui.composer.writing import Writing  # it composes: not needed at start

    desk.compose(Writing())


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
