"""RENAME: a mailbox and all below it get another name; of INBOX the messages move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.rename import Rename
    from localserver.imap.session import ImapSession


async def handle_rename(session: ImapSession, tag: Tag, command: Rename) -> None:
    """Rename a mailbox."""
    await session.account.rename(command.mailbox, command.new)
    session.finish(tag, Condition.OK, "Renamed.")
