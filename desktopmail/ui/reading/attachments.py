"""The strip of attachments: each with its name, type and size; opened, saved or dragged out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QWidget

from desktopmail.ui.file_card import FileCard
from desktopmail.ui.fitting_area import FittingArea
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.language import tr, trn
from desktopmail.ui.margins import set_margins
from desktopmail.ui.reading.preview import Shown, way_of
from desktopmail.ui.slices import slice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent

    from desktopmail.mime.attachment import Attachment
    from desktopmail.ui.theme.theme import Theme

_LINES = 3  # shown without scrolling, and a half, so that one sees that there are more


def icon_of(media_type: str) -> str:
    """Return the icon for a media type."""
    major, _, minor = media_type.partition("/")
    if major == "image":
        return "image"
    if minor == "calendar":
        return "calendar"
    return "mail" if major == "message" else "file"


class AttachmentCard(FileCard):
    """One attachment.

    Signals:
        show_wanted, open_wanted, save_wanted: What was asked for.
        drag_wanted: It is being dragged out.
    """

    show_wanted = Signal()
    open_wanted = Signal()
    save_wanted = Signal()
    drag_wanted = Signal()

    def __init__(self, attachment: Attachment, size: int, theme: Theme, parent: QWidget) -> None:
        warned = bool(attachment.warned.value)
        icon = "alert" if warned else icon_of(attachment.media_type)
        picture = theme.picture(icon, "danger" if warned else "muted", 20)
        super().__init__(attachment.name, attachment.media_type, size, picture, parent)
        self._way = way_of(attachment)
        if warned:
            why = tr(f"warned.{attachment.warned.name.lower()}")
            self.setAccessibleDescription(why)
            self.setToolTip(f"{self.toolTip()}\n{why}")
        self._pressed: QPoint | None = None
        self.clicked.connect(self.show_wanted)  # pressed by who listens

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag it out when the pointer went far enough."""
        here = event.position().toPoint()
        if self._pressed is not None and (here - self._pressed).manhattanLength() > 8:
            self._pressed = None
            self.drag_wanted.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click shows it."""
        if self._pressed is not None and self.rect().contains(event.position().toPoint()):
            self.show_wanted.emit()
        self._pressed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter and space show it."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.show_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer to open or save it."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._way is not Shown.NOT:
            menu.addAction(tr("attachment.show"), self.show_wanted.emit)
        menu.addAction(tr("attachment.open"), self.open_wanted.emit)
        menu.addAction(tr("attachment.save"), self.save_wanted.emit)
        menu.popup(event.globalPos())


class AttachmentStrip(QFrame):
    """All attachments of a message.

    Signals:
        show_wanted, open_wanted, save_wanted, drag_wanted: What was asked for (Attachment).
        save_all_wanted: All are to be saved.
    """

    show_wanted = Signal(object)
    open_wanted = Signal(object)
    save_wanted = Signal(object)
    drag_wanted = Signal(object)
    save_all_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attachmentStrip")
        self._theme = theme
        self._host = QWidget(self)
        self._host.setObjectName("attachmentHost")
        self._flow = FlowLayout(self._host, spacing=8)
        self._area = FittingArea(self._bound, self)
        self._area.setObjectName("attachmentArea")
        self._area.hold(self._host)
        self._rest: deque[tuple[Attachment, int]] = deque()  # still to be shown
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._show_some)
        self._save_all = QPushButton(tr("attachment.save_all"), self)
        self._save_all.setProperty("kind", "link")
        self._save_all.clicked.connect(self.save_all_wanted)
        row = QHBoxLayout(self)
        set_margins(row, 24, 10, 16, 10)
        row.addWidget(self._area, 1)
        row.addWidget(self._save_all, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_attachments(self, attachments: Sequence[Attachment], sizes: Sequence[int]) -> None:
        """Show the attachments of another message, and how many octets each has."""
        self._flow.clear()
        self.setAccessibleName(trn("attachment.count", len(attachments)))
        self._rest = deque(zip(attachments, sizes, strict=True))
        self._show_some()
        self._save_all.setVisible(len(attachments) > 1)
        self.setVisible(bool(attachments))

    @property
    def is_complete(self) -> bool:
        """Whether all of them are shown."""
        return not self._rest

    def _show_some(self) -> None:
        """Show as many as a frame has time for; the others come after it."""
        self._flow.setEnabled(False)  # else each card that is shown has all of them placed again
        for attachment, size in slice_of(self._rest):
            card = AttachmentCard(attachment, size, self._theme, self._host)
            card.show_wanted.connect(lambda it=attachment: self.show_wanted.emit(it))
            card.open_wanted.connect(lambda it=attachment: self.open_wanted.emit(it))
            card.save_wanted.connect(lambda it=attachment: self.save_wanted.emit(it))
            card.drag_wanted.connect(lambda it=attachment: self.drag_wanted.emit(it))
            self._flow.addWidget(card)
            card.move(0, -2 * card.sizeHint().height())  # out of sight until it has its place
            card.show()
        self._flow.setEnabled(True)
        self._flow.invalidate()
        if self._rest:
            self._more.start(0)
        else:
            self._more.stop()

    def _bound(self) -> int:
        first = self._flow.itemAt(0)
        line = first.sizeHint().height() + self._flow.spacing() if first is not None else 0
        return line * _LINES + line // 2
