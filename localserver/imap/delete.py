"""DELETE: a mailbox goes with its messages; those below it stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.delete import Delete
    from localserver.imap.session import ImapSession


async def handle_delete(session: ImapSession, tag: Tag, command: Delete) -> None:
    """Delete a mailbox."""
    await session.account.delete(command.mailbox)
    session.finish(tag, Condition.OK, "Deleted.")
