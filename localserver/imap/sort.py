"""SORT: what a search finds, in order (RFC 5256, RFC 5957)."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.sort import SortKey, SortResponse
from localserver.imap.search import compiled, extended, matching, modseq_of

if TYPE_CHECKING:
    from desktopmail.wire.imap.sort import Sort, SortBy
    from localserver.imap.session import ImapSession

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
    ordered = _sorted(rows, command.order)
    modseq = modseq_of(ordered, command.returns) if condition.names_modseq else None
    numbers = [
        row[0] if command.uid else seq for row in ordered if (seq := view.seq(row[0])) is not None
    ]
    if command.returns is None:
        session.send(SortResponse(tuple(numbers), modseq))
    else:
        wanted = command.returns - {"SAVE"} or frozenset({"ALL"})
        response = extended(tag, numbers, wanted, uid=command.uid, modseq=modseq)
        session.send(replace(response, in_order=tuple(numbers)) if "ALL" in wanted else response)
    session.finish(tag, Condition.OK, "Sorted.", expunges=False)


def _sorted(rows: list[tuple[Any, ...]], order: tuple[SortBy, ...]) -> list[tuple[Any, ...]]:
    """Sort by the last key first: a stable sort keeps what the later keys decided."""
    ordered = list(rows)
    for place in reversed(range(len(order))):
        # `reverse` keeps equal ones in their order, as RFC 5256 section 3 wants it.
        ordered.sort(key=itemgetter(2 + place), reverse=order[place].reverse)
    return ordered
