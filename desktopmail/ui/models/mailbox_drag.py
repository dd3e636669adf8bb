"""A mailbox on its way to another place of the tree: into another mailbox, or to the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData

from desktopmail.door.ids import MailboxId
from desktopmail.door.rows import Role

if TYPE_CHECKING:
    from desktopmail.door.rows import AccountRow, MailboxRow

MAILBOX_MIME = "application/x-desktopmail-mailbox"


def can_be_dragged(box: MailboxRow) -> bool:
    """Whether it may have another place: special mailboxes stay where clients look for them."""
    return box.role is Role.NONE


def write_mailbox(box: MailboxRow) -> QMimeData:
    """Pack a mailbox for drag and drop."""
    data = QMimeData()
    data.setData(MAILBOX_MIME, str(box.id).encode())
    return data


def read_mailbox(data: QMimeData) -> MailboxId | None:
    """Unpack what `write_mailbox` packed; None when it is something else."""
    number = bytes(data.data(MAILBOX_MIME).data()).decode("ascii", "replace")
    return MailboxId(int(number)) if number.isdecimal() else None


def path_at(
    box: MailboxRow, into: MailboxRow | None = None, account: AccountRow | None = None
) -> str | None:
    """What a mailbox is called at another place; None when it cannot be there, or is already.

    Args:
        box: The mailbox.
        into: The mailbox that it is dropped on, or
        account: the account on whose top it is.
    """
    if account is not None and into is None:
        return box.name if account.id == box.account_id and box.path != box.name else None
    if into is None or into.account_id != box.account_id or not box.delimiter:
        return None
    below_itself = (into.path + box.delimiter).startswith(box.path + box.delimiter)
    if below_itself or box.parent_id == into.id:
        return None
    return into.path + box.delimiter + box.name
