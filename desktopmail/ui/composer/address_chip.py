"""One recipient as a chip: a name, or an address that is marked where no mail can be sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy

from desktopmail.mime import address
from desktopmail.ui.isolates import named, without_controls
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QContextMenuEvent, QMouseEvent
    from PySide6.QtWidgets import QWidget

    from desktopmail.mime.address import Mailbox
    from desktopmail.ui.theme.theme import Theme

MIME_TYPE = "application/x-desktopmail-recipients"
_DRAG_BEGINS_PX = 8
_MAX_WIDTH = 320
_SIGN = 13


class AddressChip(QAbstractButton):
    """A recipient; for who listens a button that makes text of it again.

    Signals:
        edit_wanted: It is to become text again.
        remove_wanted: It is to go; whether the one before it is looked at next (bool).
        leave_wanted: The keyboard goes on: -1 before it, 1 behind it, 0 to the text (int).
        typed: A letter was typed on it (str): it is replaced by text.
    """

    edit_wanted = Signal()
    remove_wanted = Signal(bool)
    leave_wanted = Signal(int)
    typed = Signal(str)

    def __init__(self, box: Mailbox, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = box
        self._theme = theme
        self._pressed: QPoint | None = None
        self._hint: QSize | None = None
        reason = address.wrong(box.address)
        self.wrong = reason
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        shown = box.name or box.shown_address
        whole = named(box.name, box.shown_address)
        self._text = self.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideMiddle, _MAX_WIDTH)
        why = tr(f"wrong.{reason}") if reason is not None else ""
        self.setToolTip(f"{whole}\n{why}" if why else whole)
        self.setAccessibleName(without_controls(whole))
        self.setAccessibleDescription(why)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: self.edit_wanted.emit())
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as its text; a sign before it where it is wrong."""
        if self._hint is None:  # a layout asks for it again and again
            self._hint = self._measured()
        return self._hint

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Other letters need other room."""
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._hint = None
        super().changeEvent(event)

    def _measured(self) -> QSize:
        metrics = self.fontMetrics()
        sign = _SIGN + 4 if self.wrong is not None else 0
        return QSize(metrics.horizontalAdvance(self._text) + 20 + sign, metrics.height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Draw a rounded plate and the name."""
        tokens = self._theme.tokens
        is_wrong = self.wrong is not None
        if self.hasFocus():
            ground, ink = (tokens.danger, tokens.surface) if is_wrong else (
                tokens.accent, tokens.accent_text
            )  # fmt: skip
        else:
            ground, ink = (tokens.danger_soft, tokens.danger) if is_wrong else (
                tokens.accent_soft, tokens.text
            )  # fmt: skip
        edge = ground
        if is_wrong:
            edge = tokens.danger
        elif self.underMouse() and not self.hasFocus():
            edge = tokens.accent
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(ground))
        plate = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(plate, plate.height() / 2, plate.height() / 2)
        place = self.rect().adjusted(10, 0, -10, 0)
        if is_wrong:
            at = QRect(place)
            at.setWidth(_SIGN)
            if self.isRightToLeft():
                at.moveRight(place.right())
                place.setRight(at.left() - 4)
            else:
                place.setLeft(at.right() + 4)
            token = "surface" if self.hasFocus() else "danger"
            self._theme.icon("alert", token).paint(painter, at)
        painter.setPen(QColor(ink))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), self._text)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show that the keyboard is here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show that the keyboard left."""
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Become text again."""
        self.edit_wanted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Be dragged to another field, or out of the window as text."""
        here = event.position().toPoint()
        if self._pressed is None or (here - self._pressed).manhattanLength() < _DRAG_BEGINS_PX:
            return
        self._pressed = None
        drag = QDrag(self)
        drag.setMimeData(mime_of(self.box))
        drag.setPixmap(self.grab())
        moved = drag.exec(Qt.DropAction.MoveAction | Qt.DropAction.CopyAction)  # Qt's own loop
        if moved == Qt.DropAction.MoveAction:
            self.remove_wanted.emit(False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """End of a click."""
        self._pressed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Go to the neighbours, edit, copy, remove."""
        mirrored = self.isRightToLeft()
        match event.key():
            case Qt.Key.Key_Left:
                self.leave_wanted.emit(1 if mirrored else -1)
            case Qt.Key.Key_Right:
                self.leave_wanted.emit(-1 if mirrored else 1)
            case Qt.Key.Key_Home | Qt.Key.Key_End | Qt.Key.Key_Escape:
                self.leave_wanted.emit(0)
            case Qt.Key.Key_Delete:
                self.remove_wanted.emit(False)
            case Qt.Key.Key_Backspace:
                self.remove_wanted.emit(True)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_F2 | Qt.Key.Key_Space:
                self.edit_wanted.emit()
            case _:
                self._other_key(event)

    def _other_key(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Cut):
            self.copy()
            self.remove_wanted.emit(False)
        elif event.text().isprintable() and event.text():
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what can be done with it."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("recipient.edit"), self.edit_wanted.emit)
        menu.addAction(tr("recipient.copy"), self.copy)
        menu.addAction(tr("recipient.remove"), lambda: self.remove_wanted.emit(False))
        menu.popup(event.globalPos())

    def copy(self) -> None:
        """Put it on the clipboard as text."""
        QGuiApplication.clipboard().setMimeData(mime_of(self.box))


def mime_of(box: Mailbox) -> QMimeData:
    """Return a recipient as it is dragged and copied."""
    data = QMimeData()
    data.setText(str(box))
    data.setData(MIME_TYPE, str(box).encode())
    return data
