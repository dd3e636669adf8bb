"""Read the message shown in another charset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("charset")


VERB = Verb(name="charset", do=do, menu=Menu.VIEW, group=2, needs=Needs.MESSAGE)
