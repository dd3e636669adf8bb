"""Move messages to the Trash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import DeleteMessages
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import trn

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    ids = desk.selected_ids()
    await desk.carry_out(DeleteMessages(placement_ids=ids), trn("done.deleted", len(ids)))


VERB = Verb(
    name="delete",
    do=do,
    menu=Menu.MESSAGE,
    group=2,
    icon="trash",
    keys=(
        "Delete",
        "Backspace",
    ),
    needs=Needs.SELECTION,
    context=True,
)
