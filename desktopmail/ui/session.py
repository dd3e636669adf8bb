"""Where one was: mailbox and message, kept while one works, so that a crash loses neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QTimer

from desktopmail.door.ids import PlacementId

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow

_KEPT_AFTER_MS = 1_500
_LINE, _MESSAGE = "session/line", "session/message"


class SessionKeeper(QObject):
    """Writes down where one is, soon after one went there.

    Args:
        window: Whose tree and list.
        kept: Where it is kept, or None to keep nothing.
    """

    def __init__(self, window: MainWindow, kept: QSettings | None) -> None:
        super().__init__(window)
        self._window = window
        self._kept = kept
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_KEPT_AFTER_MS)
        self._timer.timeout.connect(self.keep)
        window.list_pane.list.current_changed.connect(lambda _row: self._timer.start())
        window.list_pane.view_changed.connect(self._timer.start)

    def restore(self) -> bool:
        """Go where one was the last time; False when that is not there any more."""
        if self._kept is None:
            return False
        kind, _, number = str(self._kept.value(_LINE, "")).partition(":")
        if not number.isdigit() or not self._window.sidebar.choose((kind, int(number))):
            return False
        message = str(self._kept.value(_MESSAGE, ""))
        if message.isdigit():
            self._window.list_pane.list.go_to_message(PlacementId(int(message)))
        return True

    def keep(self) -> None:
        """Keep it now, with the place of the window."""
        self._timer.stop()
        if self._kept is None:
            return
        kind, number = self._window.in_view.key
        row = self._window.list_pane.list.current_message()
        if kind:
            self._kept.setValue(_LINE, f"{kind}:{number}")
            self._kept.setValue(_MESSAGE, str(row.id) if row is not None else "")
        self._window.place.keep()
        self._kept.sync()
