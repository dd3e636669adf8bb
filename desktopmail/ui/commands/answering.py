"""Answers and forwards: a draft made of the message shown, with the words of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.mime import compose
from desktopmail.mime.address import Mailbox
from desktopmail.ui.dates import long_date
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import AccountRow
    from desktopmail.mime.message import Message
    from desktopmail.ui.commands.desk import Desk


async def answer(desk: Desk, way: str) -> None:
    """Open a window with an answer to the message shown.

    Args:
        desk: Where the message is shown.
        way: reply, reply_all, reply_list, forward, forward_attached or edit_as_new.
    """
    found = await desk.letter()
    if found is None:
        return
    row, letter = found
    # Only the account the message came to counts as "me": a person may well write from one of
    # their accounts to another, and the answer has to go back there.
    accounts = [it for it in desk.accounts() if it.id == row.account_id]
    own = [identity(account) for account in accounts]
    draft = make_answer(letter.message, way, own=own, date_s=letter.date_s)
    if draft is None:
        desk.say(tr("say.no_list"))
        return
    account = accounts[0] if accounts else None
    desk.compose(
        draft,
        account=account,
        answers=None if way == "edit_as_new" else row.id,
        forwards=way.startswith("forward"),
    )


def identity(account: AccountRow) -> Mailbox:
    """Return how an account signs what it sends."""
    return Mailbox(account.display_name, account.address)


def make_answer(
    message: Message, way: str, *, own: Sequence[Mailbox], date_s: float | None
) -> compose.Draft | None:
    """Return the draft of an answer; None where a list takes no posts."""
    date = long_date(date_s) if date_s is not None else tr("answer.some_day")
    attribution = tr("answer.attribution")
    match way:
        case "reply" | "reply_all":
            return compose.reply(
                message,
                own=own,
                to_all=way == "reply_all",
                attribution=attribution,
                date_text=date,
            )
        case "reply_list":
            return compose.reply_to_list(message, own=own, attribution=attribution, date_text=date)
        case "forward":
            labels = compose.ForwardLabels(
                begin=f"---------- {tr('answer.forwarded')} ----------",
                from_=tr("compose.from"),
                to=tr("compose.to"),
                cc=tr("compose.cc"),
                date=tr("column.date"),
                subject=tr("compose.subject"),
            )
            return compose.forward_inline(message, own=own, labels=labels, date_text=date)
        case "forward_attached":
            return compose.forward_attached([message], own=own)
        case _:
            return compose.edit_as_new(message, own=own)
