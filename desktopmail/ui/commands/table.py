"""Show the list as a table with columns, or as cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("list_style", "cards" if checked(desk) else "table")
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.settings.get("list_style") == "table"


VERB = Verb(
    name="table",
    do=do,
    menu=Menu.VIEW,
    group=1,
    icon="list",
    checked=checked,
)
