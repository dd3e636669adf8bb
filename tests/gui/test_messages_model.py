from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex
from PySide6.QtTest import QAbstractItemModelTester

from desktopmail.door.ids import AccountId, MailboxId, MessageId, PlacementId
from desktopmail.door.landmarks import Landmarks, Stood
from desktopmail.door.rows import Flag, MessageRow, Person, View
from desktopmail.ui.models.message_drag import read_placements, write_placements
from desktopmail.ui.models.messages import MessageListModel
from desktopmail.ui.panes.message_list import MessageList
from tests.helpers.fake_door import NOW

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktopmail.ui.theme.theme import Theme

pytestmark = pytest.mark.usefixtures("qapp")


def row(number: int, date_s: int) -> MessageRow:
    return MessageRow(
        id=PlacementId(number),
        message_id=MessageId(number),
        account_id=AccountId(1),
        mailbox_id=MailboxId(1),
        subject=f"Subject {number}",
        sender=Person(name=f"Sender {number % 97}", address="a@example.org"),
        recipients="",
        date_s=date_s,
        size_octets=1000,
        flags=Flag.SEEN,
        tags=(),
        has_attachment=False,
        preview="",
        has_octets=True,
        thread_id=number,
    )


class Rows:
    """A reader over numbers: newest first, as many as one likes, made when asked for."""

    def __init__(self, numbers: list[int] | range) -> None:
        self.numbers = numbers
        self.flags: dict[int, Flag] = {}
        self.read = 0

    def count(self, _view: View, most: int | None = None) -> int:
        del most
        return len(self.numbers)

    def window(
        self, _view: View, offset: int, limit: int, places: object = None
    ) -> list[MessageRow]:
        del places
        found = [row(number, number) for number in self.numbers[offset : offset + limit]]
        self.read += len(found)
        return [
            msgspec.structs.replace(it, flags=self.flags[it.id]) if it.id in self.flags else it
            for it in found
        ]

    def position(
        self, _view: View, placement_id: PlacementId, places: object = None, was: object = None
    ) -> int | None:
        del places, was
        return self.numbers.index(placement_id) if placement_id in self.numbers else None


def model_over(rows: Rows) -> tuple[MessageListModel, QAbstractItemModelTester]:
    model = MessageListModel(rows, clock=lambda: NOW)  # type: ignore[arg-type]
    model.open(View())
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    return model, QAbstractItemModelTester(model, mode)


def ids(model: QAbstractItemModel) -> list[int]:
    return [
        model.data(model.index(at, 0), MessageListModel.RowRole).id
        for at in range(model.rowCount(QModelIndex()))
    ]


def test_a_million_rows_are_open_at_once_and_read_a_page_at_a_time() -> None:
    rows = Rows(range(1_000_000, 0, -1))
    model = MessageListModel(rows)  # type: ignore[arg-type]
    began = time.perf_counter()
    model.open(View())
    first = model.message(0)
    middle = model.message(500_000)
    assert time.perf_counter() - began < 0.15
    assert model.rowCount() == 1_000_000
    assert first is not None
    assert first.id == 1_000_000
    assert middle is not None
    assert middle.id == 500_000
    assert rows.read <= 128


@pytest.mark.parametrize("seed", range(25))
def test_whatever_comes_and_goes_the_view_is_told_exactly_that(seed: int) -> None:
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(1, 300), chance.randint(1, 40)), reverse=True)
    rows = Rows(numbers)
    model, tester = model_over(rows)
    for _ in range(4):
        top = chance.randrange(max(model.rowCount(), 1))
        visible = range(top, min(top + 12, model.rowCount()))
        model.messages(visible)
        kept = [
            number for number in rows.numbers if chance.random() > chance.choice((0, 0.05, 0.4))
        ]
        fresh = [number for number in range(1, 300) if chance.random() < chance.choice((0, 0.02))]
        rows.numbers = sorted({*kept, *fresh}, reverse=True)
        model.refresh(visible)
        assert ids(model) == rows.numbers
    assert tester.model() is model


def test_new_mail_above_the_rows_in_sight_is_an_insertion_not_a_reset() -> None:
    rows = Rows(list(range(500, 0, -1)))
    model, _tester = model_over(rows)
    model.messages(range(200, 220))
    shifts: list[int] = []
    resets: list[int] = []
    model.shifted.connect(shifts.append)
    model.modelReset.connect(lambda: resets.append(1))
    rows.numbers = [502, 501, *rows.numbers]
    model.refresh(range(200, 220))
    assert shifts == [2]
    assert resets == []


def test_a_changed_flag_keeps_every_row() -> None:
    rows = Rows(list(range(50, 0, -1)))
    model, _tester = model_over(rows)
    model.messages(range(10))
    changes: list[str] = []
    model.rowsInserted.connect(lambda *_: changes.append("inserted"))
    model.rowsRemoved.connect(lambda *_: changes.append("removed"))
    rows.flags[PlacementId(48)] = Flag.FLAGGED
    model.refresh(range(10))
    assert changes == []
    changed = model.message(2)
    assert changed is not None
    assert changed.flags == Flag.FLAGGED


def test_a_row_reads_as_a_sentence() -> None:
    rows = Rows([3])
    rows.flags[PlacementId(3)] = Flag.FLAGGED
    model, _tester = model_over(rows)
    message = model.message(0)
    assert message is not None
    today = msgspec.structs.replace(
        message, date_s=int((NOW - timedelta(days=1)).timestamp()), has_attachment=True
    )
    assert model.sentence(today) == (
        "Unread, flagged, Sender 3, Subject 3, Yesterday, with attachment"
    )


def test_placements_survive_a_drag() -> None:
    packed = write_placements([PlacementId(1), PlacementId(2**40)])
    assert read_placements(packed) == [1, 2**40]


def test_what_was_scrolled_past_long_ago_is_not_read_again_when_something_comes() -> None:
    rows = Rows(range(10_000, 0, -1))
    model, _tester = model_over(rows)
    model.messages(range(2_600))
    rows.numbers = range(10_007, 0, -1)
    rows.read = 0
    model.refresh(range(2_570, 2_580))
    assert rows.read <= 3 * 64
    assert model.rowCount() == 10_007
    assert [it.id for it in model.messages(range(2_577, 2_587))] == list(range(7_430, 7_420, -1))
    assert rows.read <= 4 * 64


def test_names_of_recipients_keep_each_its_direction() -> None:
    model = MessageListModel(Rows(range(3)))  # type: ignore[arg-type]
    message = msgspec.structs.replace(row(1, 0), recipients="Anna, דנה לוי, Bob", thread_size=2)
    model.outgoing = True
    names = (f"\u2068{name}\u2069" for name in ("Anna", "דנה לוי", "Bob"))
    assert model.who_shown(message) == f"{', '.join(names)}  (2)"
    assert model.who(message) == "Anna, דנה לוי, Bob"  # is what is said


class Standing(Rows):
    """A reader that knows how much there was; notes for which rows that is told."""

    def __init__(self, numbers: list[int] | range) -> None:
        super().__init__(numbers)
        self.told: list[object] = []

    def window(
        self, view: View, offset: int, limit: int, places: object = None
    ) -> list[MessageRow]:
        if isinstance(places, Landmarks):
            places.stood = Stood(0, len(self.numbers), 0)
        return super().window(view, offset, limit)

    def position(
        self, view: View, placement_id: PlacementId, places: object = None, was: object = None
    ) -> int | None:
        self.told.append(was)
        return super().position(view, placement_id, places)


def test_far_behind_all_above_is_counted_once_nothing_changes_any_more(
    qtbot: QtBot, theme: Theme
) -> None:
    rows = Standing(range(60_000, 0, -1))
    model = MessageListModel(rows, clock=lambda: NOW)  # type: ignore[arg-type]
    model.open(View())
    shown = MessageList(model, theme)
    qtbot.addWidget(shown)
    shown.resize(400, 600)
    shown.show()
    assert shown.visible_rows()
    model.messages(range(12))
    shown.refresh()
    assert rows.told == [None]  # at the begin all above are few
    shown.scrollTo(model.index(30_000, 0))
    model.messages(shown.visible_rows())
    first = shown.visible_rows().start // 64 * 64
    rows.numbers = range(60_005, 0, -1)
    shown.refresh()
    assert rows.told[1] == (Stood(0, 60_000, 0), first)
    qtbot.waitUntil(lambda: not model.is_reckoned)
    assert rows.told[2:] == [None]
    assert not shown._recount.isActive()
