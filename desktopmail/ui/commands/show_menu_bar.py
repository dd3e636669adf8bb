"""Show or hide the menu bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("menu_bar", not checked(desk))
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return bool(desk.settings.get("menu_bar"))


VERB = Verb(
    name="show_menu_bar",
    do=do,
    menu=Menu.VIEW,
    group=1,
    icon="menu",
    keys=("F10",),
    checked=checked,
)
