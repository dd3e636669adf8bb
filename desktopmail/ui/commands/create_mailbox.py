"""Make a mailbox, beside the one that is chosen or in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import CreateMailbox
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import mailbox_title

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.door.rows import MailboxRow
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    account = desk.account_in_view()
    if account is not None:
        await create(desk, account.id)


async def create(desk: Desk, account_id: AccountId, parent: MailboxRow | None = None) -> None:
    """Ask for a name, and make the mailbox.

    Args:
        desk: The window.
        account_id: Whose.
        parent: The mailbox it is made in, or None.
    """
    where = tr("mailbox.new_in", name=mailbox_title(parent)) if parent else tr("mailbox.new_name")
    name = await desk.ask_text(tr("verb.create_mailbox").rstrip("…"), where)
    if name is not None:
        parent_id = parent.id if parent is not None else None
        await desk.carry_out(
            CreateMailbox(account_id=account_id, name=name, parent_id=parent_id),
            tr("mailbox.created", name=name),
        )


VERB = Verb(
    name="create_mailbox",
    do=do,
    menu=Menu.MAILBOX,
    group=0,
    icon="plus",
    keys=("Ctrl+Shift+N",),
    needs=Needs.ACCOUNT,
)
