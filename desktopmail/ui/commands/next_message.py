"""Go to the next message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.steps import go
from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    go(desk, 1)


VERB = Verb(
    name="next_message",
    do=do,
    menu=Menu.GO,
    icon="chevron-down",
    keys=(
        "F",
        "J",
    ),
)
