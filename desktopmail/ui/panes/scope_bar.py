"""Above what a search found: where was searched, and where else one can."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QWidget

from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scope(enum.Enum):
    """Where a search looks."""

    MAILBOX = "mailbox"
    ACCOUNT = "account"
    EVERYWHERE = "everywhere"


class ScopeBar(QFrame):
    """One button for each scope; the one in force is pressed.

    Signals:
        chosen: Another scope is wanted (Scope).
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scopeBar")
        self.setAccessibleName(tr("search.scope"))
        group = QButtonGroup(self)
        self.buttons: dict[Scope, QToolButton] = {}
        row = FlowLayout(self, spacing=6)
        row.setContentsMargins(12, 6, 8, 6)
        for scope in Scope:
            button = QToolButton(self)
            button.setProperty("kind", "chip")
            button.setCheckable(True)
            button.clicked.connect(lambda _on=False, scope=scope: self.chosen.emit(scope))
            group.addButton(button)
            self.buttons[scope] = button
            row.addWidget(button)

    def show_scope(self, scope: Scope, names: Mapping[Scope, str]) -> None:
        """Show where is searched.

        Args:
            scope: The scope in force.
            names: What each is called here; one that is missing makes no sense here.
        """
        for each, button in self.buttons.items():
            button.setVisible(each in names)
            button.setText(names.get(each, ""))
            button.setChecked(each is scope)
