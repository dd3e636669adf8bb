"""How many messages are unread in the Inboxes: before the window's title, at its icon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


class Unread(QObject):
    """Counts, and shows it.

    Signals:
        changed: How many there are now.
    """

    changed = Signal(int)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._title = ""
        self._count = window.tree_model.unread()

    def show_title(self, title: str) -> None:
        """Another line of the tree is in view."""
        self._title = title
        self._show()

    def refresh(self) -> None:
        """Counts may have changed."""
        count = self._window.tree_model.unread()
        if count != self._count:
            self._count = count
            self._show()
            self.tell()

    def tell(self) -> None:
        """Tell who shows the number."""
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.setBadgeNumber(self._count)
        self.changed.emit(self._count)

    def _show(self) -> None:
        number = f"({QLocale().toString(self._count)}) " if self._count else ""
        self._window.setWindowTitle(f"{number}{self._title} – desktopmail")
