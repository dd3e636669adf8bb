"""Show the message below the list, or beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("layout", "wide" if checked(desk) else "stacked")
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.settings.get("layout") == "stacked"


VERB = Verb(
    name="reading_below",
    do=do,
    menu=Menu.VIEW,
    group=1,
    icon="window",
    checked=checked,
)
