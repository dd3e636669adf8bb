"""COPY and MOVE: all messages go or none, and COPYUID says where (RFC 9051 section 6.4.7 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import Code, CopyUid
from desktopmail.wire.imap.condition import Answer, Condition, Tag
from desktopmail.wire.imap.sequence import Uid
from localserver.imap import capability
from localserver.store.errors import NoSuchMailboxError

if TYPE_CHECKING:
    from desktopmail.wire.imap.copy import Copy
    from desktopmail.wire.imap.move import Move
    from localserver.imap.session import ImapSession
    from localserver.store.mailbox import Mailbox


async def handle_copy(session: ImapSession, tag: Tag, command: Copy) -> None:
    """Copy messages."""
    await transfer(session, tag, command, move=False)


async def transfer(session: ImapSession, tag: Tag, command: Copy | Move, *, move: bool) -> None:
    """Copy or move messages."""
    view = session.selected
    places = view.places(command.numbers)
    if places is None:
        session.finish(tag, Condition.BAD, "There are not so many messages.")
        return
    if move and view.readonly:
        text = "The mailbox is open for reading only."
        session.finish(tag, Condition.NO, text, Code.READ_ONLY)
        return
    target = target_of(session, command.mailbox)
    if target is None:
        text = "There is no mailbox of that name; create it first."
        session.finish(tag, Condition.NO, text, Code.TRYCREATE)
        return
    uids = [view.uids[place] for place in places]
    copied = await session.account.copy(view.mailbox, uids, target, move=move)
    if not copied.source:
        session.finish(tag, Condition.OK, "There was nothing to do.")
        return
    pairs = zip(map(Uid, copied.source), map(Uid, copied.target), strict=True)
    tells = capability.offers(session, "UIDPLUS")
    code = CopyUid.of(target.uidvalidity, list(pairs)) if tells else None
    if move:
        # RFC 6851 section 4.3: before the EXPUNGEs, so that the client knows where they went.
        if code is not None:
            session.send(Answer(Condition.OK, code, "Moved."))
        session.finish(tag, Condition.OK, "Moved.")
    else:
        session.finish(tag, Condition.OK, "Copied.", code)


def target_of(session: ImapSession, name: str) -> Mailbox | None:
    """Return the mailbox of that name, or None: the client is told to create it."""
    try:
        return session.account.mailbox(name)
    except NoSuchMailboxError:
        return None
