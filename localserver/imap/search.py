"""SEARCH: in the answers of both revisions, and saved for the next command (RFC 5182)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from desktopmail.net.errors import ClosedError
from desktopmail.wire.imap.codes import BadCharset
from desktopmail.wire.imap.condition import Answer, Condition, Tag
from desktopmail.wire.imap.search_response import ESearchResponse, SearchResponse
from desktopmail.wire.imap.sequence import Seq, SeqSet, Uid, UidSet
from localserver.imap.search_charset import KNOWN, UnknownCharsetError
from localserver.imap.search_sql import Compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.wire.imap.search import Search
    from desktopmail.wire.imap.search_key import SearchKey
    from localserver.imap import search_sql
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View

_TABLES = (
    " FROM entry JOIN message ON message.id=entry.message"
    " JOIN finding ON finding.message=entry.message"
    " JOIN content ON content.message=entry.message"
)


# Messages times keys that are looked at in one go, by what is read of each: some ten milliseconds.
_AT_ONCE: Final = (200_000, 100_000, 0)
# So often a client hears that its search goes on.
_STILL_S: Final = 10.0
# The same of one that sends no more. It may read its answers, or have gone: then what it is told is
# refused, and with it the connection is known to be lost.
_STILL_THERE_S: Final = 0.25


class Meanwhile:
    """What a session does between two pieces of a search: it tells its client, or learns its end.

    Args:
        session: The session that searches.
    """

    def __init__(self, session: ImapSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._told_at = self._loop.time()

    async def __call__(self) -> None:
        """Go on.

        Raises:
            ClosedError: The client has gone.
            TimedOutError: It takes nothing.
        """
        session = self._session
        every_s = _STILL_THERE_S if session.stream.has_ended else _STILL_S
        if self._loop.time() - self._told_at >= every_s:
            self._told_at = self._loop.time()
            session.send(Answer(Condition.OK, None, "The search goes on."))
            await session.flush()
        if session.stream.is_closed:
            raise ClosedError(f"{session.stream.peer} left its search.", code="closed")


async def handle_search(session: ImapSession, tag: Tag, command: Search) -> None:
    """Search, and tell or save what was found."""
    view = session.selected
    returns = command.returns
    if command.charset is not None and "UTF8=ACCEPT" in session.enabled:
        # RFC 6855 section 3: the strings are in UTF-8 already.
        text = "Since UTF8=ACCEPT is enabled, SEARCH takes no CHARSET."
        session.finish(tag, Condition.BAD, text, expunges=False)
        return
    condition = await compiled(session, tag, view, command.key, command.charset)
    if condition is None:
        if returns is not None and "SAVE" in returns:
            view.saved = UidSet()
        return
    if condition.names_modseq:
        session.condstore = True
    rows = await matching(session, view, condition)
    uids = [row[0] for row in rows]
    if returns is None and "IMAP4REV2" in session.enabled:
        returns = frozenset({"ALL"})
    modseq = modseq_of(rows, returns) if condition.names_modseq else None
    if returns is None:
        numbers = uids if command.uid else _seqs(view, uids)
        session.send(SearchResponse(tuple(numbers), modseq))
    else:
        _answer_extended(session, tag, view, command, returns, uids, modseq)
    session.finish(tag, Condition.OK, "Searched.", expunges=False)


async def compiled(
    session: ImapSession, tag: Tag, view: View, key: SearchKey, charset: str | None
) -> search_sql.Condition | None:
    """Compile the keys of a command; answers it and returns None when that is not possible."""
    try:
        compiler = Compiler(view, session.account.flags, charset, session.context.ports.clock.now())
        condition = compiler.compile(key)
    except UnknownCharsetError:
        session.finish(
            tag, Condition.NO, "The strings are not in a charset that is known.",
            BadCharset(KNOWN), expunges=False,
        )  # fmt: skip
        return None
    if condition.names_threads:
        await session.account.thread()
    return condition


async def matching(
    session: ImapSession, view: View, condition: search_sql.Condition, columns: str = ""
) -> list[tuple[int, ...]]:
    """Return (UID, MODSEQ, further columns) of what matches and the client knows of, by UID."""
    tables = " FROM entry"
    if condition.cost or columns:
        tables = _TABLES
        await session.account.summarise()
    last = view.uids[-1] if view.uids else 0
    where = "WHERE mailbox=? AND uid<=?"
    known = (view.mailbox.number, last)
    if len(view.uids) * condition.keys <= _AT_ONCE[condition.cost]:
        sql = f"SELECT uid, modseq{columns}{tables} {where} AND ({condition.sql}) ORDER BY uid"
        rows = session.account.query(sql, *known, *condition.bindings)
    else:
        sql = f"SELECT uid, modseq{columns}, ({condition.sql}){tables} {where} ORDER BY uid"
        rows = await session.account.slow_query(
            sql, (*condition.bindings, *known), Meanwhile(session)
        )
    if len(rows) > len(view.uids):  # what the client was not told of yet
        return [row for row in rows if view.seq(row[0]) is not None]
    return rows


def _seqs(view: View, uids: Sequence[int]) -> list[int]:
    if len(uids) == len(view.uids):
        return list(range(1, len(uids) + 1))
    return [seq for uid in uids if (seq := view.seq(uid)) is not None]


def _answer_extended(
    session: ImapSession,
    tag: Tag,
    view: View,
    command: Search,
    returns: frozenset[str],
    uids: list[int],
    modseq: int | None,
) -> None:
    wanted = returns or frozenset({"ALL"})
    if "SAVE" in wanted:
        view.saved = _saved(wanted, uids)
        if wanted == {"SAVE"}:
            return
    numbers = uids if command.uid else _seqs(view, uids)
    response = extended(tag, numbers, wanted, uid=command.uid, modseq=modseq)
    if "ALL" in wanted and numbers:
        found = UidSet.of(map(Uid, numbers)) if command.uid else SeqSet.of(map(Seq, numbers))
        response = replace(response, all=found)
    session.send(response)


def modseq_of(rows: Sequence[Sequence[int]], returns: frozenset[str] | None) -> int | None:
    """Return the highest MODSEQ of the messages that are told of (RFC 4731 section 3.2).

    Args:
        rows: (UID, MODSEQ, …) of what was found, in the order that was asked for.
        returns: What of them is told; None for all.
    """
    wanted = (returns or frozenset()) - {"SAVE"}
    if wanted and wanted <= {"MIN", "MAX"}:
        rows = [*(rows[:1] if "MIN" in wanted else []), *(rows[-1:] if "MAX" in wanted else [])]
    return max((row[1] for row in rows), default=None)


def _saved(wanted: frozenset[str], uids: list[int]) -> UidSet:
    """Return what `$` stands for (RFC 5182 section 2.4)."""
    if wanted & {"ALL", "COUNT"} or wanted == {"SAVE"}:
        kept = uids
    else:
        kept = uids[:1] if "MIN" in wanted else []
        kept += uids[-1:] if "MAX" in wanted else []
    return UidSet.of([Uid(uid) for uid in kept])


def extended(
    tag: Tag,
    numbers: Sequence[int],
    wanted: frozenset[str],
    *,
    uid: bool,
    modseq: int | None,
) -> ESearchResponse:
    """Return the answer to a RETURN, without ALL; numbers in the order that was asked for."""
    return ESearchResponse(
        tag=tag,
        uid=uid,
        minimum=numbers[0] if numbers and "MIN" in wanted else None,
        maximum=numbers[-1] if numbers and "MAX" in wanted else None,
        count=len(numbers) if "COUNT" in wanted else None,
        modseq=modseq if numbers else None,
    )
