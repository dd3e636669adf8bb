"""Where the window stands, how its panes share it, and its columns, kept for the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, Qt

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow, QSplitter

    from desktopmail.ui.panes.message_list import MessageList
    from desktopmail.ui.theme.theme import Theme

# For usual letters, where the window has room for it.
_TREE, _CARDS, _TABLE = 212, 372, 640


class Place(QObject):
    """Keeps place and size of a window, of its panes and columns, of each layout of its messages.

    List and message share the room anew with each size of the window, until a person moves what
    parts them: a table takes more of it than cards.

    Args:
        window: The window.
        panes: The sidebar beside the rest.
        messages: The list beside the message, or above it.
        rows: The list itself, with its columns.
        kept: Where all that is kept, or None to keep nothing.
        theme: How large letters are.
    """

    def __init__(
        self,
        window: QMainWindow,
        panes: QSplitter,
        messages: QSplitter,
        rows: MessageList,
        kept: QSettings | None,
        theme: Theme,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._panes = panes
        self._messages = messages
        self._rows = rows
        self._kept = kept
        self._theme = theme
        self._is_table = False
        self._chosen: dict[str, QByteArray] = {}  # by layout: how a person had them share
        messages.splitterMoved.connect(self._share_chosen)
        messages.installEventFilter(self)

    def restore(self) -> None:
        """Put everything where it was the last time, else where it belongs."""
        self._chosen.clear()
        self._panes.setSizes([self._tree_width(), self._window.width() - self._tree_width()])
        if self._kept is not None:
            for key, restore in (
                ("window/geometry", self._window.restoreGeometry),
                ("window/panes", self._panes.restoreState),
            ):
                state = self._kept.value(key)
                if isinstance(state, QByteArray):
                    restore(state)
            columns = self._kept.value("window/columns")
            if isinstance(columns, list):
                self._rows.columns.restore(columns)
                self._rows.fit_columns()
        self._share_as_before()

    def keep(self) -> None:
        """Keep it for the next time."""
        if self._kept is None:
            return
        self._kept.setValue("window/geometry", self._window.saveGeometry())
        self._kept.setValue("window/panes", self._panes.saveState())
        self._kept.setValue("window/columns", self._rows.columns.state())
        for key, state in self._chosen.items():
            self._kept.setValue(key, state)

    def lay_out(self, orientation: Qt.Orientation, *, table: bool) -> None:
        """Have the message beside the list (horizontal) or below it, which shows cards or rows."""
        if (self._messages.orientation(), self._is_table) != (orientation, table):
            self._messages.setOrientation(orientation)
            self._is_table = table
            self._share_as_before()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """There is more room to share, or less."""
        if event.type() == QEvent.Type.Resize and self._layout_key not in self._chosen:
            self._share(self._messages.width())
        return super().eventFilter(watched, event)

    @property
    def _is_wide(self) -> bool:
        return self._messages.orientation() is Qt.Orientation.Horizontal

    @property
    def _layout_key(self) -> str:
        if not self._is_wide:
            return "window/stacked"
        return "window/wide-table" if self._is_table else "window/wide"

    def _tree_width(self) -> int:
        return min(self._theme.px(_TREE), max(self._window.width() // 4, _TREE))

    def _share_chosen(self) -> None:
        self._chosen[self._layout_key] = self._messages.saveState()

    def _share_as_before(self) -> None:
        key = self._layout_key
        state = self._chosen.get(key)
        if state is None and self._kept is not None:
            state = self._kept.value(key)
        if isinstance(state, QByteArray) and self._messages.restoreState(state):
            self._chosen[key] = state
        else:
            tree = self._panes.widget(0)
            is_shown = tree is not None and tree.isVisibleTo(self._panes)
            self._share(self._window.width() - (self._tree_width() if is_shown else 0))

    def _share(self, room: int) -> None:
        if not self._is_wide:
            height = self._messages.height()
            self._messages.setSizes([height * 5 // 12, height * 7 // 12])
            return
        px = self._theme.px
        if self._is_table:
            wanted = min(px(_TABLE), room * 11 // 20)
        else:
            wanted = min(px(_CARDS), room * 2 // 5)
        self._messages.setSizes([wanted, room - wanted])
