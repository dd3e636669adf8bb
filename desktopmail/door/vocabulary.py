"""The words of the index: how a text is cut into them, and which of them begin in one way.

To look for a beginning, an index reads every place of every word that begins so: for one letter
that takes a quarter of a second in 100,000 messages. So each text is indexed with the beginnings of
its words too: of each word its first letter and its first two, marked so that they are no words.
Words that begin with three letters or more are asked for one by one where they are few and common;
where they are rare the index gathers them sooner. The index has an option for this (`prefix`) that
costs three times the octets: it repeats where in a text each of them stands.

The mark alone stands in every message: what is asked for by words that are not there is searched
for among them (`words.EVERY`).
"""

from __future__ import annotations

import threading
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import apsw

from desktopmail.door.sqlite import fetch
from desktopmail.door.words import BEGINNING, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

#: What an index cuts words with, as the table that holds it says.
TOKENIZER = ("unicode61", ("remove_diacritics", "2"))
_LETTERS = 2
# So many are asked for one by one at the most; more are gathered by the index.
_MOST = 48
# To find a word and to ask for it takes as long as to gather what stands in so many messages.
_GATHERED_EACH = 3_500
# To count the messages of words takes half as long as to gather them, so it ends here; and nothing
# is counted where the beginning is a word itself that stands in so many: mostly the commonest.
_COUNTED = 80_000
_COMMON = 10_000

_ONE, _TWO = itemgetter(slice(1)), itemgetter(slice(2))
_BETWEEN = f" {BEGINNING}"
_own = threading.local()
_VOCABULARY = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, instance);"
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary_counted USING fts5vocab(main, words, row)"
)
_NEXT = "SELECT term FROM temp.vocabulary WHERE term >= ? LIMIT 1"
_HITS = "SELECT count(*) FROM (SELECT rowid FROM words WHERE words MATCH ? LIMIT ?)"
_COUNTED_BEHIND = "SELECT term, doc FROM temp.vocabulary_counted WHERE term > ? AND term < ?"
_LAST = "\U0010ffff"


def cutter(connection: apsw.Connection) -> Callable[[str], list[str]]:
    """Return what cuts a text into words as the index does: in one case, without accents."""
    name, arguments = TOKENIZER
    tokenizer = connection.fts5_tokenizer(name, list(arguments))

    def cut(text: str) -> list[str]:
        # Where nothing more is asked for, a list of words.
        words: Any = tokenizer(
            text.encode("utf-8", "replace"),
            apsw.FTS5_TOKENIZE_DOCUMENT,
            None,
            include_offsets=False,
            include_colocated=False,
        )
        found: list[str] = words
        return found

    return cut


def with_beginnings(text: str, cut: Callable[[str], list[str]]) -> str:
    """Return a text as it is indexed: with the beginnings of its words behind it."""
    if not text:
        return text
    found = set(map(_TWO, cut(text)))
    found |= set(map(_ONE, found))
    return f"{text} {BEGINNING}{_BETWEEN.join(found)}" if found else text


def indexed(text: str) -> str:
    """Return a text as it is indexed, without a store: in any thread of any process."""
    cut: Callable[[str], list[str]] | None = getattr(_own, "cut", None)
    if cut is None:
        _own.connection = apsw.Connection(":memory:")
        cut = _own.cut = cutter(_own.connection)
    return with_beginnings(text, cut)


class Vocabulary:
    """The words of an index, read through a connection to its store."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._cut = cutter(connection)
        connection.execute(_VOCABULARY)

    def beginning_with(self, text: str) -> str:
        """An expression of the index that finds what the last word of a text is the beginning of.

        Of one or two letters behind other words the index knows only that some word begins so, not
        where: they are looked for anywhere, and with the third letter in their order.

        Returns:
            Empty where the index gathers them sooner, or no word begins so.
        """
        *before, last = self._cut(text) or [""]
        if 0 < len(last) <= _LETTERS:
            marked = quoted(BEGINNING + last)
            return f"({quoted(' '.join(before))} AND {marked})" if before else f"({marked})"
        words = self._words(last) if last and not self._is_gathered(last) else []
        phrases = [quoted(" ".join((*before, word))) for word in words]
        return f"({' OR '.join(phrases)})" if phrases else ""

    def _is_gathered(self, beginning: str) -> bool:
        """Whether the index gathers what begins so sooner than it finds the words one by one.

        The messages of the words are counted, up to a bound: of the commonest there are many.
        """
        hits = int(fetch(self._connection, _HITS, (quoted(beginning), _COMMON))[0][0])
        if hits == _COMMON:
            return False
        words = int(hits > 0)
        cursor = self._connection.execute(_COUNTED_BEHIND, (beginning, beginning + _LAST))
        try:
            for _, messages in cursor:
                hits, words = hits + messages, words + 1
                if words > _MOST:
                    return True
                if hits >= _COUNTED:
                    return False
        finally:
            cursor.close()
        return hits < words * _GATHERED_EACH

    def _words(self, beginning: str) -> list[str]:
        found: list[str] = []
        at = beginning
        while True:
            rows = fetch(self._connection, _NEXT, (at,))
            if not rows or not rows[0][0].startswith(beginning):
                return found
            if len(found) == _MOST:
                return []
            found.append(rows[0][0])
            at = found[-1] + "\0"
