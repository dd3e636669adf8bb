"""SEARCH: in the answers of both revisions, and saved for the next command (RFC 5182)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from desktopmail.wire.imap.codes import BadCharset
from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.search_response import ESearchResponse, SearchResponse
from desktopmail.wire.imap.sequence import Seq, SeqSet, Uid, UidSet
from localserver.imap.meanwhile import Meanwhile
from localserver.imap.search_charset import KNOWN, UnknownCharsetError
from localserver.imap.search_sql import Compiler
from localserver.steps import in_turns
from localserver.store.look import Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.wire.imap.search import Search
    from desktopmail.wire.imap.search_key import SearchKey
    from localserver.imap import search_sql
    from localserver.imap.session import ImapSession
    from localserver.imap.view import View
    from localserver.steps import Steps

# What is read of each message, by the cost of a condition.
_SUMMARISED: Final = (
    "entry JOIN message ON message.id=entry.message JOIN finding ON finding.message=entry.message"
)
_TABLES: Final = (
    "entry",
    _SUMMARISED,
    f"{_SUMMARISED} JOIN content ON content.message=entry.message",
)
# Messages times keys that are looked at in one go, by the same: some ten milliseconds. To return
# columns of a message takes as long as ten keys.
_AT_ONCE: Final = (50_000, 50_000, 0)
_COLUMNS_KEYS: Final = 10


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
        response = SearchResponse(tuple(numbers), modseq)
        session.send_encoded(await in_turns(encoded(response), Meanwhile(session)))
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
    if not view.uids:
        return []
    cost, keys = condition.cost, condition.keys
    if columns:
        cost, keys = max(cost, 1), keys + _COLUMNS_KEYS
    if cost:
        await session.account.summarise()
    look = Look(
        f"uid, modseq{columns}", _TABLES[cost], condition.sql, condition.bindings,
        view.mailbox.number, view.uids[-1], condition.texts,
    )  # fmt: skip
    if len(view.uids) * keys <= _AT_ONCE[cost]:
        rows = session.account.look(look)
    else:
        rows = await session.account.look_in_turns(look, Meanwhile(session))
    if len(rows) > len(view.uids):  # what the client was not told of yet
        return [row for row in rows if view.seq(row[0]) is not None]
    return rows


class InPieces(Protocol):
    """A response that may be long."""

    def pieces(self) -> Iterator[bytes]:
        """Encode some hundred numbers at a time."""


def encoded(response: InPieces) -> Steps[bytes]:
    """Return the line of a response."""
    pieces: list[bytes] = []
    for piece in response.pieces():
        pieces.append(piece)
        yield
    return b"* %b\r\n" % b"".join(pieces)


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
