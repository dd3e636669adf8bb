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
    from collections.abc import Mapping, Sequence

    from desktopmail.door.ids import AccountId, MailboxId
    from desktopmail.door.rows import MailboxRow, MessageRow
    from desktopmail.ui.window import MainWindow

_TARGETS = 3  # where messages went last, offered first


async def choose_target(
    window: MainWindow, title: str, rows: Sequence[MessageRow]
) -> MailboxRow | None:
    """Let a person choose where messages go: where the last ones went is offered first.

    Args:
        window: Its mailboxes, but the one that all the messages stand in.
        title: What is asked.
        rows: The messages.
    """
    here = {row.mailbox_id for row in rows}
    boxes = [box for box in window.tree_model.mailboxes_of() if here != {box.id}]
    chosen = await choose_mailbox(window, title, boxes, first=window.targets)
    if chosen is not None:
        others = [it for it in window.targets if it != chosen.id]
        window.targets = [chosen.id, *others][:_TARGETS]
    return chosen


async def choose_mailbox(
    window: MainWindow,
    title: str,
    mailboxes: Sequence[MailboxRow],
    first: Sequence[MailboxId] = (),
) -> MailboxRow | None:
    """Let a person choose a mailbox: some first, then those of the account in view."""
    names = {account.id: account_title(account) for account in window.accounts()}
    own = window.account_in_view()
    ordered = sorted(mailboxes, key=lambda box: own is None or box.account_id != own.id)
    ordered.sort(key=lambda box: first.index(box.id) if box.id in first else len(first))
    boxes = dict(enumerate(ordered))
    choices = [
        Choice(mailbox_title(box), _where(window, names, box), ICONS[box.role], number)
        for number, box in boxes.items()
    ]
    chosen = await choose(window.desk_top, window.theme, title, choices)
    return boxes[chosen.value] if chosen is not None else None  # type: ignore[index] # a number by the list above


def _where(window: MainWindow, names: Mapping[AccountId, str], box: MailboxRow) -> str:
    """The account of a mailbox, and the mailboxes that it stands in."""
    above: list[str] = []
    while box.parent_id is not None and (parent := window.tree_model.mailbox(box.parent_id)):
        box = parent
        above.insert(0, mailbox_title(box))
    return " · ".join([names.get(box.account_id, ""), *above])


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
