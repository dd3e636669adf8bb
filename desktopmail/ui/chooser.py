"""A field to type into and a list of what fits: the command palette and the choice of a mailbox."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from desktopmail.ui.language import tr
from desktopmail.ui.panes.reading_order import draw_text, trim
from desktopmail.ui.theme import icons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.ui.theme.theme import Theme

_WIDTH = 540
_ROWS = 9


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a chooser."""

    title: str
    hint: str = ""
    icon: str = ""
    value: object = None
    enabled: bool = True


def fits(typed: str, title: str) -> int | None:
    """Return how well a title fits what was typed (lower is better), or None where it does not.

    Every word typed must begin a word of the title; else the letters typed must stand in it in
    their order, which fits worse.
    """
    wanted, text = typed.casefold().split(), title.casefold()
    if not wanted:
        return 0
    words = text.replace("/", " ").replace("-", " ").split()
    if all(any(word.startswith(piece) for word in words) for piece in wanted):
        return 0 if text.startswith(wanted[0]) else 1
    if all(piece in text for piece in wanted):
        return 2
    letters = iter(text)
    if all(letter in letters for letter in "".join(wanted)):
        return 3
    return None


class Chooser(QFrame):
    """Floats over the upper part of a window until something is chosen or Escape is pressed.

    The focus goes back to where it was.

    Args:
        parent: The window.
        theme: Colours.
        placeholder: What the field says while it is empty.
        choices: What there is to choose from.
        done: Called once with what was chosen, or None.
        make: Makes a choice of what was typed, offered last where no title is just that.
    """

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        placeholder: str,
        choices: Sequence[Choice],
        done: Callable[[Choice | None], None],
        make: Callable[[str], Choice | None] | None = None,
    ) -> None:
        for other in parent.findChildren(Chooser):
            other.leave()
        left = parent.window().focusWidget()
        super().__init__(parent)
        self.setObjectName("palette")
        self.setAccessibleName(placeholder)
        self._choices = choices
        self._host = parent
        self._make = make
        self._done: Callable[[Choice | None], None] | None = done
        self._left = left
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self._model = QStandardItemModel(self)
        self.list = QListView(self)
        self.list.setModel(self._model)
        self.list.setAccessibleName(placeholder)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFocusProxy(self.field)  # who listens is told of the line that is chosen
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(ChoiceDelegate(self.list, theme))
        self.list.clicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 6)
        layout.setSpacing(4)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self._nothing = QLabel(tr("choose.nothing"), self)
        self._nothing.setProperty("kind", "muted")
        self._nothing.setContentsMargins(18, 4, 18, 6)
        layout.addWidget(self._nothing)
        self._filter("")
        parent.installEventFilter(self)
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def shown(self) -> list[Choice]:
        """What fits, best first."""
        return [self._model.item(row).data() for row in range(self._model.rowCount())]

    def leave(self) -> None:
        """Choose nothing."""
        self._finish(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Let the field move in the list; leave when the focus goes elsewhere."""
        if watched is self.field:
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            if (
                isinstance(event, QFocusEvent)
                and event.lostFocus()
                and event.reason() is not Qt.FocusReason.PopupFocusReason  # the field's own menu
            ):
                self.leave()
        elif watched is self._host and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        match Qt.Key(event.key()):
            case Qt.Key.Key_Escape:
                self.leave()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose(self.list.currentIndex())
            case Qt.Key.Key_Down | Qt.Key.Key_Tab:
                self._step(1)
            case Qt.Key.Key_Up | Qt.Key.Key_Backtab:
                self._step(-1)
            case Qt.Key.Key_PageDown:
                self._step(_ROWS, around=False)
            case Qt.Key.Key_PageUp:
                self._step(-_ROWS, around=False)
            case _:
                return False
        return True

    def _step(self, by: int, *, around: bool = True) -> None:
        """Go on among the lines that can be chosen."""
        rows = [at for at in range(self._model.rowCount()) if self._model.item(at).isEnabled()]
        if not rows:
            return
        row = self.list.currentIndex().row()
        at = (rows.index(row) if row in rows else -1) + by
        at = at % len(rows) if around else min(max(at, 0), len(rows) - 1)
        self.list.setCurrentIndex(self._model.index(rows[at], 0))

    def _filter(self, typed: str) -> None:
        ranked = [
            (rank, number, choice)
            for number, choice in enumerate(self._choices)
            if (rank := fits(typed, f"{choice.title} {choice.hint}")) is not None
        ]
        self._model.clear()
        fitting = [choice for _, _, choice in sorted(ranked, key=lambda entry: entry[:2])]
        text = " ".join(typed.split())
        is_title = any(choice.title.casefold() == text.casefold() for choice in fitting)
        if self._make is not None and text and not is_title:
            made = self._make(text)
            fitting += [made] if made is not None else []
        for choice in fitting:
            item = QStandardItem(choice.title)
            item.setData(choice)
            item.setEnabled(choice.enabled)
            item.setAccessibleText(
                f"{choice.title}, {choice.hint}" if choice.hint else choice.title
            )
            self._model.appendRow(item)
        self._nothing.setVisible(not fitting)
        self.list.setVisible(bool(fitting))
        self._step(1)
        self._place()

    def _choose(self, index: QModelIndex) -> None:
        item = self._model.itemFromIndex(index)
        if item is not None and item.isEnabled():
            self._finish(item.data())

    def _finish(self, choice: Choice | None) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        self._host.removeEventFilter(self)
        had_focus = self.field.hasFocus()
        self.hide()
        if had_focus and self._left is not None and isValid(self._left):
            self._left.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()
        done(choice)

    def _place(self) -> None:
        parent = self._host
        width = min(_WIDTH, parent.width() - 40)
        line = self.list.sizeHintForRow(0) if self._model.rowCount() else 0
        rows = min(max(self._model.rowCount(), 1), _ROWS)
        self.list.setFixedHeight(rows * max(line, 30) + 4)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((parent.width() - width) // 2, min(84, parent.height() // 8))


class ChoiceDelegate(QStyledItemDelegate):
    """Draws a choice: icon, title, and its hint at the end."""

    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(  # noqa: N802 - Qt's name
        self,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002 - Qt's signature
    ) -> QSize:
        """See QAbstractItemDelegate."""
        return QSize(100, option.fontMetrics.height() + 14)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """See QAbstractItemDelegate."""
        choice: Choice = index.data(Qt.ItemDataRole.UserRole + 1)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent_soft"))
            painter.drawRoundedRect(rect.adjusted(6, 0, -6, 0), 6, 6)
            self._theme.paint_edge(painter, rect.adjusted(6, 0, -6, 0))
        mirrored = self._view.isRightToLeft()
        line, side = rect.adjusted(18, 0, -18, 0), self._theme.px(18)
        if choice.icon:
            ratio = painter.device().devicePixelRatioF()
            left = line.right() - side + 1 if mirrored else line.left()
            box = QRect(left, line.center().y() - side // 2 + 1, side, side)
            colour = self._theme.tokens.muted
            painter.drawPixmap(box, icons.pixmap(choice.icon, colour, side, ratio))
        line = trim(line, side + 10, mirrored=not mirrored)
        painter.setFont(QFont(option.font))
        painter.setPen(self._theme.colour("muted"))
        draw_text(painter, line, choice.hint, mirrored=mirrored, at_end=True)
        used = painter.fontMetrics().horizontalAdvance(choice.hint) + 16
        painter.setPen(self._theme.colour("text" if choice.enabled else "faint"))
        line = trim(line, used, mirrored=mirrored)
        draw_text(painter, line, choice.title, mirrored=mirrored)
        painter.restore()


async def choose(
    parent: QWidget,
    theme: Theme,
    placeholder: str,
    choices: Sequence[Choice],
    make: Callable[[str], Choice | None] | None = None,
) -> Choice | None:
    """Show a chooser and return what was chosen; None when it was left."""
    chosen: asyncio.Future[Choice | None] = asyncio.get_running_loop().create_future()

    def settle(choice: Choice | None) -> None:
        if not chosen.done():
            chosen.set_result(choice)

    Chooser(parent, theme, placeholder, choices, settle, make)
    return await chosen
