"""A plain table of texts, whose rows are known by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)

from desktopmail.ui.isolates import isolated
from desktopmail.ui.label import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QLocale
    from PySide6.QtGui import QResizeEvent

_AT_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter  # mirrored with its window
_KEY = Qt.ItemDataRole.UserRole + 1
_OTHERS = 0.65  # of the width, at most, for all columns but the first
_PADDING = 12  # left and right of a text, which Qt does not count


def _widest(wanted: Sequence[int], room: int) -> int:
    """How wide a column may be for all to have the room: narrow ones keep their width."""
    left = room
    for number, width in enumerate(sorted(wanted)):
        share = left // (len(wanted) - number)
        if width > share:
            return share
        left -= width
    return max(wanted, default=0)


class _Isolating(QStyledItemDelegate):
    """Draws each text in its own direction: sizes and addresses in a window read from the right."""

    def displayText(self, value: object, locale: QLocale | QLocale.Language) -> str:  # noqa: N802 - Qt's name
        """See QStyledItemDelegate."""
        return isolated(super().displayText(value, locale))


class FactTable(QTableView):
    """Shows rows of texts; the row that is chosen stays chosen when it is filled again.

    Args:
        name: What it shows, for those who cannot see it.
        columns: Headings; the first column takes the room that is left.
        numbers: Which columns hold numbers, to be compared from row to row.

    Signals:
        chosen: Another row is chosen, or none.
        opened: A row was double-clicked, or Enter pressed (its key).
    """

    chosen = Signal()
    opened = Signal(object)

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        parent: QWidget | None = None,
        *,
        numbers: Sequence[int] = (),
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "facts")
        self.setAccessibleName(name)
        self._model = QStandardItemModel(0, len(columns), self)
        self._model.setHorizontalHeaderLabels(list(columns))
        self._numbers = numbers
        for column in numbers:
            self._model.horizontalHeaderItem(column).setTextAlignment(_AT_END)
        self.setModel(self._model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegate(_Isolating(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        rows, headings = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 12)
        headings.setHighlightSections(False)
        headings.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        headings.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        headings.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().selectionChanged.connect(self.chosen)
        self.activated.connect(lambda index: self.opened.emit(index.data(_KEY)))
        self._empty = Label("", self.viewport())
        self._empty.setProperty("kind", "muted")
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(8, 10, 8, 0)
        self._empty.hide()

    def sizeHintForColumn(self, column: int) -> int:  # noqa: N802 - Qt's name
        """As wide as its texts, with the room that the style leaves beside them.

        Where all that is too much, the widest give way: the first column keeps its part.
        """
        if not column:
            return super().sizeHintForColumn(0) + _PADDING
        columns = range(1, self._model.columnCount())
        wanted = [super(FactTable, self).sizeHintForColumn(it) + _PADDING for it in columns]
        return min(wanted[column - 1], _widest(wanted, round(self.viewport().width() * _OTHERS)))

    def fill(self, rows: Sequence[tuple[object, Sequence[str]]], *, nothing: str = "") -> None:
        """Show these rows: (key, texts); `nothing` is said when there are none."""
        kept = self.key()
        self._model.setRowCount(0)
        for key, texts in rows:
            items = [QStandardItem(text) for text in texts]
            for item in items:
                item.setData(key, _KEY)
                item.setToolTip(item.text())
            for column in self._numbers:
                items[column].setTextAlignment(_AT_END)
            items[0].setAccessibleText(", ".join(text for text in texts if text))
            self._model.appendRow(items)
            if key == kept:
                self.selectRow(self._model.rowCount() - 1)
        self._fit_columns()  # Qt does not look at rows that are new
        self._empty.setText(nothing)
        self._empty.setVisible(not rows and bool(nothing))
        self._fit_empty()
        self.chosen.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Columns, and what is said of no rows, take the width there is."""
        super().resizeEvent(event)
        self._fit_columns()
        self._fit_empty()

    def _fit_columns(self) -> None:
        for column in range(1, self._model.columnCount()):
            self.resizeColumnToContents(column)

    def _fit_empty(self) -> None:
        self._empty.setFixedWidth(max(self.viewport().width(), 200))
        self._empty.adjustSize()

    def choose(self, key: object) -> None:
        """Choose the row of a key; None: no row."""
        self.clearSelection()
        for row in range(self._model.rowCount()):
            if key is not None and self._model.item(row, 0).data(_KEY) == key:
                self.selectRow(row)

    def key(self) -> object:
        """The key of the chosen row, None when none is."""
        rows = self.selectionModel().selectedRows()
        return rows[0].data(_KEY) if rows else None

    def texts(self) -> list[list[str]]:
        """What is shown."""
        return [
            [self._model.item(row, column).text() for column in range(self._model.columnCount())]
            for row in range(self._model.rowCount())
        ]
