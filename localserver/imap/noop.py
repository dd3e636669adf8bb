"""NOOP and CHECK: nothing, but whatever happened is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.noop import Check, Noop
    from localserver.imap.session import ImapSession


async def handle_noop(session: ImapSession, tag: Tag, command: Noop | Check) -> None:
    """Tell what is new. Everything acknowledged is on the disk already, so CHECK is the same."""
    noop_at_once(session, tag, command)


def noop_at_once(session: ImapSession, tag: Tag, _command: Noop | Check) -> bool:
    """Tell what is new."""
    session.finish(tag, Condition.OK, "That is all that is new.")
    return True
