"""The icon in the tray of the desktop: how much is unread, and the way back to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktopmail.ui.language import tr, trn
from desktopmail.ui.theme.icons import application_icon

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow

_SIDES = (22, 44, 64)  # what trays ask for, at one and at two pixels a point
_BADGE = "#d0342c"
_MOST = 99
_VERBS = ("get_mail", "compose", "", "quit")


class Tray(QObject):
    """Shows the icon where there is a tray.

    Signals:
        window_wanted: The icon was clicked.
        notice_clicked: The balloon was.

    Args:
        window: Whose icon it is.
    """

    window_wanted = Signal()
    notice_clicked = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._icon: QSystemTrayIcon | None = None
        self._unread = 0

    @property
    def is_available(self) -> bool:
        """Whether this desktop has a tray; not all have."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def is_shown(self) -> bool:
        """Whether the icon is there."""
        return self._icon is not None and self._icon.isVisible()

    def show(self, *, wanted: bool) -> None:
        """Show the icon, or take it away."""
        if wanted and self._icon is None and self.is_available:
            self._icon = self._make()
        if self._icon is not None:
            self._icon.setVisible(wanted)

    def count(self, unread: int) -> None:
        """Show how many messages are unread."""
        self._unread = unread
        if self._icon is not None:
            self._icon.setIcon(icon_with(unread))
            self._icon.setToolTip(_tip(unread))

    def tell(self, title: str, text: str) -> None:
        """Show a balloon; where there is no tray, nothing."""
        if self._icon is not None:
            self._icon.showMessage(title, text, application_icon())

    def _make(self) -> QSystemTrayIcon:
        icon = QSystemTrayIcon(icon_with(self._unread), self._window)
        icon.setToolTip(_tip(self._unread))
        menu = QMenu(self._window)
        menu.addAction(tr("tray.show"), self.window_wanted.emit)
        for name in _VERBS:
            if name:
                menu.addAction(self._window.actions_by_name[name])
            else:
                menu.addSeparator()
        icon.setContextMenu(menu)
        icon.activated.connect(self._activated)
        icon.messageClicked.connect(self.notice_clicked)
        return icon

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self.window_wanted.emit()


def _tip(unread: int) -> str:
    return f"desktopmail – {trn('tray.unread', unread)}" if unread else "desktopmail"


def icon_with(unread: int) -> QIcon:
    """Return the icon of the program, with the number of unread messages where there are any."""
    plain = application_icon()
    if not unread:
        return plain
    icon = QIcon()
    for side in _SIDES:
        picture = plain.pixmap(side, side).copy()
        _badge(picture, str(unread) if unread <= _MOST else "…")
        icon.addPixmap(picture)
    return icon


def _badge(picture: QPixmap, number: str) -> None:
    side = picture.width()
    height = side * 0.56
    width = max(height, height * 0.6 * len(number) + height * 0.35)
    place = QRectF(side - width, side - height, width, height)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_BADGE))
    painter.drawRoundedRect(place, height / 2, height / 2)
    font = painter.font()
    font.setPixelSize(round(height * 0.8))
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("white"))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, number)
    painter.end()
