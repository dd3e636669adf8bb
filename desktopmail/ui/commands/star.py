"""Flag messages, or take the flag away: a star beside their subject."""

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
    flagged = all(message.flags & Flag.FLAGGED for message in desk.selection())
    command = (
        StoreFlags(placement_ids=ids, remove=Flag.FLAGGED)
        if flagged
        else StoreFlags(placement_ids=ids, add=Flag.FLAGGED)
    )
    await desk.carry_out(command, trn("done.unflagged" if flagged else "done.flagged", len(ids)))


VERB = Verb(
    name="star",
    do=do,
    menu=Menu.MESSAGE,
    group=3,
    icon="star",
    keys=("S",),
    needs=Needs.SELECTION,
    context=True,
)
