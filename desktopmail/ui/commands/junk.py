"""Move messages to Junk, or back to the Inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import MoveMessages
from desktopmail.door.rows import Role
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    by_account: dict[AccountId, list[MessageRow]] = {}
    for message in desk.selection():
        by_account.setdefault(message.account_id, []).append(message)
    for account_id, messages in by_account.items():
        boxes = {box.role: box for box in desk.reader.mailboxes(account_id)}
        junk = boxes.get(Role.JUNK)
        inside = junk is not None and all(it.mailbox_id == junk.id for it in messages)
        target = boxes.get(Role.INBOX) if inside else junk
        if target is None:
            desk.say(tr("say.no_junk"))
            continue
        ids = tuple(message.id for message in messages)
        key = "done.not_junk" if inside else "done.junk"
        await desk.carry_out(
            MoveMessages(placement_ids=ids, mailbox_id=target.id), trn(key, len(ids))
        )


VERB = Verb(
    name="junk",
    do=do,
    menu=Menu.MESSAGE,
    group=2,
    icon="junk",
    keys=(
        "Ctrl+J",
        "Shift+J",
    ),
    needs=Needs.SELECTION,
    context=True,
)
