"""SORT: what a search finds, in order (RFC 5256, RFC 5957)."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.sort import SortKey, SortResponse
from localserver.imap.meanwhile import Meanwhile
from localserver.imap.search import compiled, encoded, extended, matching, modseq_of
from localserver.steps import in_turns, ordered, runs

if TYPE_CHECKING:
    from desktopmail.wire.imap.sort import Sort, SortBy
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View
    from localserver.steps import Steps

_COLUMNS: Final = {
    SortKey.ARRIVAL: "arrived",
    SortKey.CC: "cc_key",
    # RFC 5256 section 2.2: without a Date field, the time of arrival.
    SortKey.DATE: "coalesce(sent, arrived)",
    SortKey.FROM: "from_key",
    SortKey.SIZE: "size",
    SortKey.SUBJECT: "base_subject",
    SortKey.TO: "to_key",
    SortKey.DISPLAYFROM: "from_display",
    SortKey.DISPLAYTO: "to_display",
}


async def handle_sort(session: ImapSession, tag: Tag, command: Sort) -> None:
    """Search, sort, and tell."""
    view = session.selected
    condition = await compiled(session, tag, view, command.key, command.charset)
    if condition is None:
        return
    columns = "".join(f", {_COLUMNS[by.key]}" for by in command.order)
    rows = await matching(session, view, condition, columns)
    found = await in_turns(_sorted(rows, command.order), Meanwhile(session))
    modseq = modseq_of(found, command.returns) if condition.names_modseq else None
    numbers = [row[0] for row in found]
    if not command.uid:
        numbers = await in_turns(_seqs(numbers, view), Meanwhile(session))
    if command.returns is None:
        told = SortResponse(tuple(numbers), modseq)
        session.send_encoded(await in_turns(encoded(told), Meanwhile(session)))
    else:
        wanted = command.returns - {"SAVE"} or frozenset({"ALL"})
        response = extended(tag, numbers, wanted, uid=command.uid, modseq=modseq)
        session.send(replace(response, in_order=tuple(numbers)) if "ALL" in wanted else response)
    session.finish(tag, Condition.OK, "Sorted.", expunges=False)


def _sorted(rows: list[tuple[Any, ...]], order: tuple[SortBy, ...]) -> Steps[list[tuple[Any, ...]]]:
    """Sort by the last key first: a stable sort keeps what the later keys decided."""
    for place in reversed(range(len(order))):
        # `reverse` keeps equal ones in their order, as RFC 5256 section 3 wants it.
        rows = yield from ordered(rows, itemgetter(2 + place), reverse=order[place].reverse)
    return rows


def _seqs(uids: list[int], view: View) -> Steps[list[int]]:
    seqs: list[int] = []
    for run in runs(uids):
        seqs += [seq for uid in run if (seq := view.seq(uid)) is not None]
        yield
    return seqs
