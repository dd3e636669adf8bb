"""What happens at the server, as it happens: sessions, faults that hit, mail that arrives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from desktopmail.ui.isolates import isolated
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import Event
    from desktopmail.ui.theme.theme import Theme

_MOST_LINES = 2_000
_MOST_LETTERS = 240


class Feed(QPlainTextEdit):
    """One line an event, the newest below."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("serverFeed")
        self.setReadOnly(True)
        self.setAccessibleName(tr("room.feed"))
        self.setPlaceholderText(isolated(tr("room.feed_empty")))
        self.setMaximumBlockCount(_MOST_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        theme.write_fixed(self)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)

    def tell(self, event: Event) -> None:
        """Add an event; the view follows where it stood at the end."""
        now = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        self.appendPlainText(f"{now}  {words(event)}")


def words(event: Event) -> str:
    """Return an event as a line: protocol words are the same in every language."""
    what = event.what
    if event.kind == "transcript":
        side = {"C": "C:", "S": "S:"}.get(str(what.get("sender")), "*")
        text = str(what.get("text", "")).strip().replace("\r\n", " ⏎ ")
        return f"{what.get('protocol')} {what.get('session')}  {side} {text[:_MOST_LETTERS]}"
    values = "  ".join(f"{name} {value}" for name, value in what.items() if value not in (None, ""))
    return f"{event.kind:<10}  {values}"
