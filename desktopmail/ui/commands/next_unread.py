"""Go to the next unread message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.steps import go_to_unread
from desktopmail.ui.commands.verb import Menu, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    if not go_to_unread(desk):
        desk.say(tr("say.no_unread"))


VERB = Verb(
    name="next_unread",
    do=do,
    menu=Menu.GO,
    icon="mail-unread",
    keys=("N",),
)
