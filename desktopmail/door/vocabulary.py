"""The words of the index: how a text is cut into them, and which of them begin in one way.

To look for a beginning, an index reads every place of every word that begins so: for one letter
that takes a quarter of a second in 100,000 messages. So each text is indexed with the beginnings of
its words too: of each word its first letter and its first two, marked so that they are no words.
Words that begin with three letters or more are asked for one by one where they are few and common;
where they are rare the index gathers them sooner. The index has an option for this (`prefix`) that
costs three times the octets: it repeats where in a text each of them stands.

The mark alone stands in every message: what is asked for by words that are not there is searched
for among them (`words.EVERY`).

To look for a phrase, an index goes through all messages that hold all its words, and compares their
places: of the commonest words these are nearly all messages. So where such words follow one another
the index has each two of them as one word, which few messages hold, in their place; a phrase is
asked for alike. "End of the day" is the words `end of ßofßthe the day`: the first and the last of
them stand there too, for what is asked of them and of the words beside them. Those between stand
behind the text, where no phrase is found.
"""

from __future__ import annotations

import threading
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import apsw

from desktopmail.door.sqlite import fetch
from desktopmail.door.words import BEGINNING, COMMON, EVERY, is_spaceless, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
_APART = f" {EVERY} "  # so that no two words stand beside one another that did not
_TWO_COMMON = b"\1\1"
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


def with_marks(text: str, cut: Callable[[str], list[str]]) -> str:
    """Return a text as it is indexed: its words, with what is marked among and behind them."""
    words = cut(text) if text else []
    if not words:
        return text
    beginnings = set(map(_TWO, words))
    beginnings.update(list(map(_ONE, beginnings)))
    in_order, between = _paired(words)
    marked = [BEGINNING + _BETWEEN.join(beginnings), *set(between)]
    return f"{' '.join(in_order)} {_APART.join(marked)}"


def indexed(text: str) -> str:
    """Return a text as it is indexed, without a store: in any thread of any process."""
    return with_marks(text, _own_cutter())


def phrase(text: str) -> str:
    """An expression of the index that finds the words of a text in their order."""
    words = _own_cutter()(text)
    return quoted(" ".join(_within(words))) if words else quoted(text)


def beginning(text: str) -> str:
    """The same, where the last word is the beginning of any word; the index gathers these."""
    *before, last = _own_cutter()(text) or [""]
    ways = [f"{quoted(' '.join((*_within([*before, ''])[:-1], last)))} *"]
    if before and before[-1] in COMMON:
        # There the index has another common word as one with the one before it.
        common = sorted(one for one in COMMON if one.startswith(last))
        ways += [quoted(" ".join(_within([*before, one]))) for one in common]
    return f"({' OR '.join(ways)})" if len(ways) > 1 else ways[0]


def _within(words: Sequence[str]) -> list[str]:
    """Words as they stand in the index within any text: more of the commonest may be around them.

    Then the first or the last one of them is not the one beside which they begin or end.
    """
    in_order = " ".join(_paired(words)[0]).split(" ")
    first = len(words) > 1 and words[0] in COMMON and words[1] in COMMON
    last = len(words) > 1 and words[-1] in COMMON and words[-2] in COMMON
    return in_order[first : len(in_order) - last]


def _paired(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The words of a text as they stand in the index, and those that stand in no place then."""
    common = bytes(map(COMMON.__contains__, words))
    at = common.find(_TWO_COMMON)
    if at < 0:
        return words, ()
    in_order, between = list(words), list[str]()
    last = at
    while at >= 0:
        pair = f"{BEGINNING}{words[at]}{BEGINNING}{words[at + 1]}"
        if last == at - 1:
            between.append(words[at])
            in_order[at] = pair
        else:
            in_order[at] += f" {pair}"
        last, at = at, common.find(_TWO_COMMON, at + 1)
    return in_order, between


def _own_cutter() -> Callable[[str], list[str]]:
    """What cuts words in this thread, without a store."""
    cut: Callable[[str], list[str]] | None = getattr(_own, "cut", None)
    if cut is None:
        _own.connection = apsw.Connection(":memory:")
        cut = _own.cut = cutter(_own.connection)
    return cut


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
        if is_spaceless(last):
            return f"({quoted(' '.join(_within([*before, last])))})"
        if 0 < len(last) <= _LETTERS:
            marked = quoted(BEGINNING + last)
            if not before:
                return f"({marked})"
            return f"({quoted(' '.join(_within(before)))} AND {marked})"
        words = self._words(last) if last and not self._is_gathered(last) else []
        phrases = [quoted(" ".join(_within([*before, word]))) for word in words]
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
