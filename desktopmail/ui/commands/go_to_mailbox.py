"""Go to a mailbox by typing its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.ui.commands.verb import Menu, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    mailbox = await desk.choose_mailbox(tr("choose.go_to"))
    if mailbox is not None:
        desk.sidebar.choose(("mailbox", mailbox.id))


VERB = Verb(
    name="go_to_mailbox",
    do=do,
    menu=Menu.GO,
    group=1,
    icon="folder",
    keys=(
        "Ctrl+G",
        "G",
    ),
)
