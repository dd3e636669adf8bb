"""What every page of the server room is: one noun of the server, shown and handled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktopmail.ui.label import Label
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from desktopmail.ui.server_room.api import ServerApi
    from desktopmail.ui.theme.theme import Theme


class Room(Protocol):
    """What the window of the server room offers to its pages."""

    api: ServerApi | None
    theme: Theme

    def act(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something with the server, say what went wrong, and look at the page again."""
        ...

    def say(self, sentence: str) -> None:
        """Show a sentence for some seconds."""
        ...

    def show_octets(self, octets: bytes) -> None:
        """Show the source of a message in a window of its own."""
        ...


class Page(QWidget):
    """One page.

    Attributes:
        name: Ends the key of its title, `page.<name>`.
        kinds: The events after which it is out of date.
    """

    name = ""
    kinds: frozenset[str] = frozenset()

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.lines = QVBoxLayout(self)
        self.lines.setContentsMargins(20, 16, 20, 16)
        self.lines.setSpacing(10)

    async def refresh(self, api: ServerApi) -> None:
        """Show what the server says now.

        Raises:
            ApiError: It says nothing.
        """
        raise NotImplementedError

    def explain(self, key: str) -> None:
        """Say in a sentence what the page, or what follows on it, is for."""
        words = Label(tr(key), self)
        words.setProperty("kind", "muted")
        words.setWordWrap(True)
        self.lines.addWidget(words)

    def heading(self, key: str) -> None:
        """Begin a part of the page."""
        label = Label(tr(key), self)
        label.setProperty("kind", "heading")
        self.lines.addWidget(label)

    def buttons(self, *entries: tuple[str, Callable[[], object]]) -> list[QPushButton]:
        """Add a row of buttons: (key of the text, what it does)."""
        row = QHBoxLayout()
        row.setSpacing(8)
        made = []
        for key, press in entries:
            button = QPushButton(tr(key), self)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, press=press: press())
            row.addWidget(button)
            made.append(button)
        row.addStretch(1)
        self.lines.addLayout(row)
        return made

    def send(self, method: str, path: str, values: dict[str, object] | None = None) -> None:
        """Have the server do something."""
        api = self.room.api
        if api is not None:
            self.room.act(api.send(method, path, values))
