"""Copy messages to a mailbox chosen by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import CopyMessages
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import trn

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    ids = desk.selected_ids()
    mailbox = await desk.choose_target(trn("choose.copy", len(ids)), desk.selection())
    if mailbox is not None:
        done = trn("done.copied", len(ids), mailbox=desk.mailbox_name(mailbox.id))
        await desk.carry_out(CopyMessages(placement_ids=ids, mailbox_id=mailbox.id), done)


VERB = Verb(
    name="copy",
    do=do,
    menu=Menu.MESSAGE,
    group=2,
    icon="folder-copy",
    keys=("Y",),
    needs=Needs.SELECTION,
    context=True,
)
