"""New mail told by the desktop, and an icon in its tray while the window is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktopmail.door.rows import Flag
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import MessageId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.window import MainWindow

_NAMED = 3


class Notifications:
    """Owns the tray icon, which also shows the notifications.

    Args:
        window: Whose mail it tells of.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._newest: MessageRow | None = None
        self._icon: QSystemTrayIcon | None = None

    @property
    def keeps_running(self) -> bool:
        """Whether closing the window leaves the program in the tray."""
        available = QSystemTrayIcon.isSystemTrayAvailable()
        return available and self._window.settings.flag("tray")

    def apply(self) -> None:
        """Show the icon where it is wanted and there is a tray."""
        settings = self._window.settings
        wanted = settings.flag("notify") or settings.flag("tray")
        if wanted and self._icon is None and QSystemTrayIcon.isSystemTrayAvailable():
            self._icon = self._make()
        if self._icon is not None:
            self._icon.setVisible(wanted)

    def tell(self, message_ids: Sequence[MessageId]) -> None:
        """Tell of new mail, unless the person is looking at the window."""
        wanted = self._window.settings.flag("notify") and not self._window.isActiveWindow()
        if self._icon is None or not wanted:
            return
        rows = self._unread(message_ids)
        if rows:
            self._newest = rows[0]
            title, text = words(rows)
            self._icon.showMessage(title, text, self._window.windowIcon())

    def close(self) -> None:
        """Take the icon away."""
        if self._icon is not None:
            self._icon.hide()

    def _unread(self, message_ids: Sequence[MessageId]) -> list[MessageRow]:
        rows = []
        for message_id in message_ids[:50]:
            placed = self._window.reader.placements(message_id)
            rows += [row for row in placed if not row.flags & Flag.SEEN][:1]
        return sorted(rows, key=lambda row: row.date_s, reverse=True)

    def _make(self) -> QSystemTrayIcon:
        icon = QSystemTrayIcon(self._window.windowIcon(), self._window)
        icon.setToolTip("desktopmail")
        menu = QMenu(self._window)
        menu.addAction(tr("tray.show"), self._show)
        menu.addAction(self._window.actions_by_name["compose"])
        menu.addAction(self._window.actions_by_name["quit"])
        icon.setContextMenu(menu)
        icon.activated.connect(self._activated)
        icon.messageClicked.connect(self._open_newest)
        return icon

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self._show()

    def _show(self) -> None:
        self._window.come_forward()

    def _open_newest(self) -> None:
        self._show()
        if self._newest is not None:
            self._window.go_to_message(self._newest)


def words(rows: Sequence[MessageRow]) -> tuple[str, str]:
    """Return title and text of a notification."""
    if len(rows) == 1:
        row = rows[0]
        return row.sender.name or row.sender.address, row.subject or tr("list.no_subject")
    names = list(dict.fromkeys(row.sender.name or row.sender.address for row in rows))
    text = ", ".join(names[:_NAMED]) + ("…" if len(names) > _NAMED else "")
    return trn("tray.new", len(rows)), text
