"""Have the chosen mailbox shown in other programs, too, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import SubscribeMailbox
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import mailbox_title

if TYPE_CHECKING:
    from desktopmail.door.rows import MailboxRow
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    box = desk.mailbox_in_view()
    if box is not None:
        await subscribe(desk, box)


async def subscribe(desk: Desk, box: MailboxRow) -> None:
    """Subscribe to a mailbox, or no longer."""
    done = tr(
        "mailbox.unsubscribed" if box.subscribed else "mailbox.subscribed", name=mailbox_title(box)
    )
    await desk.carry_out(SubscribeMailbox(mailbox_id=box.id, subscribed=not box.subscribed), done)


def checked(desk: Desk) -> bool:
    """Whether it is on."""
    box = desk.mailbox_in_view()
    return box is not None and box.subscribed


VERB = Verb(
    name="subscribe_mailbox",
    do=do,
    menu=Menu.MAILBOX,
    group=2,
    needs=Needs.MAILBOX,
    checked=checked,
)
