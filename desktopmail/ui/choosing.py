"""What a person chooses by typing: a mailbox, a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import TagRow
from desktopmail.door.tags import colour_of, name_of
from desktopmail.ui.chooser import Choice, choose
from desktopmail.ui.commands.tag import homes, stays_here
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import ICONS, account_title, mailbox_title
from desktopmail.ui.models.tags import NUMBERED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import MailboxRow
    from desktopmail.ui.window import MainWindow


async def choose_mailbox(
    window: MainWindow, title: str, mailboxes: Sequence[MailboxRow]
) -> MailboxRow | None:
    """Let a person choose a mailbox, those of the account in view first."""
    names = {account.id: account_title(account) for account in window.accounts()}
    own = window.account_in_view()
    ordered = sorted(mailboxes, key=lambda box: own is None or box.account_id != own.id)
    boxes = dict(enumerate(ordered))
    choices = [
        Choice(mailbox_title(box), names.get(box.account_id, ""), ICONS[box.role], number)
        for number, box in boxes.items()
    ]
    chosen = await choose(window.desk_top, window.theme, title, choices)
    return boxes[chosen.value] if chosen is not None else None  # type: ignore[index] # a number by the list above


async def choose_tag(window: MainWindow, title: str) -> TagRow | None:
    """Let a person choose a tag, or make one of what was typed."""
    boxes = homes(window)

    def hint(name: str, number: int | None = None) -> str:
        """Its key, and whether it goes no further than this machine."""
        key = str(number) if number is not None and number <= NUMBERED else ""
        here = tr("tag.here") if stays_here(boxes, name) else ""
        return " · ".join(it for it in (here, key) if it)

    def new(text: str) -> Choice | None:
        """Offer to make a tag, where a server could keep it."""
        name = name_of(text)
        if not name:
            return None
        tag = TagRow(name=name, label=text, colour=colour_of(name), total=0)
        return Choice(tr("tag.new", label=text), hint(name), "plus", tag)

    choices = [
        Choice(tag.label, hint(tag.name, number), "tag", tag)
        for number, tag in enumerate(window.tags.rows(), 1)
    ]
    chosen = await choose(window.desk_top, window.theme, title, choices, make=new)
    return chosen.value if chosen is not None else None  # type: ignore[return-value] # a TagRow by the list above
