"""The bar on top: what one does most, the search field, and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from desktopmail.ui.commands.registry import TOOLBAR
from desktopmail.ui.commands.verb import Menu
from desktopmail.ui.language import tr
from desktopmail.ui.panes.search_field import SearchField

if TYPE_CHECKING:
    from desktopmail.ui.actions import Actions
    from desktopmail.ui.theme.theme import Theme


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
