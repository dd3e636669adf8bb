"""NOOP and CHECK: nothing, but whatever happened is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.noop import Check, Noop
    from localserver.imap.session import ImapSession


async def handle_noop(session: ImapSession, tag: Tag, _command: Noop | Check) -> None:
    """Tell what is new. Everything acknowledged is on the disk already, so CHECK is the same."""
    session.finish(tag, Condition.OK, "That is all that is new.")
