"""The field to search with: it searches while one types, and offers ways to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QVBoxLayout, QWidget

from desktopmail.ui.chooser import Choice, ChoiceDelegate
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.ui.suggestions import Suggestion
    from desktopmail.ui.theme.theme import Theme

_PAUSE_MS = 350
_LEAST_WIDTH = 380


class SearchField(QLineEdit):
    """Searches while one types; Down goes into what is offered, Escape empties the field.

    Attributes:
        offer: Says what to offer for a text up to the cursor.

    Signals:
        wanted: Words are to be searched; empty: no longer.
        decided: A person asked for just these words, with Enter or out of what was offered.
        left: Escape was pressed in an empty field, or Down where nothing is offered.
    """

    wanted = Signal(str)
    decided = Signal(str)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchField")
        self.setClearButtonEnabled(True)
        self.setAccessibleName(tr("search.name"))
        self.setToolTip(tr("search.help"))
        theme.follow(self, "room", lambda it: it.setMinimumWidth(min(theme.px(130), 190)))
        self.setMaximumWidth(_LEAST_WIDTH)
        self.offer: Callable[[str], Sequence[Suggestion]] = lambda _text: ()
        self.offers = OfferList(self, theme)
        self.offers.taken.connect(self._take)
        icon = QAction(self)
        theme.tint(icon, "search", "faint")
        self.addAction(icon, QLineEdit.ActionPosition.LeadingPosition)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._search)
        self.textChanged.connect(lambda _text: self._pause.start())
        self.textEdited.connect(lambda _text: self._offer())
        self.returnPressed.connect(self._decide)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move in what is offered; Escape closes it, empties the field, then leaves."""
        match event.key():
            case Qt.Key.Key_Escape if self.offers.isVisible():
                self.offers.hide()
            case Qt.Key.Key_Escape if self.text():
                self.clear()
                self._search()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case Qt.Key.Key_Down if self.offers.isVisible():
                self.offers.step(1)
            case Qt.Key.Key_Up if self.offers.isVisible():
                self.offers.step(-1)
            case Qt.Key.Key_Down:
                self.left.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.offers.current() is not None:
                self.offers.take_current()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what was searched before, where nothing is typed yet."""
        super().focusInEvent(event)
        by_person = event.reason() is not Qt.FocusReason.ActiveWindowFocusReason
        if by_person and not self.text():
            self._offer()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Offer no longer."""
        super().focusOutEvent(event)
        self.offers.hide()

    def show_scope(self, text: str) -> None:
        """Say where is searched, in a text."""
        self.setPlaceholderText(text)

    def forget(self) -> None:
        """Empty the field without asking for anything."""
        self.blockSignals(True)
        self.clear()
        self.blockSignals(False)
        self._pause.stop()

    def _offer(self) -> None:
        self.offers.show_offers(self.offer(self.text()[: self.cursorPosition()]))

    def _take(self, suggestion: Suggestion) -> None:
        rest = self.text()[self.cursorPosition() :]
        self.setText(suggestion.text + rest)
        self.setCursorPosition(len(suggestion.text))
        if suggestion.is_whole:
            self._decide()
        else:
            self._offer()

    def _decide(self) -> None:
        self.offers.hide()
        self._search()
        if words := self.text().strip():
            self.decided.emit(words)

    def _search(self) -> None:
        self._pause.stop()
        self.wanted.emit(self.text().strip())


class OfferList(QFrame):
    """Floats below the field, in its window; the focus stays in the field.

    Signals:
        taken: A line was chosen (Suggestion).
    """

    taken = Signal(object)

    def __init__(self, field: QLineEdit, theme: Theme) -> None:
        super().__init__(field)
        self.setObjectName("palette")
        self.setAccessibleName(tr("search.offers"))
        self._field = field
        self._model = QStandardItemModel(self)
        self.list = QListView(self)
        self.list.setModel(self._model)
        self.list.setAccessibleName(tr("search.offers"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFocusProxy(field)  # who listens is told of the line that is chosen
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(ChoiceDelegate(self.list, theme))
        self.list.clicked.connect(self._clicked)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(1, 6, 1, 6)
        lines.addWidget(self.list)
        self.hide()

    @property
    def shown(self) -> list[str]:
        """What is offered."""
        return [self._model.item(row).text() for row in range(self._model.rowCount())]

    def show_offers(self, suggestions: Sequence[Suggestion]) -> None:
        """Offer these; nothing is chosen yet, so that Enter searches what was typed."""
        self._model.clear()
        for each in suggestions:
            item = QStandardItem(each.title)
            item.setData(Choice(each.title, each.hint, each.icon, each))
            item.setAccessibleText(f"{each.title}, {each.hint}" if each.hint else each.title)
            self._model.appendRow(item)
        if not suggestions or not self._field.isVisible():
            self.hide()
            return
        host = self._field.window()
        if self.parent() is not host:
            self.setParent(host)
            host.installEventFilter(self)
        self.list.setCurrentIndex(QModelIndex())
        self._place()
        self.show()
        self.raise_()

    def step(self, step: int) -> None:
        """Go down (1) or up (-1); above the first line nothing is chosen."""
        count = self._model.rowCount()
        row = self.list.currentIndex().row() + step
        index = self._model.index(row % count, 0) if row >= 0 else QModelIndex()
        self.list.setCurrentIndex(index if row < count else self._model.index(0, 0))

    def current(self) -> Suggestion | None:
        """The line chosen by the keyboard."""
        index = self.list.currentIndex()
        if not self.isVisible() or not index.isValid():
            return None
        suggestion: Suggestion = self._model.itemFromIndex(index).data().value
        return suggestion

    def take_current(self) -> None:
        """Take the line chosen by the keyboard."""
        if (suggestion := self.current()) is not None:
            self.hide()
            self.taken.emit(suggestion)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, ARG002 - Qt's
        """Stay below the field when the window changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _clicked(self, index: QModelIndex) -> None:
        self.list.setCurrentIndex(index)
        self.take_current()

    def _place(self) -> None:
        host, field = self._field.window(), self._field
        line = max(self.list.sizeHintForRow(0), 30)
        self.list.setFixedHeight(self._model.rowCount() * line + 2)
        self.setFixedWidth(max(field.width(), _LEAST_WIDTH))
        self.adjustSize()
        corner = field.mapTo(host, QPoint(0, field.height() + 4))
        left = corner.x()
        if self.isRightToLeft() or left + self.width() > host.width() - 8:
            left = field.mapTo(host, QPoint(field.width(), 0)).x() - self.width()
        self.move(max(left, 8), corner.y())
