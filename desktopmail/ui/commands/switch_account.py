"""Have an account fetch its mail by the other protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("switch")


VERB = Verb(
    name="switch_account",
    do=do,
    menu=Menu.FILE,
    group=1,
    icon="sync",
    needs=Needs.ACCOUNT,
)
