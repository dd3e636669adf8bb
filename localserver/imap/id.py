"""ID: which program this is (RFC 2971)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.id import Id, IdResponse

if TYPE_CHECKING:
    from localserver.imap.session import ImapSession


async def handle_id(session: ImapSession, tag: Tag, _command: Id) -> None:
    """Say what this server is."""
    session.send(IdResponse((("name", "localserver"),)))
    session.finish(tag, Condition.OK, "Pleased to meet you.")
