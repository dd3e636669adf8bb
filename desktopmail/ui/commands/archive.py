"""Move messages to the Archive of their account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import ArchiveMessages
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import trn

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    ids = desk.selected_ids()
    await desk.carry_out(ArchiveMessages(placement_ids=ids), trn("done.archived", len(ids)))


VERB = Verb(
    name="archive",
    do=do,
    menu=Menu.MESSAGE,
    group=2,
    icon="archive",
    keys=(
        "A",
        "E",
    ),
    needs=Needs.SELECTION,
    context=True,
)
