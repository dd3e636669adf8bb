"""Load the remote images of the message shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.reading.show_remote()


VERB = Verb(
    name="load_images",
    do=do,
    menu=Menu.MESSAGE,
    group=4,
    icon="image",
    keys=("Ctrl+Shift+G",),
    needs=Needs.MESSAGE,
)
