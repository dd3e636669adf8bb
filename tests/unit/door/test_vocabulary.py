"""Beginnings of words are found by the index itself, or by the few words that begin so; phrases of
the commonest words by their pairs.
"""

from __future__ import annotations

import random

import apsw
import pytest

from desktopmail.door import vocabulary
from desktopmail.door.vocabulary import Vocabulary, beginning, cutter, indexed, phrase, with_marks
from desktopmail.door.words import BEGINNING, COMMON, quoted, spaced
from desktopmail.engine.store import schema

TEXTS = ["The theory of thieves, then", "Ünder thé tree", "a of I", "東 京", "then thaw"]


@pytest.fixture
def connection() -> apsw.Connection:
    made = apsw.Connection(":memory:")
    schema.upgrade(made)
    cut = cutter(made)
    for number, text in enumerate(TEXTS, 1):
        made.execute(
            "INSERT INTO words (rowid, body) VALUES (?, ?)", (number, with_marks(text, cut))
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
    marked = with_marks("of; aà Thé", cutter(connection)).removeprefix("of aa the ").split()
    assert sorted(marked) == [BEGINNING + begin for begin in ("a", "aa", "o", "of", "t", "th")]
    assert with_marks("...", cutter(connection)) == "..."
    assert with_marks("", cutter(connection)) == ""


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


def test_a_character_of_a_script_without_spaces_is_the_beginning_of_itself_alone(
    connection: apsw.Connection,
) -> None:
    """So the characters of 東京* stand in this order, as those of 東京 do."""
    assert Vocabulary(connection).beginning_with("東 京") == '("東 京")'


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


@pytest.mark.parametrize(
    ("text", "in_order", "apart"),
    [
        ("End of Thé day", "end of ßofßthe the day", set()),
        ("the lake, à", "the lake a", set()),
        ("of the and lake and à", "of ßofßthe ßtheßand and lake and ßandßa a", {"the"}),
        ("of the and a, of", "of ßofßthe ßtheßand ßandßa ßaßof of", {"the", "and", "a"}),
    ],
)
def test_two_common_words_that_follow_one_another_are_one_more(
    text: str, in_order: str, apart: set[str]
) -> None:
    first, *others = indexed(text).removeprefix(f"{in_order} ").split(" ß ")
    assert all(word.startswith(BEGINNING) for word in first.split())
    assert set(others) == apart


def test_the_commonest_words_are_as_the_index_has_them(connection: apsw.Connection) -> None:
    cut = cutter(connection)
    assert [one for one in COMMON if cut(spaced(one)) != [one]] == []


def test_what_was_cut_is_cut_alike_again(connection: apsw.Connection) -> None:
    cut = cutter(connection)
    signs = map(chr, (*range(0xD800), *range(0xE000, 0x20000)))
    words = cut(" ".join(f"{sign} a{sign}b" for sign in signs))
    assert len(words) > 100_000
    assert cut(" ".join(words)) == words


@pytest.fixture(scope="module")
def texts() -> tuple[apsw.Connection, apsw.Connection]:
    """Texts of few words, with many phrases: as they are, and as they are indexed."""
    plain, marked = apsw.Connection(":memory:"), apsw.Connection(":memory:")
    chance = random.Random(5)
    words = ["the", "of", "Thé", "and", "à", "lake", "them", "会", "sea."]
    for connection, as_indexed in ((plain, str), (marked, indexed)):
        schema.upgrade(connection)
        chance.seed(5)
        for number in range(1, 1_500):
            body, subject = (
                as_indexed(spaced(" ".join(chance.choices(words, k=chance.randrange(18)))))
                for _ in ("body", "subject")
            )
            connection.execute(
                "INSERT INTO words (rowid, body, subject) VALUES (?, ?, ?)", (number, body, subject)
            )
    return plain, marked


FORMS = ("{}", "{{subject}} : {}", "({}) NOT (会)", "(sea) AND ({})", "({}) OR (sea)")


@pytest.mark.parametrize(
    "text",
    [
        "of", "lake", "of the", "the of", "Of THÉ", "the the", "the the the", "of the and",
        "of the and a", "a-the", "the and the and", "lake of the sea", "the lake of", "lake sea",
        "of lake", "lake of", "of the 会 the", "会 of the", "of the sea of the", "them the of",
    ],
)  # fmt: skip
def test_a_phrase_is_where_its_words_stand_in_their_order(
    texts: tuple[apsw.Connection, apsw.Connection], text: str
) -> None:
    plain, marked = texts
    expected = [found(plain, form.format(quoted(spaced(text)))) for form in FORMS]
    assert [found(marked, form.format(phrase(spaced(text)))) for form in FORMS] == expected
    assert expected[0]


@pytest.mark.parametrize(
    "text",
    [
        "the", "lak", "of the", "of lak", "lake the", "of the the", "the of the", "lake of the",
        "sea the lak", "of the lak", "会 the", "会 lak", "and them", "of an", "of t",
    ],
)  # fmt: skip
def test_a_beginning_behind_words_is_where_they_stand_in_their_order(
    texts: tuple[apsw.Connection, apsw.Connection], text: str
) -> None:
    plain, marked = texts
    expected = [found(plain, form.format(f"{quoted(spaced(text))} *")) for form in FORMS]
    gathered = beginning(spaced(text))
    assert [found(marked, form.format(gathered)) for form in FORMS] == expected
    assert expected[0]


@pytest.mark.parametrize("text", ["the", "lak", "of the", "lake the", "of the the", "sea the lak"])
def test_words_that_begin_so_are_found_behind_others_one_by_one(
    texts: tuple[apsw.Connection, apsw.Connection], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, marked = texts
    monkeypatch.setattr(vocabulary, "_GATHERED_EACH", 1)
    one_by_one = Vocabulary(marked).beginning_with(text)
    assert one_by_one
    assert found(marked, one_by_one) == found(plain, f"{quoted(text)} *")


def test_common_words_are_asked_for_in_pairs() -> None:
    assert phrase("Of the") == '"ßofßthe"'
    assert phrase("lake of") == '"lake of"'
    assert phrase("a lake") == '"a lake"'
    assert phrase("lake of the sea") == '"lake of ßofßthe the sea"'
    assert phrase("of the and in lake") == '"ßofßthe ßtheßand ßandßin in lake"'
