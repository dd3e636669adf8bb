"""Beginnings of words are found by the index itself, or by the few words that begin so."""

from __future__ import annotations

import apsw
import pytest

from desktopmail.door import vocabulary
from desktopmail.door.vocabulary import Vocabulary, cutter, with_beginnings
from desktopmail.door.words import BEGINNING
from desktopmail.engine.store import schema

TEXTS = ["The theory of thieves, then", "Ünder thé tree", "a of I", "東 京", "then thaw"]


@pytest.fixture
def connection() -> apsw.Connection:
    made = apsw.Connection(":memory:")
    schema.upgrade(made)
    cut = cutter(made)
    for number, text in enumerate(TEXTS, 1):
        made.execute(
            "INSERT INTO words (rowid, body) VALUES (?, ?)", (number, with_beginnings(text, cut))
        )
    return made


def found(connection: apsw.Connection, match: str) -> list[int]:
    rows = connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,)).fetchall()
    return [row[0] for row in rows]


def test_a_text_is_cut_as_the_index_cuts_it(connection: apsw.Connection) -> None:
    cut = cutter(connection)
    words = {word for text in TEXTS for word in cut(text)}
    connection.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, words, row)")
    terms = {str(row[0]) for row in connection.execute("SELECT term FROM temp.v").fetchall()}
    assert words == {term for term in terms if not term.startswith(BEGINNING)}


def test_the_table_is_cut_with_what_is_said_here(connection: apsw.Connection) -> None:
    (row,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'words'").fetchall()
    name, arguments = vocabulary.TOKENIZER
    assert f"tokenize = '{name} {' '.join(arguments)}'" in str(row[0])


def test_a_word_begins_with_its_first_letter_and_its_first_two(
    connection: apsw.Connection,
) -> None:
    marked = with_beginnings("of a Thé", cutter(connection)).removeprefix("of a Thé ").split()
    assert sorted(marked) == [BEGINNING + begin for begin in ("a", "o", "of", "t", "th")]
    assert with_beginnings("...", cutter(connection)) == "..."
    assert with_beginnings("", cutter(connection)) == ""


@pytest.mark.parametrize("text", ["t", "T", "th", "thé", "then", "o", "of", "u", "i", "東", "x"])
def test_a_beginning_finds_what_the_index_finds_by_gathering(
    connection: apsw.Connection, text: str
) -> None:
    asked = Vocabulary(connection).beginning_with(text) or f'"{text}" *'
    assert found(connection, asked) == found(connection, f'"{text}" *')


def test_the_words_of_a_longer_beginning_are_asked_for_one_by_one(
    connection: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "_GATHERED_EACH", 1)
    assert Vocabulary(connection).beginning_with("the") == '("the" OR "then" OR "theory")'
    asked = Vocabulary(connection).beginning_with("of thi")
    assert asked == '("of thieves")'
    assert found(connection, asked) == [1]


def test_of_two_letters_behind_a_word_it_is_asked_whether_some_word_begins_so(
    connection: apsw.Connection,
) -> None:
    asked = Vocabulary(connection).beginning_with("of th")
    assert asked == f'("of" AND "{BEGINNING}th")'
    assert found(connection, asked) == [1]
    assert found(connection, Vocabulary(connection).beginning_with("of i")) == [3]
    assert found(connection, Vocabulary(connection).beginning_with("i of")) == [3]


def test_too_many_words_are_left_to_the_index(
    connection: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "_MOST", 2)
    monkeypatch.setattr(vocabulary, "_GATHERED_EACH", 1)
    assert Vocabulary(connection).beginning_with("the") == ""
    assert Vocabulary(connection).beginning_with("theo") == '("theory")'
    assert Vocabulary(connection).beginning_with("thx") == ""


@pytest.mark.parametrize(
    ("limits", "is_gathered"),
    [
        ({}, True),  # three words in five messages
        ({"_GATHERED_EACH": 1}, False),
        ({"_COMMON": 2}, False),  # "the" alone stands in as many
        ({"_COUNTED": 3}, False),
        ({"_GATHERED_EACH": 1, "_MOST": 2}, True),
    ],
)
def test_words_that_few_messages_hold_are_gathered_by_the_index(
    connection: apsw.Connection,
    monkeypatch: pytest.MonkeyPatch,
    limits: dict[str, int],
    is_gathered: bool,
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(vocabulary, name, value)
    asked = Vocabulary(connection).beginning_with("the")
    assert (asked == "") is is_gathered
    assert found(connection, asked or '"the" *') == [1, 2, 5]
