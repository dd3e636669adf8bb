"""The envelope of a submitted message: whose sender it is, and whether domains are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.smtp.reply import Reply, reply

if TYPE_CHECKING:
    from desktopmail.wire.smtp.path import Mailbox
    from localserver.context import ServerContext
    from localserver.users import User


def owns(context: ServerContext, user: User, address: str) -> bool:
    """Whether mail for the address comes to the user, which makes it the user's own."""
    users = context.users
    if not users.is_local(address):
        return False
    # The catch-all's owner does not own every address that nobody else has.
    found = users.resolve(address)
    if user not in found:
        return False
    return (
        context.config.catch_all is None
        or users.canonical(address) == user.name
        or (
            users.find(context.config.catch_all) != user
            or _is_alias_or_detail(context, user, address)
        )
    )


def _is_alias_or_detail(context: ServerContext, user: User, address: str) -> bool:
    local = (context.users.canonical(address) or "").partition("+")[0]
    return local == user.name or local in context.config.aliases


def sender_refused(context: ServerContext, user: User, sender: Mailbox | None) -> Reply | None:
    """Return why the user may not send as `sender`, or None.

    The null reverse-path is everybody's: read receipts are sent with it (RFC 8098 section 3).
    """
    if sender is None or owns(context, user, str(sender)):
        return None
    if not _is_whole(context, sender):
        return reply(554, f"The domain {sender.domain} is not fully qualified", "5.1.8")
    return reply(550, f"{sender} is not an address of {user.name}", "5.7.1")


def recipient_refused(context: ServerContext, recipient: Mailbox) -> Reply | None:
    """Return why mail for elsewhere is not taken, or None."""
    if _is_whole(context, recipient):
        return None
    return reply(554, f"The domain {recipient.domain} is not fully qualified", "5.1.2")


def _is_whole(context: ServerContext, mailbox: Mailbox) -> bool:
    return mailbox.qualified or mailbox.domain.lower() in context.config.local_domains
