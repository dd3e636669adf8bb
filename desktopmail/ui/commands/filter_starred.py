"""Show only messages of a kind: flagged only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.list_pane.toggle_filter("flagged_only")


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.list_pane.filter_on("flagged_only")


VERB = Verb(
    name="filter_starred",
    do=do,
    menu=Menu.VIEW,
    icon="star",
    checked=checked,
)
