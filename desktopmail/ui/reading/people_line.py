"""People of a header field: each can be written to, copied, or put into the address book."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.isolates import named, without_controls
from desktopmail.ui.language import tr, trn
from desktopmail.ui.slices import slice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from desktopmail.mime.address import Mailbox

_MANY = 24  # shown until more are wanted
_MAX_WIDTH = 360
_MIN_WIDTH = 60
_PADDING = 10  # its border and what the style sheet adds


class PeopleLine(QWidget):
    """The people of one field.

    Args:
        boxes: Who they are.
        parent: Where it stands.

    Signals:
        write_wanted: A message to one of them is to be written (Mailbox).
        keep_wanted: One of them is to be put into the address book (Mailbox).
    """

    write_wanted = Signal(object)
    keep_wanted = Signal(object)

    def __init__(self, boxes: Sequence[Mailbox], parent: QWidget) -> None:
        super().__init__(parent)
        self._waiting = deque(boxes)
        self._wanted = _MANY
        self._shown = 0
        self._flow = FlowLayout(self, spacing=2)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.more_button = QPushButton(self)
        self.more_button.setProperty("kind", "person")
        self.more_button.clicked.connect(self._show_many)
        self.more_button.hide()
        self._flow.addWidget(self.more_button)
        self._show_some()

    @property
    def buttons(self) -> list[QPushButton]:
        """Those that are shown."""
        return [it for it in self.findChildren(QPushButton) if it is not self.more_button]

    def _show_some(self) -> None:
        is_full = self._shown >= self._wanted
        for box in () if is_full else slice_of(self._waiting):
            self._flow.insert_widget(self._shown, self._button(box))
            self._shown += 1
            is_full = self._shown >= self._wanted
            if is_full:
                break
        self.more_button.setText(trn("compose.more_people", len(self._waiting)))
        self.more_button.setVisible(bool(self._waiting) and is_full)
        self.updateGeometry()
        if self._waiting and not is_full:
            QTimer.singleShot(0, self, self._show_some)

    def _show_many(self) -> None:
        self._wanted += _MANY * 4
        self._show_some()

    def _button(self, box: Mailbox) -> QPushButton:
        button = _PersonButton(named(box.name, box.shown_address), self)
        button.clicked.connect(lambda _on=False: self._open_menu(box, button))
        button.show()
        return button

    def menu_of(self, box: Mailbox) -> QMenu:
        """What can be done with a person."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("person.write"), lambda: self.write_wanted.emit(box))
        clipboard = QGuiApplication.clipboard()
        menu.addAction(tr("person.copy"), lambda: clipboard.setText(box.address))
        menu.addAction(tr("person.keep"), lambda: self.keep_wanted.emit(box))
        return menu

    def _open_menu(self, box: Mailbox, button: QPushButton) -> None:
        self.menu_of(box).popup(button.mapToGlobal(QPoint(0, button.height())))


class _PersonButton(QPushButton):
    """Shows as much of a name and an address as there is room for, their middle left out."""

    def __init__(self, whole: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = whole
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("kind", "person")
        self.setToolTip(whole)
        self.setAccessibleName(without_controls(whole))
        self._shorten(_MAX_WIDTH)
        self.ensurePolished()
        self._wanted = super().sizeHint()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the whole of it, up to a bound."""
        return self._wanted

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Any width will do."""
        return QSize(_MIN_WIDTH, self._wanted.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit it into the new width."""
        super().resizeEvent(event)
        self._shorten(min(self.width() - _PADDING, _MAX_WIDTH))

    def _shorten(self, width: int) -> None:
        metrics = self.fontMetrics()
        self.setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideMiddle, width))
