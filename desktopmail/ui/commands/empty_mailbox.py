"""Remove every message of the chosen mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import EmptyMailbox
from desktopmail.door.rows import Role
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
        await empty(desk, box)


async def empty(desk: Desk, box: MailboxRow) -> None:
    """Ask, and empty a mailbox."""
    name = mailbox_title(box)
    for_good = box.role in {Role.TRASH, Role.JUNK}
    sure = await desk.confirm(
        tr("mailbox.empty_question", name=name),
        trn("mailbox.empty_for_good" if for_good else "mailbox.empty_to_trash", box.total),
        tr("mailbox.empty"),
    )
    if sure:
        await desk.carry_out(EmptyMailbox(mailbox_id=box.id), tr("mailbox.emptied", name=name))


VERB = Verb(
    name="empty_mailbox",
    do=do,
    menu=Menu.MAILBOX,
    group=1,
    needs=Needs.MAILBOX,
)
