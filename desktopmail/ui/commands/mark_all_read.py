"""Mark every message of the list as read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.ui.commands.verb import Menu, Verb
from desktopmail.ui.language import trn

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    view = msgspec.structs.replace(desk.list_pane.view, unread_only=True)
    ids = tuple(row.id for row in desk.reader.window(view, 0, desk.reader.count(view)))
    if ids:
        await desk.carry_out(
            StoreFlags(placement_ids=ids, add=Flag.SEEN), trn("done.read", len(ids))
        )


VERB = Verb(
    name="mark_all_read",
    do=do,
    menu=Menu.MESSAGE,
    group=3,
    icon="check",
    keys=("Shift+A",),
)
