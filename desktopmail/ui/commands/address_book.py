"""Look people up, and change what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("address_book")


VERB = Verb(
    name="address_book",
    do=do,
    menu=Menu.TOOLS,
    group=1,
    icon="user",
    keys=("Ctrl+Shift+B",),
)
