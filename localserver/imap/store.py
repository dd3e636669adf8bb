"""STORE: flags change, durably, and on condition where one is given (RFC 7162)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.codes import Code, Modified
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.sequence import Seq, SeqSet, Uid, UidSet
from desktopmail.wire.imap.store import Store, StoreMode
from localserver.imap.flags import flag_lines, flags_text, tell_known
from localserver.store.errors import LimitError
from localserver.store.flags import Change, Changed, Mode

if TYPE_CHECKING:
    from desktopmail.wire.imap.codes import ResponseCode
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View

_MODES: Final = {
    StoreMode.ADD: Mode.ADD,
    StoreMode.REMOVE: Mode.REMOVE,
    StoreMode.REPLACE: Mode.SET,
}


async def handle_store(session: ImapSession, tag: Tag, command: Store) -> None:
    """Change the flags, and tell the new ones unless asked to be silent."""
    view = session.selected
    places = view.places(command.numbers)
    if places is None:
        session.finish(tag, Condition.BAD, "There are not so many messages.", expunges=False)
        return
    if view.readonly:
        text = "The mailbox is open for reading only."
        session.finish(tag, Condition.NO, text, Code.READ_ONLY, expunges=False)
        return
    if command.unchanged_since is not None:
        session.condstore = True
    uids = [view.uids[place] for place in places]
    change = Change(uids, _MODES[command.mode], frozenset(command.flags), command.unchanged_since)
    try:
        changed = await session.account.change_flags(view.mailbox, change)
    except LimitError:
        tell_known(session, view)  # there may have been room when the client was told
        raise
    session.tell_keywords(view)
    if changed.changed:  # else the next change of another session has this MODSEQ
        view.own.add(changed.modseq)
        session.tell_room(view)
    await _tell(session, view, command, changed)
    await _tell_modified(session, view, changed)
    code = _modified(view, command, changed)
    if isinstance(command.numbers, UidSet):
        # A UID that is not there is no error (RFC 9051 section 6.4.9), and here it may be told.
        session.finish(tag, Condition.OK, "Stored.", code)
        return
    if changed.missing:
        session.finish(
            tag, Condition.NO, "Some of the messages are gone.", code or Code.EXPUNGEISSUED,
            expunges=False,
        )  # fmt: skip
        return
    session.finish(tag, Condition.OK, "Stored.", code, expunges=False)


async def _tell(session: ImapSession, view: View, command: Store, changed: Changed) -> None:
    if command.silent and not session.condstore:
        return
    is_uid = isinstance(command.numbers, UidSet)
    fresh = set(changed.changed)
    lines = []
    for uid, mask in changed.masks.items():
        seq = view.seq(uid)
        if seq is None:
            continue
        # RFC 7162 section 3.2.4: with MODSEQ goes the UID.
        items = [b"UID %d" % uid] if is_uid or session.condstore else []
        if not command.silent:
            items.append(b"FLAGS (%b)" % flags_text(session, view, uid, mask))
        if session.condstore:
            if uid in fresh:
                items.append(b"MODSEQ (%d)" % changed.modseq)
            elif command.silent:
                continue
        lines.append(b"* %d FETCH (%b)\r\n" % (seq, b" ".join(items)))
    if lines:
        await session.gather(b"".join(lines))


async def _tell_modified(session: ImapSession, view: View, changed: Changed) -> None:
    """Tell the flags of what was left alone, so that the client can decide anew."""
    if changed.modified:
        pairs = [(seq, uid) for uid in changed.modified if (seq := view.seq(uid)) is not None]
        await session.gather(flag_lines(session, view, pairs))


def _modified(view: View, command: Store, changed: Changed) -> ResponseCode | None:
    if not changed.modified:
        return None
    if isinstance(command.numbers, UidSet):
        return Modified(UidSet.of([Uid(uid) for uid in changed.modified]))
    seqs = [Seq(seq) for uid in changed.modified if (seq := view.seq(uid)) is not None]
    return Modified(SeqSet.of(seqs)) if seqs else None
