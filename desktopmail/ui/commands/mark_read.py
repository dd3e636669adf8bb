"""Mark messages as read, or as unread when all of them are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import trn

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    ids = desk.selected_ids()
    if all(message.flags & Flag.SEEN for message in desk.selection()):
        command = StoreFlags(placement_ids=ids, remove=Flag.SEEN)
        done = trn("done.unread", len(ids))
    else:
        command = StoreFlags(placement_ids=ids, add=Flag.SEEN)
        done = trn("done.read", len(ids))
    desk.reading_is_decided()
    await desk.carry_out(command, done)


VERB = Verb(
    name="mark_read",
    do=do,
    menu=Menu.MESSAGE,
    group=3,
    icon="mail-open",
    keys=(
        "U",
        "Ctrl+M",
    ),
    needs=Needs.SELECTION,
    context=True,
)
