"""Show the conversation of a message, with one's own answers; in a conversation: leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import View
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    pane = desk.list_pane
    row = pane.list.current_message()
    if pane.is_conversation:
        pane.leave_conversation()
    elif row is not None and desk.reader.count(View(thread_id=row.thread_id)) > 1:
        pane.show_conversation(row)
    else:
        desk.say(tr("say.no_conversation"))


VERB = Verb(
    name="conversation",
    do=do,
    menu=Menu.MESSAGE,
    icon="thread",
    keys=("H",),
    needs=Needs.MESSAGE,
    context=True,
)
