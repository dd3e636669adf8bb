"""See how much room the mail takes, and give some back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("disk_use")


VERB = Verb(
    name="disk_use",
    do=do,
    menu=Menu.TOOLS,
    group=1,
    icon="download",
)
