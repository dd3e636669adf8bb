"""However a search is found, it finds the same rows in the same order."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.door import finding
from desktopmail.door.ids import MailboxId, PlacementId
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Column, Flag, Role, View
from desktopmail.door.view import ViewSql
from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.store.store import Store
from desktopmail.net.ports import InlineExecutor
from tests.helpers import plain_search
from tests.helpers.store import add_account, inbox_of, mail, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from desktopmail.door.sqlite import Fields
    from desktopmail.door.view import Sql
    from desktopmail.engine.store.store import Transaction

COUNT = 240
LEAVES = (
    "often", "even", "odd", "third", "rare", "nowhere", "o*", "ra*", "ev*", "t*", '"often even"',
    "subject:rare", "東京", "-often", "-even", "-rare", "-o*", "is:flagged", "is:unread", "is:read",
    "-is:unread", "is:answered", "is:draft", "has:attachment", "tag:todo", "tag:none", "in:inbox",
    "in:Sent", "in:nowhere", "account:work", "account:nobody", "larger:300", "larger:2k",
    "larger:9M", "smaller:400", "before:2026-11-02", "before:2026-11-03", "after:2026-11-02",
    "after:2027-01-01", "-has:attachment", "-in:Sent", "-tag:todo", "-(even OR is:flagged)",
)  # fmt: skip


def _fill(tx: Transaction) -> None:
    chance = random.Random(7)
    account_id = add_account(tx)
    inbox, sent = inbox_of(tx, account_id), mailbox.find_role(tx, account_id, Role.SENT)
    assert sent is not None
    mails = []
    for number in range(COUNT):
        words = ["often"] * (number % 10 != 0) + [("even", "odd")[number % 2]]
        words += ["third"] * (number % 3 == 0) + ["rare"] * (number % 80 == 0) + ["東京" * 2]
        body = " ".join(words) + " x" * chance.choice([0, 0, 0, 30, 900])
        subject = chance.choice(["", "rare letter", "of old"])
        mails.append(mail(number % 60, subject=subject, body=f"{number} {body}", hour=number // 60))
    placed = put(tx, inbox, mails[:200], first_uid=None)
    placed += put(tx, sent.id, mails[200:], first_uid=None)
    for one in placed:
        flags = Flag.SEEN if chance.random() < 0.3 else Flag.NONE
        flags |= Flag.FLAGGED if chance.random() < 0.04 else Flag.NONE
        flags |= Flag.ANSWERED if chance.random() < 0.2 else Flag.NONE
        placement.set_flags(tx, one, flags)
    for one in placed[::37]:
        placement.add_tags(tx, one, ["todo"])
    for one in placed[::19]:
        placement.copy(tx, one, sent.id)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteReader]:
    profile = Profile.at(tmp_path_factory.mktemp("finding"))
    asyncio.run(_make(profile))
    opened = SqliteReader(profile)
    yield opened
    opened.close()


async def _make(profile: Profile) -> None:
    store = Store(profile, InlineExecutor())
    await store.write(_fill)
    await store.aclose()


@pytest.fixture(params=["small", "tiny", "none", "gathered"])
def _thresholds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each way is gone, in a store of some hundred messages."""
    limits = {
        "small": {
            "_NEWEST": 24,
            "_NEWEST_JOINED": 9,
            "_FEW": 12,
            "_FEW_JOINED": 9,
            "_RATHER_FEW": 30,
            "_NEWEST_HITS": 18,
            "_FIRST_LOOK": 3,
        },
        "tiny": {
            "_NEWEST": 8,
            "_NEWEST_JOINED": 8,
            "_FEW": 0,
            "_FEW_JOINED": 0,
            "_RATHER_FEW": 0,
            "_NEWEST_HITS": 8,
            "_A_FEW": 10_000,
        },
        "none": {
            "_NEWEST": 2,
            "_NEWEST_JOINED": 2,
            "_FEW": 500,
            "_FEW_JOINED": 500,
            "_RATHER_FEW": 500,
            "_NEWEST_HITS": 2,
        },
    }
    limits["gathered"] = limits["tiny"] | {"_A_FEW": 1, "_FEW": 1}
    for name, value in limits[request.param].items():
        monkeypatch.setattr(finding, name, value)
    monkeypatch.setattr(finding, "_WIDER", 2)


def _queries() -> list[str]:
    chance = random.Random(11)
    made = list(LEAVES)
    for _ in range(160):
        some = [chance.choice(LEAVES) for _ in range(chance.randint(2, 4))]
        either = f"({some[0]} OR {some[1]})"
        joined = chance.choice(
            (some, some, some, [either, *some[2:]], [either, either], [f"-({some[0]} {some[1]})"],
             [f"({either} {some[-1]} OR {some[0]} -{some[-1].lstrip('-')})"])
        )  # fmt: skip
        made.append(" ".join(joined))
    return made


def _plainly(reader: SqliteReader, view: View) -> list[int]:
    sql = reader._places._sql(view)
    return [row[0] for row in reader._places._run(sql.ids(0, 10_000))] if sql is not None else []


@pytest.mark.usefixtures("_thresholds")
@pytest.mark.parametrize("start", range(0, len(_queries()), 40))
def test_a_search_finds_what_a_walk_over_everything_finds(reader: SqliteReader, start: int) -> None:
    for query in _queries()[start : start + 40]:
        view = View(query=query)
        expected = _plainly(reader, view)
        for offset, limit in ((0, 5), (3, 7), (0, 1), (50, 5), (0, 1000)):
            rows = reader.window(view, offset, limit)
            assert [row.id for row in rows] == expected[offset : offset + limit], query
        assert reader.count(view) == len(expected), query
        assert reader.count(view, 9) == min(len(expected), 9), query
        for place in range(0, len(expected), 50):
            assert reader.position(view, PlacementId(expected[place])) == place, query
        missing = next((one for one in range(1, COUNT) if one not in expected), COUNT * 2)
        assert reader.position(view, PlacementId(missing)) is None, query


@pytest.mark.usefixtures("_thresholds")
@pytest.mark.parametrize(
    "fields",
    [
        {"descending": False},
        {"column": Column.SENDER},
        {"column": Column.SIZE, "descending": False},
        {"unread_only": True},
        {"flagged_only": True, "with_attachment": True},
        {"mailbox_ids": (MailboxId(2),)},
        {"also": (PlacementId(3), PlacementId(90), PlacementId(239))},
    ],
    ids=str,
)
def test_so_it_does_in_any_order_and_view(reader: SqliteReader, fields: dict[str, object]) -> None:
    for query in (
        "often",
        "rare is:unread",
        "-even",
        "even OR is:flagged",
        "is:answered",
        "tag:todo",
    ):
        view = View(query=query, **fields)
        expected = _plainly(reader, view)
        assert [row.id for row in reader.window(view, 0, 20)] == expected[:20], (query, fields)
        assert reader.count(view) == len(expected), (query, fields)
        for place in range(0, len(expected), 20):
            assert reader.position(view, PlacementId(expected[place])) == place, (query, fields)


@pytest.mark.usefixtures("_thresholds")
@pytest.mark.parametrize("seed", range(3))
def test_a_search_finds_what_its_query_means(seed: int, tmp_path: Path) -> None:
    """As each message is asked by itself, without the index and without SQL."""
    chance = random.Random(seed)
    profile = Profile.at(tmp_path)
    rows = asyncio.run(_made(profile, chance))
    opened = SqliteReader(profile)
    for _ in range(150):
        asked, is_unread = plain_search.query(chance), chance.random() < 0.1
        view = View(query=asked.text, unread_only=is_unread, threads=chance.random() < 0.1)
        expected = {
            row.id
            for row in rows
            if (asked.holds is None or asked.holds(row))
            and not (is_unread and Flag.SEEN in row.flags)
        }
        found = [row.id for row in opened.window(view, 0, 1000)]
        assert (set(found), len(found)) == (expected, len(expected)), asked.text
        assert [row.id for row in opened.window(view, 0, 5)] == found[:5], asked.text
        assert opened.count(view) == len(expected), asked.text
    opened.close()


async def _made(profile: Profile, chance: random.Random) -> list[plain_search.Plain]:
    store = Store(profile, InlineExecutor())
    rows = await store.write(partial(plain_search.fill, chance))
    await store.aclose()
    return rows


class Counted:
    """Runs statements and remembers them."""

    def __init__(self, reader: SqliteReader) -> None:
        self._original = reader._places._run
        self.asked: list[Sql] = []

    @property
    def texts(self) -> list[str]:
        return [sql.text for sql in self.asked]

    @property
    def looked(self) -> list[object]:
        """How many of the newest hits were looked at, each time that some were."""
        behind = [sql for sql in self.asked if "ORDER BY rowid DESC LIMIT 1 OFFSET ?" in sql.text]
        return [sql.parameters[-1] for sql in behind]

    def __call__(self, sql: Sql) -> Sequence[Fields]:
        self.asked.append(sql)
        return self._original(sql)


def _found(reader: SqliteReader, query: str) -> Counted:
    run = Counted(reader)
    sql = reader._places._sql(View(query=query))
    assert isinstance(sql, ViewSql)
    finding.ids(sql, run, 0, 5)  # type: ignore[arg-type]
    return run


def _steps(reader: SqliteReader, query: str) -> list[str]:
    return _found(reader, query).texts


def test_a_word_alone_is_one_walk(reader: SqliteReader) -> None:
    assert len(_steps(reader, "often")) == 1
    assert len(_steps(reader, "-often")) == 1


def test_what_few_are_is_asked_for_first(reader: SqliteReader) -> None:
    first, *_, last = _steps(reader, "often is:flagged")
    assert "INDEXED BY placement_flagged" in first
    assert "+words.rowid IN (" in last
    *_, last = _steps(reader, "is:draft OR tag:todo")
    assert "p.id IN (" in last
    assert "placement_tag_by_tag" in last


def test_of_what_a_walk_leaves_all_filters_are_asked_at_once(reader: SqliteReader) -> None:
    first, words_ids, last = _steps(reader, "often is:flagged -has:attachment")
    assert "INDEXED BY placement_flagged" in first
    assert "NOT (p.attachment = 1)" in words_ids
    assert "+words.rowid IN (" in last
    # The index of words is asked for very few one by one.
    *_, last = _steps(reader, "often tag:todo")
    assert "words.rowid BETWEEN" in last
    *_, last = _steps(reader, "often is:flagged is:answered")
    assert "words.rowid BETWEEN" not in last


def test_a_filter_that_leaves_next_to_nothing_of_the_newest_is_gathered_for(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_NEWEST_HITS", 80)
    monkeypatch.setattr(finding, "_FEW", 3)
    assert _found(reader, "often in:inbox").looked == [10]  # the newest ones are in Sent
    monkeypatch.setattr(finding, "_FIRST_LOOK", 2)
    assert _found(reader, "often in:inbox").looked[0] == 40


def test_hits_of_which_none_is_further_back_are_looked_at_once(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_NEWEST_HITS", 80)
    monkeypatch.setattr(finding, "_FEW", 3)
    run = _found(reader, "often third rare is:unread")
    assert run.looked == [10]
    assert run.asked[-1].parameters[-2:] == (5, 0)


def test_alternatives_are_looked_for_each_by_itself(reader: SqliteReader) -> None:
    steps = _steps(reader, "often OR is:flagged")
    assert not any("IN (SELECT rowid FROM words WHERE words MATCH" in text for text in steps)
    assert "ORDER BY 2 DESC, 1 DESC LIMIT" in steps[-1]
    # What is older than the first of one alternative is not looked for in the others.
    assert any("placement_flagged" in text and "p.date_s >= " in text for text in steps)
    many = " ".join(f"(w{number} OR is:flagged)" for number in range(4))
    assert any("IN (SELECT rowid FROM words" in text for text in _steps(reader, many))


def test_what_is_older_than_the_hits_of_one_alternative_is_not_gathered_for_another(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_FEW": 3, "_NEWEST": 160, "_FIRST_LOOK": 4}.items():
        monkeypatch.setattr(finding, name, value)
    steps = _steps(reader, "often OR is:unread")
    assert sum("count(*)" in text for text in steps) == 1


def test_what_cannot_be_is_not_looked_for(reader: SqliteReader) -> None:
    assert _steps(reader, "often -often") == []
    assert reader.count(View(query="is:unread is:read")) == 0
    also = View(query="often -often", also=(PlacementId(3),))
    assert [row.id for row in reader.window(also, 0, 5)] == [3]


def test_few_that_a_quick_filter_leaves_are_sorted_and_not_walked_for(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fields in (
        {"column": Column.SENDER},
        {"column": Column.SIZE, "descending": False},
        {"unread_only": True},
        {"with_attachment": True, "threads": True},
    ):
        view = View(flagged_only=True, **fields)
        monkeypatch.setattr(finding, "_FEW", 0)
        walked = [row.id for row in reader.window(view, 0, 100)]
        places = [reader.position(view, one) for one in walked]
        monkeypatch.undo()
        run = Counted(reader)
        monkeypatch.setattr(reader._places, "_run", run)
        assert [row.id for row in reader.window(view, 0, 100)] == walked
        assert [reader.position(view, one) for one in walked] == places == [*range(len(walked))]
        assert any("p.id IN (SELECT p.id FROM placement AS p INDEXED BY" in it for it in run.texts)
        monkeypatch.undo()
