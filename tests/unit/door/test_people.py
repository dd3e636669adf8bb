"""People are found by the beginning of any word of their name or address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door import people
from desktopmail.door.people import words_of
from desktopmail.door.reader import SqliteReader
from desktopmail.engine import summary
from desktopmail.engine.store import person
from tests.helpers.store import mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    "Änne Weber-Müller <aenne@example.org>",
    "Ben Okafor <ben.okafor@mail.example>",
    "Anna Berg <anna@example.org>",
    "bert@example.net",
]


@pytest.fixture
async def reader(tmp_path: Path) -> SqliteReader:
    async with open_store(tmp_path) as store:
        rows = [
            summary.of_message(mail(number, sender=sender))
            for number, sender in enumerate(PEOPLE)
            for _ in range(number + 1)
        ]
        await store.write(lambda tx: person.count(tx, rows, sent=False))
        return SqliteReader(store.profile)


def found(reader: SqliteReader, typed: str) -> list[str]:
    names = [row.address.partition("@")[0] for row in reader.people(typed, 10)]
    reader.close()
    return names


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("be", ["bert", "anna", "ben.okafor"]),  # the most frequent first
        ("BERG", ["anna"]),
        ("okaf", ["ben.okafor"]),
        ("mül", ["aenne"]),
        ("än web", ["aenne"]),
        ("web än", ["aenne"]),
        ("anna@ex", ["anna"]),
        ("mail.ex", ["ben.okafor"]),
        ("<anna@example.org>,", ["anna"]),
        ("anna web", []),
        ("  ", []),
        ("%", []),
        ("nna", []),
    ],
)
async def test_each_word_that_is_typed_has_to_be_met(
    reader: SqliteReader, typed: str, who: list[str]
) -> None:
    assert found(reader, typed) == who


async def test_where_very_many_match_the_first_in_rank_are_found_alike(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [row.address for row in reader.people("be", 10)]
    monkeypatch.setattr(people, "_MANY", 1)
    assert [row.address for row in reader.people("be", 10)] == few
    assert [row.address for row in reader.people("an be", 1)] == ["anna@example.org"]
    reader.close()


def test_the_words_of_a_person_are_bounded() -> None:
    words = words_of("x " * 100 + "y" + " z".join(map(str, range(100))), "a.b@c.example")
    assert words[0] == "a.b@c.example"
    assert len(words) <= 24
