"""Show or hide the mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("sidebar", not checked(desk))
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return bool(desk.settings.get("sidebar"))


VERB = Verb(
    name="show_sidebar",
    do=do,
    menu=Menu.VIEW,
    group=1,
    icon="folder",
    keys=("F9",),
    checked=checked,
)
