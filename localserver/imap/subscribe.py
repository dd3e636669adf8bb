"""SUBSCRIBE and UNSUBSCRIBE: which mailboxes a client shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
    from localserver.imap.session import ImapSession


async def handle_subscribe(session: ImapSession, tag: Tag, command: Subscribe) -> None:
    """Subscribe to a mailbox."""
    await session.account.subscribe(command.mailbox)
    session.finish(tag, Condition.OK, "Subscribed.")


async def handle_unsubscribe(session: ImapSession, tag: Tag, command: Unsubscribe) -> None:
    """Subscribe to a mailbox no longer; it need not exist any more."""
    await session.account.subscribe(command.mailbox, on=False)
    session.finish(tag, Condition.OK, "Unsubscribed.")
