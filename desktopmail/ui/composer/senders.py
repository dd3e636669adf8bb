"""Whom a message can come from: the identities of the accounts, each with what it signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import html_text
from desktopmail.mime.address import Mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.rows import AccountRow, IdentityRow


@dataclass(frozen=True, slots=True)
class Sender:
    """One choice of From.

    Attributes:
        account: Sends it.
        mailbox: From.
        reply_to: Where answers are wanted; None: at From.
        signature: Stands below what is written; empty for none.
        signature_html: Stands there in its place where rich text is written; may be empty.
    """

    account: AccountRow
    mailbox: Mailbox
    reply_to: Mailbox | None = None
    signature: str = ""
    signature_html: str = ""


def all_of(accounts: Iterable[AccountRow], identities: Sequence[IdentityRow]) -> tuple[Sender, ...]:
    """Return the senders of all accounts, the default one of each first.

    Args:
        accounts: All accounts.
        identities: Of all accounts; an account without any sends as what it is called.
    """
    found = []
    for account in accounts:
        own = [it for it in identities if it.account_id == account.id]
        found += [_sender(account, it) for it in own]
        if not own:
            box = Mailbox(account.display_name, account.address)
            found.append(Sender(account, box))
    return tuple(found)


def _sender(account: AccountRow, identity: IdentityRow) -> Sender:
    text, html = identity.signature_text.strip(), identity.signature_html.strip()
    if not text and html:
        text = html_text.render(html).strip()
    return Sender(
        account,
        Mailbox(identity.name, identity.address),
        Mailbox("", identity.reply_to) if identity.reply_to else None,
        text,
        html,
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
