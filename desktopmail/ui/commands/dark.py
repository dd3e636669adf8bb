"""Switch between light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("theme", "light" if checked(desk) else "dark")
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.theme.dark


VERB = Verb(
    name="dark",
    do=do,
    menu=Menu.VIEW,
    group=2,
    icon="moon",
    keys=("Ctrl+Shift+D",),
    checked=checked,
)
