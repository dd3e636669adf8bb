"""In which mailbox each message of a list stands, where that is not one and the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.ui.models.mailboxes import account_title, mailbox_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.ids import MailboxId
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import AccountRow, MailboxRow, View

_MOST_LOOKED_AT = 500  # messages of one conversation


class Standing(NamedTuple):
    """Where a message stands.

    Attributes:
        mailbox: What tells it apart: the name of the mailbox, or of the account.
        owner: The account; empty where the mailbox says enough.
    """

    mailbox: str
    owner: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.mailbox}{BETWEEN}{self.owner}" if self.owner else self.mailbox


BETWEEN = " · "  # mailbox and account


def standing(reader: StoreReader, view: View) -> dict[MailboxId, Standing]:
    """Return what the rows of a view call the mailbox that each stands in; empty: they do not.

    The rows of a mailbox, or of the joined Inboxes, all stand where the list is headed with.

    Args:
        reader: Knows the mailboxes.
        view: A conversation tells them where its messages stand in several, a search and what is
            flagged where they look into several.
    """
    if view.thread_id is not None:
        among = {row.mailbox_id for row in reader.window(view, 0, _MOST_LOOKED_AT)}
    elif view.query or (view.flagged_only and not view.mailbox_ids):
        among = set(view.mailbox_ids)
    else:
        return {}
    if len(among) == 1:
        return {}
    boxes = [box for box in reader.mailboxes() if not among or box.id in among]
    return distinct_names(boxes, reader.accounts())


def distinct_names(
    boxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> dict[MailboxId, Standing]:
    """Return names of mailboxes that tell them apart, as short as may be.

    Args:
        boxes: All that are told apart.
        accounts: Whose they are.
    """
    owners = {account.id: account_title(account) for account in accounts}
    within = Counter((box.account_id, mailbox_title(box)) for box in boxes)
    titles = {
        box.id: mailbox_title(box) if within[box.account_id, mailbox_title(box)] == 1 else box.path
        for box in boxes
    }
    same = Counter(titles.values())

    def name(box: MailboxRow) -> Standing:
        title, owner = titles[box.id], owners.get(box.account_id, "")
        if len(same) == 1:
            return Standing(owner)
        return Standing(title, "" if same[title] == 1 else owner)

    return {box.id: name(box) for box in boxes}
