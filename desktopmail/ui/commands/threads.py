"""Show one row for each thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.settings.set("threads", not checked(desk))
    desk.apply_look()


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return bool(desk.settings.get("threads"))


VERB = Verb(
    name="threads",
    do=do,
    menu=Menu.VIEW,
    group=1,
    icon="thread",
    keys=("Ctrl+Shift+H",),
    checked=checked,
)
