"""The message list: a table view that shows cards or columns of a `MessageListModel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from desktopmail.ui.dates import widest_dates, widest_sizes
from desktopmail.ui.language import tr
from desktopmail.ui.models.messages import SORT_COLUMNS, ListColumn, MessageListModel
from desktopmail.ui.panes.card import CardDelegate, TableDelegate
from desktopmail.ui.panes.list_columns import ListColumns

if TYPE_CHECKING:
    from desktopmail.door.ids import PlacementId
    from desktopmail.door.rows import Column, MessageRow
    from desktopmail.ui.theme.theme import Theme

_NEIGHBOURS = 8
_HELD_MS = 60
_RECOUNTED_MS = 1_000
_MOST_CHOSEN = 5_000
_SELECTION_CHECKED = 500  # selections up to this size are put right after every refresh


class MessageList(QTableView):
    """Shows a window over the messages of a view.

    Attributes:
        columns: Those of the table.

    Signals:
        current_changed: Another message is current (MessageRow or None).
        selection_changed: The selection changed.
        opened: A message was double-clicked or Enter was pressed (MessageRow).
        left: Escape was pressed.
        star_clicked: The star of a row was clicked (MessageRow).
        menu_wanted: A context menu is wanted (global position).
        sort_wanted: A column's heading was clicked (Column, descending).
    """

    current_changed = Signal(object)
    selection_changed = Signal()
    opened = Signal(object)
    left = Signal()
    star_clicked = Signal(object)
    menu_wanted = Signal(QPoint)
    sort_wanted = Signal(object, bool)

    def __init__(
        self, model: MessageListModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("messageList")
        self.setAccessibleName(tr("list.name"))
        self._model = model
        self._theme = theme
        self._empty_text = ""
        self._cards = CardDelegate(self, theme)
        self._table = TableDelegate(self, theme)
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda place: self.menu_wanted.emit(self.viewport().mapToGlobal(place))
        )
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(16)
        self.columns = ListColumns(self.horizontalHeader(), theme)
        self.horizontalHeader().sectionClicked.connect(self._heading_clicked)
        selection = self.selectionModel()
        selection.currentRowChanged.connect(self._current_row_changed)
        selection.selectionChanged.connect(self.selection_changed)
        # The cursor may stand on a row before that is selected: it does since the list has focus.
        selection.selectionChanged.connect(self._settle_soon)
        model.shifted.connect(self._shift)
        model.modelReset.connect(self.viewport().update)
        theme.changed.connect(self._measure)
        self._settle = QTimer(self)  # a held cursor key opens the message it rests on only
        self._settle.setSingleShot(True)
        self._settle.setInterval(0)
        self._settle.timeout.connect(self._tell_current)
        self._recount = QTimer(self)
        self._recount.setSingleShot(True)
        self._recount.setInterval(_RECOUNTED_MS)
        self._recount.timeout.connect(lambda: self.refresh(exactly=True))
        self._has_told = False  # of a message that it rests on
        self.as_cards = True
        self.show_as(cards=True, compact=False)

    # ---- looks

    def show_as(self, *, cards: bool, compact: bool) -> None:
        """Show cards (of three lines, or two) or a table with columns."""
        self.as_cards = cards
        self._cards.compact = compact
        self.setItemDelegate(self._cards if cards else self._table)
        self.horizontalHeader().setVisible(not cards)
        self._measure()
        self.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff if cards else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        )

    @property
    def empty_text(self) -> str:
        """What an empty list means."""
        return self._empty_text

    def set_empty_text(self, text: str) -> None:
        """Say what an empty list means."""
        self._empty_text = text
        self.viewport().update()

    def show_order(self, column: Column, *, descending: bool) -> None:
        """Show the order in the headings."""
        section = next(at for at, sorted_by in SORT_COLUMNS.items() if sorted_by is column)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(section, order)
        self.horizontalHeader().setSortIndicatorShown(True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the one column of cards as wide as the list, and the row chosen in sight."""
        super().resizeEvent(event)
        self.fit_columns()
        row = self.visualRect(self.currentIndex())
        was_seen = row.isValid() and row.top() >= 0 and row.bottom() < event.oldSize().height()
        if was_seen and row.bottom() >= self.viewport().height():
            self.scrollTo(self.currentIndex())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, or what an empty list means."""
        super().paintEvent(event)
        if self._model.rowCount() or not self._empty_text:
            return
        painter = QPainter(self.viewport())
        painter.setPen(self._theme.colour("muted"))
        area = QRectF(self.viewport().rect().adjusted(24, 48, -24, -24))
        option = QTextOption(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        painter.drawText(area, self._empty_text, option)
        painter.end()

    def _measure(self) -> None:
        """Give rows the height and columns the width that the letters need."""
        delegate = self._cards if self.as_cards else self._table
        self.verticalHeader().setDefaultSectionSize(delegate.height())
        if not self.as_cards:
            self.columns.measure(
                {
                    ListColumn.DATE: self._table.width(widest_dates()),
                    ListColumn.SIZE: self._table.width(widest_sizes()),
                }
            )
        self.fit_columns()
        self.viewport().update()

    def fit_columns(self) -> None:
        """Share the width that there is among the columns."""
        self.columns.fit(self.viewport().width(), cards=self.as_cards)

    # ---- rows

    def visible_rows(self) -> range:
        """The rows in sight."""
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        count = self._model.rowCount()
        if first < 0:
            return range(min(count, 1))
        return range(first, (last if last >= 0 else count - 1) + 1)

    def selected_rows(self) -> list[int]:
        """The rows selected, in order; reads ranges, so that a million are cheap."""
        rows: set[int] = set()
        for piece in self.selectionModel().selection().toList():
            rows.update(range(piece.top(), piece.bottom() + 1))
        return sorted(rows)

    def selected_count(self) -> int:
        """How many rows are selected."""
        pieces = self.selectionModel().selection().toList()
        return sum(piece.bottom() - piece.top() + 1 for piece in pieces)

    def chosen(self) -> list[MessageRow]:
        """The messages that the selected rows stand for: of a gathered thread, all; some thousands.

        A row that is selected is a person's choice of all that it gathers.
        """
        return self._model.gathered(self.selected_rows()[:_MOST_CHOSEN])

    def chosen_ids(self) -> list[PlacementId]:
        """The placements that the selected rows stand for, however many."""
        if self.selected_count() == self._model.rowCount() > _SELECTION_CHECKED:
            return self._model.all_ids()
        return [message.id for message in self._model.gathered(self.selected_rows())]

    def _selected_ids(self) -> list[PlacementId]:
        """The placements of the rows selected, in order, where these are not too many."""
        if self.selected_count() > _SELECTION_CHECKED:
            return []
        return [message.id for message in self._model.messages(self.selected_rows())]

    def current_message(self) -> MessageRow | None:
        """The message with the cursor, when it is selected."""
        index = self.currentIndex()
        return self._model.message(index.row()) if index.isValid() else None

    def go_to(self, row: int) -> None:
        """Select one row and show it."""
        if not 0 <= row < self._model.rowCount():
            return
        flags = QItemSelectionModel.SelectionFlag
        index = self._model.index(row, 0)
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def enter(self) -> None:
        """Take the focus, with a row chosen where there are any."""
        self.setFocus()
        if not self.selected_count():
            self.go_to(max(self.currentIndex().row(), 0))

    def go_to_message(self, placement_id: PlacementId) -> bool:
        """Select a message; False when it is not in this view."""
        row = self._model.row_of(placement_id)
        if row is None:
            return False
        self.go_to(row)
        return True

    def refresh(self, *, exactly: bool = False) -> None:
        """Bring the rows up to date, keeping selection, cursor and place.

        Args:
            exactly: See `MessageListModel.refresh`; done by itself once nothing changes any more.
        """
        selected = self._selected_ids()
        current = self.current_message()
        neighbours = self._neighbours(selected) if selected else []
        scroll = self.verticalScrollBar().value()
        count_before = self._model.rowCount()
        self._model.refresh(self.visible_rows(), exactly=exactly)
        if self._model.is_reckoned:
            self._recount.start()
        self._put_right(selected, current, neighbours)
        if count_before and self._model.rowCount() and not self.currentIndex().isValid():
            self.verticalScrollBar().setValue(scroll)

    def _neighbours(self, selected: list[PlacementId]) -> list[PlacementId]:
        """What stands below the selected rows, then what stands above: to go on with."""
        rows = self.selected_rows()
        chosen = set(selected)
        below = self._model.messages(range(rows[-1] + 1, rows[-1] + 1 + _NEIGHBOURS))
        above = self._model.messages(range(rows[0] - 1, rows[0] - 1 - _NEIGHBOURS, -1))
        return [message.id for message in (*below, *above) if message.id not in chosen]

    def _put_right(
        self,
        selected: list[PlacementId],
        current: MessageRow | None,
        neighbours: list[PlacementId],
    ) -> None:
        """Select what was selected; where all of it went, the row that took its place."""
        if not selected:
            return
        if self._selected_ids() == selected:
            return
        rows = [row for chosen in selected if (row := self._model.row_of(chosen)) is not None]
        if not rows:
            # Qt moves the cursor to the row before; a person who deletes goes on with the next.
            places = (self._model.row_of(neighbour) for neighbour in neighbours)
            row = next((place for place in places if place is not None), None)
            if row is not None:
                self.go_to(row)
            return
        flags = QItemSelectionModel.SelectionFlag
        selection = self.selectionModel()
        selection.clearSelection()
        for row in rows:
            selection.select(self._model.index(row, 0), flags.Select | flags.Rows)
        place = self._model.row_of(current.id) if current is not None else None
        index = self._model.index(place if place is not None else rows[0], 0)
        selection.setCurrentIndex(index, flags.NoUpdate)

    def _shift(self, rows: int) -> None:
        """Rows came above the rows in sight: keep those in sight where they are."""
        bar = self.verticalScrollBar()
        if bar.value() > 0:
            bar.setValue(bar.value() + rows * self.verticalHeader().defaultSectionSize())

    # ---- events

    def _current_row_changed(self, current: QModelIndex, previous: QModelIndex) -> None:  # noqa: ARG002
        self._settle.start()

    def _settle_soon(self) -> None:
        if not self._settle.isActive():
            self._settle.start()

    def _tell_current(self) -> None:
        message = self.current_message() if self.selected_count() else None
        if message is None and not self._has_told:
            return  # the cursor moved, as it does when the list gets the focus: no row was left
        self._has_told = message is not None
        self.current_changed.emit(message)

    def _heading_clicked(self, section: int) -> None:
        column = SORT_COLUMNS.get(ListColumn(section))
        if column is None:
            return
        view = self._model.view
        descending = not view.descending if view.column is column else column.value == "date"
        self.sort_wanted.emit(column, descending)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Toggle a star without selecting; else as ever."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self._settle.setInterval(0)
            message = self._model.message(index.row())
            if message is not None and self._on_star(index, event.position().toPoint()):
                self.star_clicked.emit(message)
                return
        super().mousePressEvent(event)

    def _on_star(self, index: QModelIndex, place: QPoint) -> bool:
        if not self.as_cards:
            return index.column() == ListColumn.STAR
        message = self._model.message(index.row())
        starred = message is not None and bool(message.flags & 4)
        return starred and self._cards.star_rect(self.visualRect(index)).contains(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open a message, or all that a row gathers."""
        index = self.indexAt(event.position().toPoint())
        message = self._model.message(index.row()) if index.isValid() else None
        if message is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(message)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter opens, Escape leaves; letters are left to the shortcuts.

        There is no type-ahead over a million rows.
        """
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            message = self.current_message()
            if message is not None:
                self.opened.emit(message)
            return
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        self._settle.setInterval(_HELD_MS if event.isAutoRepeat() else 0)
        plain = event.modifiers() in {
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
        }
        if plain and event.text().isprintable() and event.text().strip():
            event.ignore()
            return
        super().keyPressEvent(event)
