"""Whom a message can come from: each account's own address, with what it signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime.address import Mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.rows import AccountRow


@dataclass(frozen=True, slots=True)
class Sender:
    """One choice of From.

    Attributes:
        account: Sends it.
        mailbox: From.
        signature: Stands below what is written; empty for none.
    """

    account: AccountRow
    mailbox: Mailbox
    signature: str = ""


def of_accounts(accounts: Iterable[AccountRow], signature: str) -> tuple[Sender, ...]:
    """Return the senders of all accounts."""
    return tuple(
        Sender(it, Mailbox(it.display_name, it.address), signature.strip()) for it in accounts
    )


def choose(senders: Sequence[Sender], account: AccountRow | None, wanted: Mailbox) -> int:
    """Return which sender a draft begins with: the address it names, else the account's first."""
    for number, sender in enumerate(senders):
        is_account = account is None or sender.account.id == account.id
        if is_account and wanted.address and sender.mailbox.key == wanted.key:
            return number
    for number, sender in enumerate(senders):
        if account is not None and sender.account.id == account.id:
            return number
    return 0
