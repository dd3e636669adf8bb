"""Go to the Inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Role
from desktopmail.ui.commands.verb import Menu, Verb

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    if not desk.sidebar.choose(("unified", 0)):
        inbox = next((box for box in desk.reader.mailboxes() if box.role is Role.INBOX), None)
        if inbox is not None:
            desk.sidebar.choose(("mailbox", inbox.id))


VERB = Verb(
    name="go_to_inbox",
    do=do,
    menu=Menu.GO,
    group=1,
    icon="inbox",
    keys=("Ctrl+1",),
)
