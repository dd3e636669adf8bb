"""People as they are found: by the beginning of any word of a name, or of an address.

An index of words answers at once where few people match. Where very many do ("a" among 100,000),
the people are walked in the order of their rank instead, and the first that match are soon found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.door.sqlite import fetch

if TYPE_CHECKING:
    import apsw

    from desktopmail.door.sqlite import Fields

_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 24
# From so many hits on, walking by rank finds the first ones sooner than sorting all of them.
_MANY = 500
_COLUMNS = "p.name, p.address, p.contact_id, p.sent, p.received, p.place"


def words_of(name: str, address: str) -> list[str]:
    """The words by whose beginning a person is found, in small letters."""
    address = address.casefold()
    local, _, domain = address.rpartition("@")
    words = [address, *_WORD.findall(name.casefold()), *_WORD.findall(local), domain]
    return list(dict.fromkeys(word for word in words if word))[:_MAX_WORDS]


def find(connection: apsw.Connection, typed: str, limit: int) -> list[Fields]:
    """Rows of (name, address, contact, sent, received), the likeliest first.

    Args:
        connection: To the store.
        typed: Beginnings of words, or of an address; each has to be met.
        limit: How many at the most.
    """
    wanted = list(dict.fromkeys(_typed(typed)))
    if not wanted:
        return []
    counts = {word: _count(connection, word) for word in wanted}
    first = min(wanted, key=counts.__getitem__)
    rest = [word for word in wanted if word != first]
    others = "".join(" AND instr(p.words, ?) > 0" for _ in rest)
    bound = tuple(f" {word}" for word in rest)
    if counts[first] < _MANY:
        return fetch(
            connection,
            f"SELECT DISTINCT {_COLUMNS} FROM person_word AS w CROSS JOIN person AS p"
            f" ON p.id = w.person_id WHERE w.word >= ? AND w.word < ?{others}"
            " ORDER BY p.rank DESC, p.place, p.address LIMIT ?",
            (*_span(first), *bound, limit),
        )
    return fetch(
        connection,
        f"SELECT {_COLUMNS} FROM person AS p WHERE p.id IN (SELECT p.id FROM person AS p"
        f" INDEXED BY person_by_rank WHERE instr(p.words, ?) > 0{others} ORDER BY p.rank DESC"
        " LIMIT ?) ORDER BY p.rank DESC, p.place, p.address",
        (f" {first}", *bound, limit),
    )


def _count(connection: apsw.Connection, word: str) -> int:
    (row,) = fetch(
        connection,
        "SELECT count(*) FROM (SELECT 1 FROM person_word WHERE word >= ? AND word < ? LIMIT ?)",
        (*_span(word), _MANY),
    )
    return int(row[0])


def _span(word: str) -> tuple[str, str]:
    return word, word + "\U0010ffff"


def _typed(text: str) -> list[str]:
    words: list[str] = []
    for piece in text.casefold().split():
        piece = piece.strip("<>\"',;()")
        words += [piece] if "@" in piece or "." in piece else _WORD.findall(piece)
    return words
