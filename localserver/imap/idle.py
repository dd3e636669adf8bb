"""IDLE: the client waits, and is told at once (RFC 2177)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Continue, Tag
from desktopmail.wire.imap.server import BadCommand, IdleDone

if TYPE_CHECKING:
    from desktopmail.wire.imap.idle import Idle
    from localserver.imap.session import ImapSession


async def handle_idle(session: ImapSession, tag: Tag, _command: Idle) -> None:
    """Tell what happens until the client says DONE; the store's own call pushes the news."""
    session.tell_news(expunges=True)
    session.send(Continue(text="idling"))
    await session.flush()
    session.idling = True
    try:
        event = await session.next_event()
    finally:
        session.idling = False
    if isinstance(event, IdleDone):
        session.recorder.record("C", b"DONE\r\n")
        session.finish(tag, Condition.OK, "You waited long enough.")
    elif isinstance(event, BadCommand):
        session.recorder.record("C", f"{event.tag} (not understood)\r\n".encode())
        session.send(event.refusal)
    else:
        session.end()
