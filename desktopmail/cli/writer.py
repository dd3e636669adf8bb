"""Who writes a message: an account, and one of its identities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.cli.errors import CommandError
from desktopmail.cli.output import joined
from desktopmail.mime import address

if TYPE_CHECKING:
    from desktopmail.cli.context import Context
    from desktopmail.door.rows import AccountRow, IdentityRow


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes.

    Attributes:
        account: Sends it.
        sender: Stands in From.
        reply_to: Where answers are wanted, where that is elsewhere.
    """

    account: AccountRow
    sender: address.Mailbox
    reply_to: tuple[address.Mailbox, ...] = ()


def writer(context: Context, account: str | None, sender: str | None) -> Writer:
    """The account of that name, and its identity of that address, or the one to begin with.

    Args:
        context: The run.
        account: Name, address or id; None: the one of the sender, or the only one.
        sender: The address of an identity; None: the one to begin with.

    Raises:
        CommandError: There is none, or several might be meant.
    """
    found = account_of(context, account, sender)
    for one in context.reader().identities(found.id):  # that to begin with comes first
        if sender is None or _is(one, sender):
            written = address.Mailbox(one.name, one.address)
            return Writer(found, written, tuple(address.parse(one.reply_to)))
    if sender is not None and sender.casefold() != found.address.casefold():
        raise CommandError(
            f"{found.name} does not write as {sender}. `desktopmail identity list` shows as whom,"
            " and `desktopmail identity set` adds another."
        )
    return Writer(found, address.Mailbox(found.display_name, found.address))


def account_of(context: Context, named: str | None, sender: str | None) -> AccountRow:
    """The account of that name; without one, that which writes as the sender, or the only one.

    Raises:
        CommandError: There is none, or several might be meant.
    """
    if named is not None:
        return context.account(named)
    accounts = context.accounts()
    if not accounts:
        raise CommandError(
            "There is no account to send from. Add one: desktopmail account add --help."
        )
    if sender is not None:
        theirs = {one.account_id for one in context.reader().identities() if _is(one, sender)}
        own = [one for one in accounts if one.address.casefold() == sender.casefold()]
        own += [one for one in accounts if one.id in theirs and one not in own]
        if own:
            return own[0]
    if len(accounts) > 1:
        raise CommandError(
            f"Say which account sends with --account: {joined(one.name for one in accounts)}."
        )
    return accounts[0]


def _is(identity: IdentityRow, sender: str) -> bool:
    return identity.address.casefold() == sender.casefold()
