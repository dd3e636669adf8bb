"""FETCH: columns of the store go out as they are; parts are cut when they are asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.expunge import VanishedResponse
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.sequence import UidSet
from localserver.imap.flags import flags_text
from localserver.imap.items import Contents, Part, Row, UnknownEncodingError, compile_items
from localserver.imap.select import vanished
from localserver.store.content import LARGE_OCTETS, is_large
from localserver.store.errors import DiskFullError
from localserver.store.flags import SEEN, Change, Mode, ranges_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.wire.imap.fetch import Fetch
    from localserver.imap.items import Plan
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View

# So many messages are read in one step; with contents, so many octets.
_STEP: Final = 2000
_STEP_OCTETS: Final = 1024 * 1024
_LEAST_OCTETS: Final = 1024  # what the smallest message counts there
# The number of a large message, and where its body begins.
_LARGE_SQL: Final = (
    "SELECT entry.message, length(content.header) FROM entry JOIN message ON id=entry.message"
    " JOIN content ON content.message=id WHERE mailbox=? AND uid=? AND size>?"
)
# What is little enough to be answered in the loop's callback: so many messages without their
# contents, or a small one with them.
_AT_ONCE: Final = 64


def fetch_at_once(session: ImapSession, tag: Tag, command: Fetch) -> bool:
    """Send what is asked for when it is little and nothing has to be written or waited for."""
    view = session.selected
    places = view.places(command.numbers)
    if (
        places is None
        or len(places) > _AT_ONCE
        or command.changed_since is not None
        or Item.THREAD_ID in command.items
    ):
        return False
    if Item.MODSEQ in command.items:
        session.condstore = True
    plan = _plan(session, view, command, with_uid=isinstance(command.numbers, UidSet))
    if plan.marks_seen or (plan.reads_summaries and not session.account.is_summarised):
        return False
    if plan.reads_contents and len(places) != 1:
        return False
    uids = _uids_at(view, places)
    rows = _read(session, view, plan.small_sql, uids)
    if plan.reads_contents and not rows:
        return False  # it is large, or gone
    try:
        octets = _written(session, plan, rows, _numbered(places, uids, rows))
    except UnknownEncodingError:
        return False
    if Item.FLAGS in plan.told:
        session.tell_keywords(view)
    session.send_encoded(octets)
    _finish(session, tag, command, len(places) - len(rows))
    return True


async def handle_fetch(session: ImapSession, tag: Tag, command: Fetch) -> None:
    """Send what is asked for."""
    view = session.selected
    places = view.places(command.numbers)
    if places is None:
        session.finish(tag, Condition.BAD, "There are not so many messages.", expunges=False)
        return
    if command.vanished and "QRESYNC" not in session.enabled:
        session.finish(tag, Condition.BAD, "Enable QRESYNC first.")  # RFC 7162 section 3.2.6
        return
    if command.changed_since is not None or Item.MODSEQ in command.items:
        session.condstore = True
    is_uid = isinstance(command.numbers, UidSet)
    if Item.THREAD_ID in command.items:
        await session.account.thread()
    plan = _plan(session, view, command, with_uid=is_uid)
    if plan.unwritten is not None:
        try:
            await session.account.summarise()
        except DiskFullError:
            plan = plan.unwritten  # what is there can be read all the same
    if command.vanished and command.changed_since is not None and is_uid:
        gone = vanished(session, view, command.changed_since, _uids(command))
        if gone:
            session.send(VanishedResponse(gone, earlier=True))
    if Item.FLAGS in plan.told:
        session.tell_keywords(view)
    asked = len(places)
    sent = 0
    try:
        for start in range(0, asked, _STEP):
            if start:
                await asyncio.sleep(0)  # others have their turn
            sent += await _step(session, view, plan, places[start : start + _STEP])
    except UnknownEncodingError:
        session.finish(
            tag, Condition.NO, "A part has an encoding that is not known.", Code.UNKNOWN_CTE,
            expunges=False,
        )  # fmt: skip
        return
    _finish(session, tag, command, asked - sent if command.changed_since is None else 0)


def _finish(session: ImapSession, tag: Tag, command: Fetch, missing: int) -> None:
    if isinstance(command.numbers, UidSet):
        # A UID that is not there is no error (RFC 9051 section 6.4.9), and here it may be told.
        session.finish(tag, Condition.OK, "Fetched.")
    elif missing:
        # Another session expunged them, and this client could not be told yet (RFC 2180, 4.1).
        session.finish(
            tag, Condition.NO, "Some of the messages are gone.", Code.EXPUNGEISSUED,
            expunges=False,
        )  # fmt: skip
    else:
        session.finish(tag, Condition.OK, "Fetched.", expunges=False)


def _plan(session: ImapSession, view: View, command: Fetch, *, with_uid: bool) -> Plan:
    """Compile the items, or take the plan of the last FETCH: clients ask the same many times."""
    asked = (
        command.items, command.changed_since, with_uid, session.condstore, bool(view.recent),
        len(session.enabled),
    )  # fmt: skip
    if view.last_plan is not None and view.last_plan[0] == asked:
        return view.last_plan[1]
    plan = compile_items(session, view, command, with_uid=with_uid)
    view.last_plan = (asked, plan)
    return plan


def _uids(command: Fetch) -> UidSet | None:
    return command.numbers if isinstance(command.numbers, UidSet) else None


async def _step(session: ImapSession, view: View, plan: Plan, places: Sequence[int]) -> int:
    """Send the messages at some places; returns how many of them there still are."""
    if not plan.reads_contents:
        return await _send(session, view, plan, places)
    sent = 0
    for part in _parts(session, view, places, _STEP_OCTETS // max(1, plan.parts)):
        if sent:
            await asyncio.sleep(0)  # others have their turn
        sent += await _send(session, view, plan, part)
    return sent


def _uids_at(view: View, places: Sequence[int]) -> Sequence[int]:
    if isinstance(places, range):
        return view.uids[places.start : places.stop]
    return [view.uids[place] for place in places]


def _parts(
    session: ImapSession, view: View, places: Sequence[int], step_octets: int
) -> list[Sequence[int]]:
    """Cut places into parts of about one step's octets."""
    if len(places) == 1:
        return [places]
    sizes: dict[int, int] = {}
    for first, last in ranges_of(_uids_at(view, places)):
        rows = session.account.query(
            "SELECT uid, size FROM entry JOIN message ON id=message"
            " WHERE mailbox=? AND uid BETWEEN ? AND ?",
            view.mailbox.number, first, last,
        )  # fmt: skip
        sizes.update(rows)
    parts: list[Sequence[int]] = []
    begin, room = 0, step_octets
    for count, place in enumerate(places):
        size = max(sizes.get(view.uids[place], 0), _LEAST_OCTETS)
        if count > begin and size > room:
            parts.append(places[begin:count])
            begin, room = count, step_octets
        room -= size
    parts.append(places[begin:])
    return parts


def _read(session: ImapSession, view: View, sql: str, uids: Sequence[int]) -> list[Row]:
    rows: list[Row] = []
    for first, last in ranges_of(uids):
        rows += session.account.query(sql, view.mailbox.number, first, last)
    return rows


async def _send(session: ImapSession, view: View, plan: Plan, places: Sequence[int]) -> int:
    """Send the messages at some places; returns how many of them there still are."""
    uids = _uids_at(view, places)
    if plan.contents is not None and len(places) == 1:
        large = session.account.query(_LARGE_SQL, view.mailbox.number, uids[0], LARGE_OCTETS)
        if large:
            return await _send_large(session, view, plan, places[0], *large[0])
    rows = _read(session, view, plan.sql, uids)
    masks = await _mark_seen(session, view, rows) if plan.marks_seen else {}
    numbered = _numbered(places, uids, rows)
    if masks:
        octets = b"".join(
            [
                b"* %d FETCH (%b)\r\n" % (seq, _with_flags(session, view, plan, row, masks))
                for seq, row in numbered
            ]
        )
    else:
        octets = _written(session, plan, rows, numbered)
    if octets:
        await session.gather(octets)
    return len(rows)


async def _send_large(
    session: ImapSession, view: View, plan: Plan, place: int, message: int, body: int
) -> int:
    """Send a large message: read, cut and sent beside the loop; returns 0 when it is gone.

    Args:
        session: Whose client asks.
        view: The selected mailbox.
        plan: What is asked for.
        place: Of the message in the mailbox.
        message: Its number in the store.
        body: Where its body begins.
    """
    uid = view.uids[place]
    octets = await session.account.octets_in_turns(message)
    if octets is None or plan.contents is None:
        return 0
    whole = memoryview(octets)
    contents = Contents(whole[:body], whole[body:], octets)
    parts = await session.context.ports.executor.run(
        lambda: [each.pieces(contents) for each in plan.writers if isinstance(each, Part)]
    )
    rows = _read(session, view, plan.large_sql, [uid])
    masks = await _mark_seen(session, view, rows) if plan.marks_seen else {}
    if not rows:
        return 0
    header = bytes(contents.header)
    row = tuple(header if at == plan.contents[0] else each for at, each in enumerate(rows[0]))
    fresh, told = _as_seen(session, view, plan, row, masks)
    pieces: list[bytes | memoryview] = [b"* %d FETCH (" % (place + 1)]
    waiting = iter(parts)
    for number, writer in enumerate(plan.writers):
        pieces.append(b" " if number else b"")
        pieces += next(waiting) if isinstance(writer, Part) else [writer(fresh)]
    pieces.append(b"".join([b" " + each for each in told]) + b")\r\n")
    joined = _joined(pieces)
    if len(joined) == 1:
        await session.gather(bytes(joined[0]))
    else:
        await session.send_pieces(joined)
    return 1


def _joined(pieces: Iterable[bytes | memoryview]) -> list[bytes | memoryview]:
    """Put neighbours together that are not large."""
    joined: list[bytes | memoryview] = [b""]
    for piece in pieces:
        if is_large(len(piece)):
            joined += [piece, b""]
        else:
            joined[-1] = b"".join((joined[-1], piece))
    return [each for each in joined if each]


def _numbered(
    places: Sequence[int], uids: Sequence[int], rows: list[Row]
) -> Iterable[tuple[int, Row]]:
    """Give rows their sequence numbers; messages that are gone have no row."""
    seqs: Iterable[int]
    if len(rows) == len(places) and isinstance(places, range):
        seqs = range(places.start + 1, places.stop + 1)
    elif len(rows) == len(places):
        seqs = [place + 1 for place in places]
    else:
        known = dict(zip(uids, places, strict=True))
        seqs = [known[row[0]] + 1 for row in rows]
    return zip(seqs, rows, strict=True)


def _written(
    session: ImapSession, plan: Plan, rows: list[Row], numbered: Iterable[tuple[int, Row]]
) -> bytes:
    write = plan.write
    if plan.is_flags_and_uid:
        # What every client asks for of every message: one step less for each.
        texts = {mask: session.account.flags.text(mask) for mask in {row[1] for row in rows}}
        return b"".join(
            [
                b"* %d FETCH (UID %d FLAGS (%b))\r\n" % (seq, uid, texts[mask])
                for seq, (uid, mask, _) in numbered
            ]
        )
    return b"".join([b"* %d FETCH (%b)\r\n" % (seq, write(row)) for seq, row in numbered])


def _with_flags(
    session: ImapSession, view: View, plan: Plan, row: Row, masks: dict[int, tuple[int, int]]
) -> bytes:
    """Write a message that was marked as seen by this: its new flags are told too.

    Beside them, once the client wants mod-sequences, UID and MODSEQ (RFC 7162 section 3.2.4).
    """
    fresh, told = _as_seen(session, view, plan, row, masks)
    return b" ".join([plan.write(fresh), *told])


def _as_seen(
    session: ImapSession, view: View, plan: Plan, row: Row, masks: dict[int, tuple[int, int]]
) -> tuple[Row, list[bytes]]:
    """Return a row as it is after this, and what is told besides."""
    changed = masks.get(row[0])
    if changed is None:
        return row, []
    fresh = (row[0], changed[0], changed[1], *row[3:])
    items = []
    if Item.FLAGS not in plan.told:
        items.append(b"FLAGS (%b)" % flags_text(session, view, row[0], changed[0]))
    if session.condstore and Item.MODSEQ not in plan.told:
        items.append(b"MODSEQ (%d)" % changed[1])
    if session.condstore and Item.UID not in plan.told:
        items.append(b"UID %d" % row[0])
    return fresh, items


async def _mark_seen(
    session: ImapSession, view: View, rows: list[Row]
) -> dict[int, tuple[int, int]]:
    r"""Set \Seen where it is missing; returns (mask, MODSEQ) by UID of those."""
    unseen = [row[0] for row in rows if not row[1] & SEEN]
    if not unseen or view.readonly:
        return {}
    change = Change(unseen, Mode.ADD, frozenset({"\\Seen"}))
    changed = await session.account.change_flags(view.mailbox, change)
    if changed.changed:
        view.own.add(changed.modseq)
    return {uid: (changed.masks[uid], changed.modseq) for uid in changed.changed}
