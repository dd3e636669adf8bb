"""Answers and forwards: a draft made of the message shown, with the words of the language."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.mime import answers, quoted, rich_read
from desktopmail.mime.address import Mailbox
from desktopmail.ui.composer.writing import Placed, Writing
from desktopmail.ui.dates import long_date
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import AccountId, PlacementId
    from desktopmail.mime.compose import Draft
    from desktopmail.mime.message import Message
    from desktopmail.ui.commands.desk import Desk
    from desktopmail.ui.reading.content import Letter


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
    await answer_letter(desk, letter, way, account_id=row.account_id, placement_id=row.id)


async def answer_letter(
    desk: Desk,
    letter: Letter,
    way: str,
    *,
    account_id: AccountId | None,
    placement_id: PlacementId | None,
) -> None:
    """Open a window with an answer to a message.

    Args:
        desk: Opens the window.
        letter: The message.
        way: See `answer`.
        account_id: The account it came to.
        placement_id: Where it is in the store; None for one that is enclosed in another.
    """
    # Only the account the message came to counts as "me": a person may well write from one of
    # their accounts to another, and the answer has to go back there.
    own = identities(desk, account_id)
    rich = desk.settings.flag("rich_text")
    # Who writes below a quote writes into it: there it goes through the editor.
    keep_layout = rich and not (desk.settings.flag("reply_below") and way.startswith("reply"))

    def make() -> Draft | None:
        made = make_answer(
            letter.message,
            way,
            own=own,
            date_s=letter.date_s,
            rich=rich,
            keep_layout=keep_layout,
        )
        if made is not None and made.html is not None:
            rich_read.read(made.html)  # the window will find it read
        return made

    draft = await asyncio.get_running_loop().run_in_executor(None, make)
    if draft is None:
        desk.say(tr("say.no_list"))
        return
    placed = Placed(
        account_id=account_id,
        answers=None if way == "edit_as_new" else placement_id,
        forwards=way.startswith("forward"),
    )
    desk.compose(Writing(draft, placed))


def identities(desk: Desk, account_id: AccountId | None) -> list[Mailbox]:
    """Return the addresses a person writes as from an account, the default one first."""
    own = [Mailbox(it.name, it.address) for it in desk.reader.identities(account_id)]
    if account_id is None:
        return own
    accounts = (it for it in desk.accounts() if it.id == account_id)
    return own or [Mailbox(it.display_name, it.address) for it in accounts]


def make_answer(
    message: Message,
    way: str,
    *,
    own: Sequence[Mailbox],
    date_s: float | None,
    rich: bool = False,
    keep_layout: bool = False,
) -> Draft | None:
    """Return the draft of an answer; None where a list takes no posts. Runs in a thread.

    Args:
        message: The message to answer.
        way: See `answer`.
        own: The person's addresses; the answer comes from the one that was written to.
        date_s: When it was written, in seconds since 1970.
        rich: Quote the HTML, where there is some.
        keep_layout: Keep HTML below the answer that an editor would lose the layout of.
    """
    date = long_date(date_s) if date_s is not None else tr("answer.some_day")
    attribution = tr("answer.attribution")
    # In the editor; beyond this its plain text serves better there.
    rich = rich and len(message.html or "") <= quoted.MAX_EDITED_CHARACTERS
    match way:
        case "reply" | "reply_all":
            return answers.reply(
                message,
                own=own,
                to_all=way == "reply_all",
                attribution=attribution,
                date_text=date,
                rich=rich,
                keep_layout=keep_layout,
            )
        case "reply_list":
            return answers.reply_to_list(
                message,
                own=own,
                attribution=attribution,
                date_text=date,
                rich=rich,
                keep_layout=keep_layout,
            )
        case "forward":
            labels = answers.ForwardLabels(
                begin=f"---------- {tr('answer.forwarded')} ----------",
                from_=tr("compose.from"),
                to=tr("compose.to"),
                cc=tr("compose.cc"),
                date=tr("column.date"),
                subject=tr("compose.subject"),
            )
            return answers.forward_inline(
                message,
                own=own,
                labels=labels,
                date_text=date,
                rich=rich,
                keep_layout=keep_layout,
            )
        case "forward_attached":
            return answers.forward_attached([message], own=own)
        case _:
            return answers.edit_as_new(message, own=own)
