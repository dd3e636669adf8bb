"""A row far down is where it was and as much further as what came, where nothing went."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.ids import AccountId
from desktopmail.door.landmarks import Landmarks
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Column, View
from desktopmail.door.view import ViewSql
from desktopmail.engine.store import placement
from tests.helpers.store import inbox_of, mail, put
from tests.unit.door.test_landmarks import fill, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


def newer(number: int) -> Callable[[Transaction], None]:
    def step(tx: Transaction) -> None:
        box = inbox_of(tx, AccountId(1))
        put(tx, box, [mail(number, hour=23)], first_uid=None)

    return step


@pytest.mark.parametrize("view", [View(), View(descending=False)], ids=str)
def test_where_rows_only_came_these_alone_are_counted(tmp_path: Path, view: View) -> None:
    profile = Profile.at(tmp_path)
    asyncio.run(write(profile, fill))
    opened, places = SqliteReader(profile), Landmarks()
    row = opened.window(view, 90, 10, places)[0].id
    stood = places.stood
    assert stood is not None
    asyncio.run(write(profile, newer(1_001), newer(1_002)))
    exact = opened.position(view, row)
    sql = opened._places._sql(view)
    assert isinstance(sql, ViewSql)
    key = opened._places._run(sql.holds(row))[0][0]
    assert opened._places._moved(sql, key, row, (stood, 90)) == exact
    assert opened.position(view, row, Landmarks(), (stood, 90)) == exact
    opened.close()


def test_where_a_row_went_all_above_are_counted(tmp_path: Path) -> None:
    profile, view = Profile.at(tmp_path), View()
    asyncio.run(write(profile, fill))
    opened, places = SqliteReader(profile), Landmarks()
    whole = [row.id for row in opened.window(view, 0, 1_000, places)]
    stood = places.stood
    assert stood is not None
    gone = lambda tx: placement.remove(tx, [whole[20]])  # noqa: E731 - a step of the store
    asyncio.run(write(profile, newer(1_001), gone))
    assert opened.position(view, whole[90], Landmarks(), (stood, 90)) == 90
    later = Landmarks()
    assert opened.position(view, whole[91], later, None) == 91
    assert later.stood is not None
    assert later.stood.total == stood.total
    assert later.stood.last_id > stood.last_id
    opened.close()


@pytest.mark.parametrize(
    "view", [View(threads=True), View(unread_only=True), View(column=Column.SENDER)], ids=str
)
def test_of_views_that_totals_do_not_tell_all_is_counted(tmp_path: Path, view: View) -> None:
    profile = Profile.at(tmp_path)
    asyncio.run(write(profile, fill))
    opened, places = SqliteReader(profile), Landmarks()
    assert opened.window(view, 10, 5, places)
    assert places.stood is None
    opened.close()
