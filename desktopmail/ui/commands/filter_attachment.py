"""Show only messages of a kind: with attachment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.list_pane.toggle_filter("with_attachment")


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    return desk.list_pane.filter_on("with_attachment")


VERB = Verb(
    name="filter_attachment",
    do=do,
    menu=Menu.VIEW,
    icon="paperclip",
    checked=checked,
)
