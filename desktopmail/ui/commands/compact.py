"""Show more rows in less room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("density", "comfortable" if checked(desk) else "compact")
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.settings.get("density") == "compact"


VERB = Verb(
    name="compact",
    do=do,
    menu=Menu.VIEW,
    group=1,
    icon="cards",
    checked=checked,
)
