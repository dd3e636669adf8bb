"""STARTTLS: go on inside TLS, and forget everything from before (RFC 9051 section 6.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag
from localserver.imap import capability

if TYPE_CHECKING:
    from desktopmail.wire.imap.starttls import StartTls
    from localserver.imap.session import ImapSession


async def handle_starttls(session: ImapSession, tag: Tag, _command: StartTls) -> None:
    """Answer, and shake hands at once; what came in the clear behind the command is refused."""
    tls = session.context.tls
    if tls is None or not capability.may_start_tls(session):
        session.answer(tag, Condition.BAD, "STARTTLS is not possible here.")
        return
    session.answer(tag, Condition.OK, "Begin TLS now.")
    session.connection.starting_tls()
    session.write()
    await session.stream.start_tls(tls)
    session.recorder.record("*", b"TLS started")
    session.connection.tls_started()
