"""LOGOUT: goodbye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Answer, Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.logout import Logout
    from localserver.imap.session import ImapSession


async def handle_logout(session: ImapSession, tag: Tag, _command: Logout) -> None:
    """Say goodbye, and end."""
    session.send(Answer(Condition.BYE, None, "Until next time."))
    session.answer(tag, Condition.OK, "You are logged out.")
    session.end()
