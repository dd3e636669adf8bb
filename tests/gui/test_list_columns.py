"""The columns of the list as a table: a person's widths and order stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest

from desktopmail.door.rows import Column
from desktopmail.ui.models.messages import ListColumn
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QHeaderView

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore

SENDER, SUBJECT, DATE, SIZE = (
    ListColumn.SENDER,
    ListColumn.SUBJECT,
    ListColumn.DATE,
    ListColumn.SIZE,
)


async def as_table(window: MainWindow, width: int = 1400) -> QHeaderView:
    """Show the list as a table above the message, and return its headings."""
    window.settings.set("list_style", "table")
    window.settings.set("layout", "stacked")
    window.apply_look()
    await resized(window, width)
    return window.list_pane.list.horizontalHeader()


async def resized(window: MainWindow, width: int) -> None:
    window.resize(width, 800)
    await until(lambda: abs(window.messages.width() - width) < 260)


def drag_edge(header: QHeaderView, section: int, by: int) -> None:
    """Move the edge behind a section with the mouse."""
    begin = QPoint(
        header.sectionViewportPosition(section) + header.sectionSize(section) - 1,
        header.height() // 2,
    )
    port = header.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=begin)
    QTest.mouseMove(port, begin + QPoint(by // 2, 0))
    QTest.mouseMove(port, begin + QPoint(by, 0))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=begin + QPoint(by, 0))


def widths(header: QHeaderView) -> dict[ListColumn, int]:
    return {it: header.sectionSize(it) for it in ListColumn}


def is_full(window: MainWindow) -> bool:
    """Whether the columns take the width there is, and no more."""
    rows = window.list_pane.list
    return sum(widths(rows.horizontalHeader()).values()) == rows.viewport().width()


def test_a_column_is_as_wide_as_its_edge_is_moved_and_the_subject_makes_room(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        header = await as_table(window)
        before = widths(header)
        drag_edge(header, SENDER, 60)
        after = widths(header)
        assert after[SENDER] == before[SENDER] + 60
        assert after[SUBJECT] == before[SUBJECT] - 60
        assert after[DATE] == before[DATE]
        assert is_full(window)

    play(theme, scene)


def test_the_edge_behind_the_subject_makes_the_next_column_narrower(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        header = await as_table(window)
        before = widths(header)
        drag_edge(header, SUBJECT, 30)
        after = widths(header)
        assert after[DATE] == before[DATE] - 30
        assert after[SUBJECT] == before[SUBJECT] + 30
        assert after[SIZE] == before[SIZE]
        assert is_full(window)

    play(theme, scene)


def test_a_width_stays_when_the_window_is_resized_until_its_edge_is_double_clicked(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        header = await as_table(window)
        needed = header.sectionSize(SIZE)
        drag_edge(header, SENDER, 80)
        drag_edge(header, SIZE, -20)
        chosen = header.sectionSize(SENDER)
        await resized(window, 1100)
        assert header.sectionSize(SENDER) == chosen
        assert header.sectionSize(SIZE) == needed - 20
        assert is_full(window)
        edge = header.sectionViewportPosition(SIZE) + header.sectionSize(SIZE) - 1
        place = QPoint(edge, header.height() // 2)
        QTest.mouseDClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert header.sectionSize(SIZE) == needed
        assert header.sectionSize(SENDER) == chosen
        assert is_full(window)

    play(theme, scene)


def test_columns_are_as_a_person_left_them_the_next_time(theme: Theme, tmp_path: Path) -> None:
    kept = QSettings(str(tmp_path / "place.ini"), QSettings.Format.IniFormat)
    left: dict[ListColumn, int] = {}

    async def first(window: MainWindow, _store: FakeStore) -> None:
        header = await as_table(window)
        header.moveSection(header.visualIndex(DATE), 1)
        drag_edge(header, SENDER, 70)
        left.update(widths(header))
        window.place.keep()

    async def second(window: MainWindow, _store: FakeStore) -> None:
        header = await as_table(window)
        order = [header.logicalIndex(place) for place in range(header.count())]
        assert order == [ListColumn.STAR, DATE, SENDER, SUBJECT, SIZE]
        assert widths(header) == left
        QTest.mouseClick(
            header.viewport(),
            Qt.MouseButton.LeftButton,
            pos=QPoint(header.sectionViewportPosition(DATE) + 12, header.height() // 2),
        )
        assert window.list_model.view.column is Column.DATE  # what moved is still what it was

    play(theme, first, geometry=kept)
    play(theme, second, geometry=kept)


def test_what_was_kept_of_columns_that_are_not_there_is_passed_over(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        header = await as_table(window)
        columns = window.list_pane.list.columns
        before = widths(header)
        columns.restore(["star", "colour 90", "size", "sender wide", "subject 3", "date 99999999"])
        columns.restore(columns.state()[::-1])
        assert header.logicalIndex(0) == ListColumn.STAR
        columns.restore(["star", "sender", "subject", "date", "size"])
        window.list_pane.list.fit_columns()
        assert widths(header) == before

    play(theme, scene)
