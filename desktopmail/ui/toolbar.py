"""The bar on top: what one does most, the search field, and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.actions import Actions
    from desktopmail.ui.panes.search_field import SearchField
    from desktopmail.ui.theme.theme import Theme


class ToolBar(QFrame):
    """The window's tool bar: empty, but for the place it takes, until its verbs are there.

    Attributes:
        search: The search field, once the bar is filled.
    """

    search: SearchField

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("toolbar")
        self.setAccessibleName(tr("toolbar.name"))
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(2)
        row.addStretch(1)
        self.menu_button = QToolButton(self)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.grow(self.menu_button, 20)
        self.menu_button.setToolTip(tr("toolbar.menu"))
        self.menu_button.setAccessibleName(tr("toolbar.menu"))
        theme.tint(self.menu_button, "menu")
        row.addWidget(self.menu_button)

    def fill(self, actions: Actions) -> None:
        """Put in the buttons, the search field and the menu."""
        from desktopmail.ui.commands.registry import TOOLBAR
        from desktopmail.ui.commands.verb import Menu
        from desktopmail.ui.panes.search_field import SearchField

        place = 0
        for name in TOOLBAR:
            if name:
                self._row.insertWidget(place, self._button(actions, name))
            else:
                self._row.insertSpacing(place, 14)
            place += 1
        self.search = SearchField(self._theme, self)
        self._row.insertWidget(place + 1, self.search, 3)
        self._row.insertSpacing(place + 2, 6)
        menu = QMenu(self.menu_button)
        for which in Menu:
            menu.addMenu(actions.menu(which, menu))
        self.menu_button.setMenu(menu)

    def _button(self, actions: Actions, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(actions[name])
        self._theme.grow(button, 20)
        button.setAccessibleName(actions[name].text())
        if name == "compose":
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            actions[name].setIconText(tr("toolbar.write"))
            self._theme.tint(actions[name], "compose", "accent")
        return button
