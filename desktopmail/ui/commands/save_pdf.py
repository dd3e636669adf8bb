"""Write the message shown as a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("save_pdf")


VERB = Verb(name="save_pdf", do=do, menu=Menu.FILE, group=2, icon="file", needs=Needs.MESSAGE)
