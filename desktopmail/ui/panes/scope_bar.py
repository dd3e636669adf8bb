"""Above what a search found: where was searched, and where else one can."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Mapping


_MOST_OF_A_NAME = 190  # what the narrowest list has room for


class Scope(enum.Enum):
    """Where a search looks."""

    MAILBOX = "mailbox"
    ACCOUNT = "account"
    EVERYWHERE = "everywhere"


class ScopeBar(QFrame):
    """One button for each scope; the one in force is pressed.

    Below them stands how far the search reached, and the way to have the servers asked too.

    Signals:
        chosen: Another scope is wanted (Scope).
        servers_wanted: What is not wholly here is to be searched at its server too.
    """

    chosen = Signal(object)
    servers_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scopeBar")
        self.setAccessibleName(tr("search.scope"))
        group = QButtonGroup(self)
        self.buttons: dict[Scope, QToolButton] = {}
        row = FlowLayout(None, spacing=6)
        self.reach = WrappedLabel("", self)  # it names mailboxes, which may have long names
        self.reach.setObjectName("searchReach")
        self.reach.setProperty("kind", "small")
        self.reach.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.servers = QToolButton(self)
        self.servers.setProperty("kind", "chip")
        self.servers.setText(tr("search.servers_too"))
        self.servers.clicked.connect(self.servers_wanted)
        layout = QVBoxLayout(self)
        set_margins(layout, 12, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.reach)
        layout.addWidget(self.servers, 0, Qt.AlignmentFlag.AlignLeading)
        for scope in Scope:
            button = QToolButton(self)
            button.setProperty("kind", "chip")
            button.setCheckable(True)
            button.clicked.connect(lambda _on=False, scope=scope: self.chosen.emit(scope))
            group.addButton(button)
            self.buttons[scope] = button
            row.addWidget(button)

    @property
    def stops(self) -> list[QToolButton]:
        """What the keyboard stops at, in its order."""
        return [*self.buttons.values(), self.servers]

    def show_scope(self, scope: Scope, names: Mapping[Scope, str]) -> None:
        """Show where is searched.

        Args:
            scope: The scope in force.
            names: What each is called here; one that is missing makes no sense here.
        """
        for each, button in self.buttons.items():
            button.setVisible(each in names)
            name = names.get(each, "")
            metrics, middle = button.fontMetrics(), Qt.TextElideMode.ElideMiddle
            shown = metrics.elidedText(name, middle, _MOST_OF_A_NAME)
            button.setText(shown.replace("&", "&&"))
            button.setToolTip(name if shown != name else "")
            button.setAccessibleName(name)
            button.setChecked(each is scope)

    def show_reach(self, text: str, *, more: bool, busy: bool = False) -> None:
        """Say how far the search reached.

        Args:
            text: In a sentence or two.
            more: A server knows more, and can be asked.
            busy: It is being asked.
        """
        self.reach.setText(text)
        self.reach.setVisible(bool(text))
        self.servers.setVisible(more)
        self.servers.setEnabled(not busy)
