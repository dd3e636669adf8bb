r"""SELECT and EXAMINE, CLOSE and UNSELECT; with CONDSTORE and QRESYNC (RFC 7162)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import (
    Code,
    HighestModSeq,
    MailboxId,
    UidNext,
    UidValidity,
    Unseen,
)
from desktopmail.wire.imap.condition import Answer, Condition, Tag
from desktopmail.wire.imap.expunge import VanishedResponse
from desktopmail.wire.imap.list import ListResponse
from desktopmail.wire.imap.select import (
    Close,
    ExistsResponse,
    QResync,
    RecentResponse,
    Select,
    Unselect,
)
from desktopmail.wire.imap.sequence import Seq, Uid, UidSet
from localserver.imap import capability
from localserver.imap.flags import flag_lines, tell_known
from localserver.imap.view import View
from localserver.store.names import DELIMITER

if TYPE_CHECKING:
    from localserver.imap.session import ImapSession


async def handle_select(session: ImapSession, tag: Tag, command: Select) -> None:
    """Open a mailbox; the one that was open is closed, whatever comes of it."""
    if session.view is not None:
        session.leave_mailbox()
        if "QRESYNC" in session.enabled or "IMAP4REV2" in session.enabled:
            session.send(Answer(Condition.OK, Code.CLOSED, "The other mailbox is closed."))
    if command.qresync is not None and "QRESYNC" not in session.enabled:
        session.answer(tag, Condition.BAD, "Enable QRESYNC first.")
        return
    if command.condstore or command.qresync is not None:
        session.condstore = True
    mailbox = session.account.mailbox(command.mailbox)
    readonly = command.readonly
    session.view = view = View(session.account, mailbox, session.wake, readonly=readonly)
    _tell(session, view)
    if command.qresync is not None:
        _resynchronise(session, view, command.qresync)
    session.answer(
        tag, Condition.OK, f"{'Examine' if readonly else 'Select'} done.",
        Code.READ_ONLY if readonly else Code.READ_WRITE,
    )  # fmt: skip


def _tell(session: ImapSession, view: View) -> None:
    mailbox = view.mailbox
    tell_known(session, view)
    session.send(ExistsResponse(len(view.uids)))
    if "IMAP4REV2" in session.enabled:
        session.send(ListResponse(frozenset(), DELIMITER, mailbox.name))
    else:
        session.send(RecentResponse(len(view.recent)))
        first = _first_unseen(session, view)
        if first is not None:
            session.send(Answer(Condition.OK, Unseen(Seq(first)), "The first unseen one."))
    session.send(Answer(Condition.OK, UidValidity(mailbox.uidvalidity), "UIDs are valid."))
    session.send(Answer(Condition.OK, UidNext(Uid(mailbox.uidnext)), "The next UID."))
    if capability.offers(session, "CONDSTORE"):
        session.send(Answer(Condition.OK, HighestModSeq(view.modseq), "The highest one."))
    if capability.offers(session, "OBJECTID"):
        session.send(Answer(Condition.OK, MailboxId(mailbox.mailbox_id), "It stays."))


def _first_unseen(session: ImapSession, view: View) -> int | None:
    if not view.mailbox.unseen:
        return None
    rows = session.account.query(
        "SELECT uid FROM entry WHERE mailbox=? AND NOT flags & 1 ORDER BY uid LIMIT 1",
        view.mailbox.number,
    )
    return view.seq(rows[0][0]) if rows else None


def _resynchronise(session: ImapSession, view: View, known: QResync) -> None:
    """Tell what changed since the client was here (RFC 7162 section 3.2.5)."""
    if known.uid_validity != view.mailbox.uidvalidity:
        return
    gone = vanished(session, view, known.modseq, known.known_uids)
    if gone:
        session.send(VanishedResponse(gone, earlier=True))
    rows = session.account.query(
        "SELECT uid FROM entry WHERE mailbox=? AND modseq>? ORDER BY uid",
        view.mailbox.number, known.modseq,
    )  # fmt: skip
    wanted = known.known_uids
    changed = [
        (seq, uid) for (uid,) in rows
        if (seq := view.seq(uid)) is not None
        and (wanted is None or uid in wanted or uid > _last(wanted))
    ]  # fmt: skip
    if changed:
        session.send_encoded(flag_lines(session, view, changed))


def _last(uids: UidSet) -> int:
    return uids.ranges[-1][1] if uids.ranges else 0


def vanished(session: ImapSession, view: View, modseq: int, among: UidSet | None) -> UidSet | None:
    """Return the UIDs that were expunged after a MODSEQ, or None when there are none.

    Args:
        session: Whose client asks.
        view: The mailbox.
        modseq: What the client knows.
        among: Only these; None for all.
    """
    rows = session.account.query(
        "SELECT uid FROM expunged WHERE mailbox=? AND modseq>? ORDER BY uid",
        view.mailbox.number, modseq,
    )  # fmt: skip
    here = [Uid(row[0]) for row in rows if view.seq(row[0]) is None]
    if among is not None:
        top = max(view.mailbox.uidnext - 1, 1)
        wanted = among.resolve(top)
        here = [uid for uid in here if uid in wanted]
    return UidSet.of(here) if here else None


async def handle_close(session: ImapSession, tag: Tag, _command: Close) -> None:
    r"""Expunge what is \Deleted without telling, and leave the mailbox."""
    view = session.view
    if view is not None and not view.readonly and view.mailbox.deleted:
        await session.account.expunge(view.mailbox)
    await _leave(session, tag)


async def handle_unselect(session: ImapSession, tag: Tag, _command: Unselect) -> None:
    """Leave the mailbox and change nothing."""
    await _leave(session, tag)


async def _leave(session: ImapSession, tag: Tag) -> None:
    # Without HIGHESTMODSEQ (RFC 7162 section 3.2.8): what was expunged is not told here, and who
    # took that for known would never hear of it.
    session.leave_mailbox()
    session.answer(tag, Condition.OK, "The mailbox is closed.")
