"""Flags as they are told: those of messages, in FETCH responses, and those that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.codes import PermanentFlags
from desktopmail.wire.imap.condition import Answer, Condition
from desktopmail.wire.imap.flags import ANY, SYSTEM, Flag
from desktopmail.wire.imap.select import FlagsResponse
from localserver.store.flags import ranges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localserver.imap.session import ImapSession
    from localserver.imap.view import View


def tell_known(session: ImapSession, view: View) -> None:
    r"""Tell which flags there are, and which can be kept: `\*` while a new keyword can be made.

    With SELECT, and whenever these are others (RFC 3501 section 7.2.6, RFC 9051 section 7.3.5).
    """
    flags = session.account.flags
    view.keywords_told = flags.revision
    known = frozenset(Flag(name) for name in (*SYSTEM, *flags.keywords))
    session.send(FlagsResponse(known))
    permanent = frozenset() if view.readonly else known
    view.room_told = not view.readonly and session.account.has_room_for_keywords
    if view.room_told:
        permanent |= {ANY}
    session.send(Answer(Condition.OK, PermanentFlags(permanent), "Flags kept."))


def flag_lines(session: ImapSession, view: View, messages: Sequence[tuple[int, int]]) -> bytes:
    """Return whole FETCH responses with the flags that messages have now.

    Args:
        session: Whose client is told.
        view: The selected mailbox.
        messages: (sequence number, UID), UIDs ascending; those that are gone are left out.
    """
    account = session.account
    rows: dict[int, tuple[int, int]] = {}
    for first, last in ranges_of([uid for _, uid in messages]):
        found = account.query(
            "SELECT uid, flags, modseq FROM entry WHERE mailbox=? AND uid BETWEEN ? AND ?",
            view.mailbox.number, first, last,
        )  # fmt: skip
        rows.update((uid, (flags, modseq)) for uid, flags, modseq in found)
    lines = []
    for seq, uid in messages:
        row = rows.get(uid)
        if row is not None:
            flags = flags_text(session, view, uid, row[0])
            if session.condstore:
                lines.append(
                    b"* %d FETCH (UID %d FLAGS (%b) MODSEQ (%d))\r\n" % (seq, uid, flags, row[1])
                )
            else:
                lines.append(b"* %d FETCH (UID %d FLAGS (%b))\r\n" % (seq, uid, flags))
    return b"".join(lines)


def flags_text(session: ImapSession, view: View, uid: int, mask: int) -> bytes:
    r"""Return the flags of a message as they stand between parentheses, \Recent among them."""
    text = session.account.flags.text(mask)
    if uid in view.recent and "IMAP4REV2" not in session.enabled:
        return text + b" \\Recent" if text else b"\\Recent"
    return text
