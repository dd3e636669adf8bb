"""CREATE, also for a special use (RFC 6154)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import Code, MailboxId
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.list import SPECIAL_USES
from localserver.imap import capability

if TYPE_CHECKING:
    from desktopmail.wire.imap.create import Create
    from localserver.imap.session import ImapSession


async def handle_create(session: ImapSession, tag: Tag, command: Create) -> None:
    """Make a mailbox."""
    uses = sorted(command.special_use)
    if len(uses) > 1 or not set(uses) <= SPECIAL_USES:
        session.finish(tag, Condition.NO, "That use is not known.", Code.USEATTR)
        return
    made = await session.account.create(command.mailbox, uses[0] if uses else "")
    code = MailboxId(made.mailbox_id) if capability.offers(session, "OBJECTID") else None
    session.finish(tag, Condition.OK, "Created.", code)
