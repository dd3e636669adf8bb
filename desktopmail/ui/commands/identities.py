"""Change the names and addresses one writes as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Needs, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    desk.show_view("identities")


VERB = Verb(
    name="identities",
    do=do,
    menu=Menu.TOOLS,
    group=1,
    icon="compose",
    needs=Needs.ACCOUNT,
)
