"""Leave the mailing list or newsletter that a message came by.

One click is not offered: the POST of RFC 8058 would have to be sent by the engine, which has no
way for it yet. A message to the list, seen before it is sent, or its web page do the same.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from desktopmail.mime import mailing_list, mailto
from desktopmail.ui.commands.answering import identities
from desktopmail.ui.commands.verb import Menu, Needs, Verb
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.mime.message import Message
    from desktopmail.ui.commands.desk import Desk


async def do(desk: Desk) -> None:
    """Do it."""
    found = await desk.letter()
    if found is not None:
        row, letter = found
        leave(desk, letter.message, row.account_id)


def leave(desk: Desk, message: Message, account_id: AccountId | None) -> None:
    """Begin the message that leaves the list, else open its page, else say that neither is known.

    Args:
        desk: The window.
        message: Came by the list.
        account_id: The account it came to: the list knows its address.
    """
    ways = mailing_list.of(message.header)
    account = next((it for it in desk.accounts() if it.id == account_id), None)
    sender = next(iter(identities(desk, account_id)), None)
    draft = mailto.parse(ways.leave_mail, sender) if ways is not None and ways.leave_mail else None
    if draft is not None and draft.to:
        if not draft.subject:
            draft = dataclasses.replace(draft, subject="unsubscribe")
        desk.compose(draft, account=account)
        desk.say(tr("say.leave_by_mail"))
    elif ways is not None and ways.leave_page:
        desk.open_link(ways.leave_page)
        desk.say(tr("say.leave_at_page"))
    else:
        desk.say(tr("say.cannot_leave"))


VERB = Verb(
    name="unsubscribe",
    do=do,
    menu=Menu.MESSAGE,
    group=4,
    needs=Needs.MESSAGE,
)
