"""A list read in any order of pages is the list read from its beginning."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from desktopmail.door import landmarks
from desktopmail.door.ids import MailboxId
from desktopmail.door.landmarks import Landmarks
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Column, Flag, Role, View
from desktopmail.door.view import ViewSql
from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.store.store import Store
from desktopmail.net.ports import InlineExecutor
from tests.helpers.store import add_account, inbox_of, mail, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from desktopmail.door.sqlite import Fields
    from desktopmail.door.view import Sql
    from desktopmail.engine.store.store import Transaction

COUNT = 150
VIEWS = [
    View(),
    View(descending=False),
    View(threads=True),
    View(threads=True, descending=False, column=Column.SUBJECT),
    View(column=Column.SENDER),
    View(column=Column.SIZE, descending=False),
    View(mailbox_ids=(MailboxId(2),)),
    View(unread_only=True),
    View(unread_only=True, threads=True),
    View(flagged_only=True, threads=True, mailbox_ids=(MailboxId(1),)),
]


def fill(tx: Transaction) -> None:
    chance = random.Random(3)
    account_id = add_account(tx)
    inbox, sent = inbox_of(tx, account_id), mailbox.find_role(tx, account_id, Role.SENT)
    assert sent is not None
    mails = [
        mail(
            number,
            subject=chance.choice(["", "Re: lake", "lake"]),
            sender=chance.choice(["Ann <ann@example.org>", "Zoe <zoe@example.org>"]),
            body="x" * chance.choice([1, 200]),
            references=f"<{number - chance.randrange(1, 5)}@example.org>" if number % 3 else "",
            hour=chance.randrange(3),  # so that some have the same date
        )
        for number in range(COUNT)
    ]
    placed = put(tx, inbox, mails[:100], first_uid=None)
    placed += put(tx, sent.id, mails[100:], first_uid=None)
    for one in placed:
        flags = chance.choice([Flag.NONE, Flag.SEEN, Flag.FLAGGED])
        placement.set_flags(tx, one, flags)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    made = Profile.at(tmp_path_factory.mktemp("landmarks"))
    asyncio.run(write(made, fill))
    return made


@pytest.fixture(scope="module")
def reader(profile: Profile) -> Iterator[SqliteReader]:
    opened = SqliteReader(profile)
    yield opened
    opened.close()


async def write(profile: Profile, *steps: object) -> None:
    store = Store(profile, InlineExecutor())
    for step in steps:
        await store.write(step)  # type: ignore[arg-type]
    await store.aclose()


@pytest.mark.parametrize("is_counted", [False, True])
@pytest.mark.parametrize(("stride", "far"), [(1, 40), (6, 10), (2_000, 10), (2_000, 20_000)])
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_pages_in_any_order_are_those_of_the_whole(
    profile: Profile,
    view: View,
    stride: int,
    far: int,
    is_counted: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(landmarks, "_STRIDE", stride)
    monkeypatch.setattr(landmarks, "_FAR", far)
    reader = SqliteReader(profile)
    whole = [row.id for row in reader.window(view, 0, 1_000)]
    assert len(whole) > 10
    assert reader.count(view) == len(whole)
    chance = random.Random(9)
    reader.close()
    opened = SqliteReader(profile)
    if is_counted:
        opened.count(view)
    for _ in range(60):
        offset, limit = chance.randrange(len(whole) + 5), chance.choice([1, 2, 7, 20, 500])
        found = [row.id for row in opened.window(view, offset, limit)]
        assert found == whole[offset : offset + limit], (offset, limit)
    opened.close()


def test_a_view_of_a_changed_store_is_read_anew(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    asyncio.run(write(profile, fill))
    opened = SqliteReader(profile)
    before = [row.id for row in opened.window(View(), 40, 10)]
    gone = opened.window(View(), 20, 1)[0].id
    asyncio.run(write(profile, lambda tx: placement.remove(tx, [gone])))
    assert [row.id for row in opened.window(View(), 39, 10)] == before
    opened.close()


def test_who_holds_places_scrolls_on_beside_them_whatever_is_committed(tmp_path: Path) -> None:
    profile, view = Profile.at(tmp_path), View()
    asyncio.run(write(profile, fill))
    opened, places = SqliteReader(profile), Landmarks()
    whole = [row.id for row in opened.window(view, 0, 1_000)]
    opened.window(view, 40, 10, places)
    asyncio.run(write(profile, lambda tx: placement.remove(tx, [whole[20]])))
    beside = [row.id for row in opened.window(view, 50, 10, places)]
    assert beside == whole[50:60]  # as the one who scrolls was told, the one above still there
    assert [row.id for row in opened.window(view, 30, 10, places)] == whole[30:40]
    assert [row.id for row in opened.window(view, 49, 10)] == whole[50:60]
    opened.close()


def test_a_row_whose_place_was_asked_for_is_where_a_walk_begins(reader: SqliteReader) -> None:
    view, places = View(), Landmarks()
    whole = [row.id for row in reader.window(view, 0, 1_000)]
    assert reader.position(view, whole[70], places) == 70
    sql, run = reader._places._sql(view), Counted(reader)
    assert isinstance(sql, ViewSql)
    assert places.ids(sql, run, unknown, 72, 8) == whole[72:80]
    assert run.skipped == [1]


def unknown() -> None:
    """The number of rows of a list that nobody counts."""


class Counted:
    """Runs statements, and remembers how many rows each skips."""

    def __init__(self, reader: SqliteReader) -> None:
        self._reader = reader
        self.skipped: list[object] = []

    def __call__(self, sql: Sql) -> Sequence[Fields]:
        self.skipped.append(sql.parameters[-1])
        return self._reader._places._run(sql)


@pytest.mark.parametrize("view", [View(), View(threads=True), View(column=Column.SENDER)], ids=str)
def test_who_scrolls_from_page_to_page_walks_no_further(reader: SqliteReader, view: View) -> None:
    run, known = Counted(reader), Landmarks()
    sql = reader._places._sql(view)
    assert isinstance(sql, ViewSql)
    for offset in (20, 28, 36, 12, 4, 24, 20):
        known.ids(sql, run, unknown, offset, 8)
    assert run.skipped == [20, 0, 0, 0, 0, 3, 0]


def test_a_long_walk_leaves_landmarks(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmarks, "_STRIDE", 20)
    run, known = Counted(reader), Landmarks()
    sql = reader._places._sql(View())
    assert isinstance(sql, ViewSql)
    known.ids(sql, run, unknown, 70, 8)
    assert run.skipped == [19, 19, 19, 10]
    known.ids(sql, run, unknown, 25, 8)
    assert run.skipped[4:] == [5]


def test_what_is_nearer_to_the_end_is_walked_to_from_there(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [row.id for row in reader.window(View(), 0, 1_000)]
    run, known = Counted(reader), Landmarks()
    sql = reader._places._sql(View())
    assert isinstance(sql, ViewSql)
    known.know_end(COUNT)
    assert known.ids(sql, run, unknown, 140, 8) == whole[140:148]
    assert known.ids(sql, run, unknown, COUNT - 3, 8) == whole[-3:]
    assert known.ids(sql, run, unknown, 120, 8) == whole[120:128]
    assert known.ids(sql, run, unknown, 20, 8) == whole[20:28]
    assert run.skipped == [2, 0, 12, 20]
    monkeypatch.setattr(landmarks, "_STRIDE", 20)
    other = Landmarks()
    other.know_end(COUNT)
    assert other.ids(sql, run, unknown, 85, 8) == whole[85:93]
    assert run.skipped[4:] == [19, 19, 17]
    assert other.ids(sql, run, unknown, 100, 8) == whole[100:108]
    assert run.skipped[7:] == [2]


def test_before_many_rows_are_walked_over_it_is_asked_how_many_there_are(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmarks, "_FAR", 100)
    asked: list[int] = []
    run, known = Counted(reader), Landmarks()
    sql = reader._places._sql(View())
    assert isinstance(sql, ViewSql)

    def count() -> int:
        asked.append(COUNT)
        return COUNT

    known.ids(sql, run, count, 60, 8)
    assert (asked, run.skipped) == ([], [60])
    known.ids(sql, run, count, COUNT + 40, 8)
    known.ids(sql, run, count, 139, 8)
    assert (asked, run.skipped) == ([COUNT], [60, 3])


@pytest.mark.parametrize(
    ("view", "is_told"),
    [
        (View(), True),
        (View(unread_only=True), True),
        (View(threads=True), True),
        (View(threads=True, unread_only=True), False),
        (View(flagged_only=True, column=Column.SENDER), True),
        (View(flagged_only=True, unread_only=True), False),
    ],
    ids=str,
)
def test_how_many_there_are_is_asked_where_that_is_soon_told(
    reader: SqliteReader, view: View, is_told: bool
) -> None:
    sql = reader._places._sql(view)
    assert isinstance(sql, ViewSql)
    assert sql.is_soon_counted is is_told


def test_who_counted_a_list_walks_from_its_end(tmp_path: Path) -> None:
    profile, view = Profile.at(tmp_path), View(threads=True, unread_only=True)
    asyncio.run(write(profile, fill))
    opened, places, later = SqliteReader(profile), Landmarks(), Landmarks()
    count = opened.count(view)
    opened.window(view, 0, 5, places)
    assert places.end == count
    asyncio.run(write(profile, lambda tx: placement.remove(tx, [opened.window(view, 0, 1)[0].id])))
    opened.window(view, 0, 5, later)
    assert later.end is None
    assert places.end == count
    opened.close()
