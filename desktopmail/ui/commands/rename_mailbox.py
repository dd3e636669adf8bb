"""Give the chosen mailbox another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import RenameMailbox
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.door.rows import MailboxRow
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    box = desk.mailbox_in_view()
    if box is not None:
        await rename(desk, box)


async def rename(desk: Desk, box: MailboxRow) -> None:
    """Ask for the new name of a mailbox, and give it."""
    title = tr("verb.rename_mailbox").rstrip("…")
    path = await desk.ask_text(title, tr("mailbox.new_path"), text=box.path)
    if path is not None and path != box.path:
        await desk.carry_out(
            RenameMailbox(mailbox_id=box.id, path=path), tr("mailbox.renamed", name=path)
        )


VERB = Verb(
    name="rename_mailbox",
    do=do,
    menu=Menu.MAILBOX,
    group=0,
    needs=Needs.MAILBOX,
)
