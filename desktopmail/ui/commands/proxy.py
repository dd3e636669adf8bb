"""Reach the servers through a SOCKS5 proxy, or straight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("proxy")


VERB = Verb(
    name="proxy",
    do=do,
    menu=Menu.TOOLS,
    group=1,
)
