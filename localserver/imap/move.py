"""MOVE: a copy and an expunge in one commit (RFC 6851)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localserver.imap.copy import transfer

if TYPE_CHECKING:
    from desktopmail.wire.imap.condition import Tag
    from desktopmail.wire.imap.move import Move
    from localserver.imap.session import ImapSession


async def handle_move(session: ImapSession, tag: Tag, command: Move) -> None:
    """Move messages."""
    await transfer(session, tag, command, move=True)
