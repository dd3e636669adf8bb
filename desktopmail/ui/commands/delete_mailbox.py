"""Delete the chosen mailbox with those in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import DeleteMailbox
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.mailboxes import mailbox_title

if TYPE_CHECKING:
    from desktopmail.door.rows import MailboxRow
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    box = desk.mailbox_in_view()
    if box is not None:
        await delete(desk, box)


async def delete(desk: Desk, box: MailboxRow) -> None:
    """Ask, and delete a mailbox."""
    name = mailbox_title(box)
    sure = await desk.confirm(
        tr("mailbox.delete_question", name=name),
        trn("mailbox.delete_text", box.total) if box.total else tr("mailbox.delete_empty"),
        tr("mailbox.delete"),
    )
    if sure:
        await desk.carry_out(DeleteMailbox(mailbox_id=box.id), tr("mailbox.deleted", name=name))


VERB = Verb(
    name="delete_mailbox",
    do=do,
    menu=Menu.MAILBOX,
    group=1,
    icon="trash",
    needs=Needs.MAILBOX,
)
