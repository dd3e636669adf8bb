"""Show HTML messages in their own colours in the dark theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("original_colours", not checked(desk))
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return bool(desk.settings.get("original_colours"))


VERB = Verb(
    name="original_colours",
    do=do,
    menu=Menu.VIEW,
    group=2,
    icon="sun",
    keys=("Ctrl+Shift+O",),
    checked=checked,
)
