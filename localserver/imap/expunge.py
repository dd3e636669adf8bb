r"""EXPUNGE and UID EXPUNGE: what is \Deleted goes for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import Code, HighestModSeq
from desktopmail.wire.imap.condition import Condition, Tag

if TYPE_CHECKING:
    from desktopmail.wire.imap.expunge import Expunge
    from localserver.imap.session import ImapSession


async def handle_expunge(session: ImapSession, tag: Tag, command: Expunge) -> None:
    """Expunge, and tell it."""
    view = session.selected
    if view.readonly:
        text = "The mailbox is open for reading only."
        session.finish(tag, Condition.NO, text, Code.READ_ONLY)
        return
    places = range(len(view.uids)) if command.uids is None else view.places(command.uids)
    # Only what this client knows of: a message that came deleted meanwhile is not its business.
    uids = [view.uids[place] for place in places or ()]
    expunged = await session.account.expunge(view.mailbox, uids)
    code = None
    if expunged.uids and "QRESYNC" in session.enabled:
        code = HighestModSeq(view.mailbox.modseq)
    session.finish(tag, Condition.OK, "Expunged.", code)
