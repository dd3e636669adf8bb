"""The bar on top: what one does most, the search field, and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from desktopmail.ui.commands.registry import TOOLBAR
from desktopmail.ui.commands.verb import Menu
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.actions import Actions
    from desktopmail.ui.theme.theme import Theme

_PAUSE_MS = 350


class SearchField(QLineEdit):
    """Searches while one types; Escape empties it.

    Signals:
        wanted: Words are to be searched; empty: no longer.
        left: Escape was pressed in an empty field, or Down in any.
    """

    wanted = Signal(str)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchField")
        self.setClearButtonEnabled(True)
        self.setAccessibleName(tr("search.name"))
        self.setToolTip(tr("search.help"))
        self.setMinimumWidth(130)
        self.setMaximumWidth(380)
        icon = QAction(self)
        theme.tint(icon, "search", "faint")
        self.addAction(icon, QLineEdit.ActionPosition.LeadingPosition)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._search)
        self.textChanged.connect(lambda _text: self._pause.start())
        self.returnPressed.connect(self._search)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape empties, then leaves; Down goes to what was found."""
        if event.key() == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
                self._search()
            else:
                self.left.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def show_scope(self, name: str) -> None:
        """Say where is searched."""
        self.setPlaceholderText(tr("search.in", name=name))

    def forget(self) -> None:
        """Empty the field without asking for anything."""
        self.blockSignals(True)
        self.clear()
        self.blockSignals(False)
        self._pause.stop()

    def _search(self) -> None:
        self._pause.stop()
        self.wanted.emit(self.text().strip())


class ToolBar(QFrame):
    """The window's tool bar."""

    def __init__(self, actions: Actions, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar")
        self.setAccessibleName(tr("toolbar.name"))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(2)
        self._buttons: list[QToolButton] = []
        for name in TOOLBAR:
            if not name:
                row.addSpacing(14)
                continue
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setIconSize(QSize(20, 20))
            button.setAccessibleName(actions[name].text())
            if name == "compose":
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
                actions[name].setIconText(tr("toolbar.write"))
                theme.tint(actions[name], "compose", "accent")
            self._buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        self.search = SearchField(theme, self)
        row.addWidget(self.search, 3)
        row.addSpacing(6)
        self.menu_button = QToolButton(self)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setIconSize(QSize(20, 20))
        self.menu_button.setToolTip(tr("toolbar.menu"))
        self.menu_button.setAccessibleName(tr("toolbar.menu"))
        theme.tint(self.menu_button, "menu")
        menu = QMenu(self.menu_button)
        for which in Menu:
            menu.addMenu(actions.menu(which, menu))
        self.menu_button.setMenu(menu)
        row.addWidget(self.menu_button)
