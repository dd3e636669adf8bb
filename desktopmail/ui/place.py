"""Where the window stands and how its panes share it, kept for the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, Qt

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow, QSplitter

    from desktopmail.ui.theme.theme import Theme

_TREE, _LIST = 212, 372  # for usual letters, where the window has room for it


class Place:
    """Keeps place and size of a window, of its panes, and of each of their two layouts.

    Args:
        window: The window.
        panes: The sidebar beside the rest.
        messages: The list beside the message, or above it.
        kept: Where all that is kept, or None to keep nothing.
        theme: How large letters are.
    """

    def __init__(
        self,
        window: QMainWindow,
        panes: QSplitter,
        messages: QSplitter,
        kept: QSettings | None,
        theme: Theme,
    ) -> None:
        self._window = window
        self._panes = panes
        self._messages = messages
        self._kept = kept
        self._theme = theme

    def restore(self) -> None:
        """Put everything where it was the last time, else where it belongs."""
        self._panes.setSizes([self._tree_width(), self._window.width() - self._tree_width()])
        self._share()
        if self._kept is None:
            return
        for key, restore in (
            ("window/geometry", self._window.restoreGeometry),
            ("window/panes", self._panes.restoreState),
            (self._layout_key, self._messages.restoreState),
        ):
            state = self._kept.value(key)
            if isinstance(state, QByteArray):
                restore(state)

    def keep(self) -> None:
        """Keep it for the next time."""
        if self._kept is None:
            return
        self._kept.setValue("window/geometry", self._window.saveGeometry())
        self._kept.setValue("window/panes", self._panes.saveState())
        self._kept.setValue(self._layout_key, self._messages.saveState())

    def lay_out(self, orientation: Qt.Orientation) -> None:
        """Have the message beside the list (horizontal) or below it."""
        if self._messages.orientation() != orientation:
            self._messages.setOrientation(orientation)
            self._share()

    @property
    def _layout_key(self) -> str:
        is_wide = self._messages.orientation() is Qt.Orientation.Horizontal
        return f"window/{'wide' if is_wide else 'stacked'}"

    def _tree_width(self) -> int:
        return min(self._theme.px(_TREE), max(self._window.width() // 4, _TREE))

    def _share(self) -> None:
        is_wide = self._messages.orientation() is Qt.Orientation.Horizontal
        if is_wide:
            room = self._window.width() - self._tree_width()
            wanted = min(self._theme.px(_LIST), room * 2 // 5)
            self._messages.setSizes([wanted, room - wanted])
        else:
            self._messages.setSizes([300, 420])
