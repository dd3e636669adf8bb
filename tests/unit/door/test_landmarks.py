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


@pytest.mark.parametrize("stride", [1, 6, 2_000])
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_pages_in_any_order_are_those_of_the_whole(
    profile: Profile, view: View, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmarks, "_STRIDE", stride)
    reader = SqliteReader(profile)
    whole = [row.id for row in reader.window(view, 0, 1_000)]
    assert len(whole) > 10
    assert reader.count(view) == len(whole)
    chance = random.Random(9)
    reader.close()
    opened = SqliteReader(profile)
    for _ in range(120):
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
    assert places.ids((view, sql.mailbox_ids), sql, run, 72, 8) == whole[72:80]
    assert run.skipped == [1]


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
        known.ids("here", sql, run, offset, 8)
    assert run.skipped == [20, 0, 0, 0, 0, 3, 0]


def test_a_long_walk_leaves_landmarks(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmarks, "_STRIDE", 20)
    run, known = Counted(reader), Landmarks()
    sql = reader._places._sql(View())
    assert isinstance(sql, ViewSql)
    known.ids("here", sql, run, 70, 8)
    assert run.skipped == [19, 19, 19, 10]
    known.ids("here", sql, run, 25, 8)
    assert run.skipped[4:] == [5]
