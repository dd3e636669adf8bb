"""The line below the text that tells of a message quoted with its layout, and shows it."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from desktopmail.mime import compose
from desktopmail.mime.address import Mailbox
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.html_views import make_html_view
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from desktopmail.mime.compose import Draft, File
    from desktopmail.mime.quoted import Quoted
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.html_views import AnyHtmlView
    from desktopmail.ui.theme.theme import Theme

_SHOWN_HEIGHT = 260
_NOBODY = Mailbox("", "nobody@desktopmail.invalid")


class QuoteStrip(QFrame):
    """What is quoted below the text.

    Args:
        theme: Colours.
        scope: Where it is made ready to be shown.
        web: Whether QtWebEngine may show it.
        parent: The window.

    Signals:
        changed: It was taken off.
        edit_wanted: It is to be edited as text, without its layout (Quoted).
    """

    changed = Signal()
    edit_wanted = Signal(object)

    def __init__(self, theme: Theme, scope: TaskScope, *, web: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("fileStrip")
        self._theme = theme
        self._scope = scope
        self._web = web
        self._files: tuple[File, ...] = ()
        self.quoted: Quoted | None = None
        self.view: AnyHtmlView | None = None
        self.hide()

    def _build(self) -> None:
        """Make what is shown: most messages quote nothing so."""
        picture = QLabel(self)
        self._theme.depict(picture, "quote", "muted", 18)
        words = WrappedLabel(tr("quoted.title"), self)
        words.setProperty("kind", "small")
        self.setAccessibleName(words.text())
        self.show_button = self._button("quoted.show")
        self.edit_button = self._button("quoted.edit")
        self.remove_button = self._button("quoted.remove")
        self.show_button.setCheckable(True)
        self.edit_button.setToolTip(tr("quoted.edit_why"))
        self.show_button.toggled.connect(self._toggle)
        self.edit_button.clicked.connect(lambda _on=False: self.edit_wanted.emit(self.quoted))
        self.remove_button.clicked.connect(lambda _on=False: self.take_off())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(picture)
        row.addWidget(words, 1)
        for button in (self.show_button, self.edit_button, self.remove_button):
            row.addWidget(button)
        self._lines = QVBoxLayout(self)
        set_margins(self._lines, 18, 4, 12, 4)
        self._lines.setSpacing(6)
        self._lines.addLayout(row)

    def _button(self, key: str) -> QPushButton:
        button = QPushButton(tr(key), self)
        button.setProperty("kind", "link")
        return button

    def show_quoted(self, draft: Draft) -> None:
        """Tell of what a draft quotes, if it does; called once."""
        self.quoted = draft.quoted
        self._files = draft.files
        if draft.quoted is not None:
            self._build()
        self.setVisible(draft.quoted is not None)

    @property
    def pictures(self) -> tuple[File, ...]:
        """The pictures that stand in it."""
        names = self.quoted.pictures if self.quoted is not None else ()
        return tuple(file for file in self._files if file.content_id in names)

    def take_off(self) -> None:
        """Quote nothing any more."""
        self.quoted = None
        self.hide()
        self.changed.emit()

    async def close_view(self) -> None:
        """End what the view does, before it is deleted."""
        if self.view is not None:
            await self.view.scope.close()

    def _toggle(self, shown: bool) -> None:
        self.show_button.setText(tr("quoted.hide" if shown else "quoted.show"))
        if self.view is not None:
            self.view.setVisible(shown)
        elif shown:
            self._scope.spawn(self._show(), name=tr("quoted.show"))

    async def _show(self) -> None:
        if self.quoted is None or self.view is not None:
            return
        draft = compose.Draft(_NOBODY, html="", quoted=self.quoted, files=self.pictures)
        letter = await asyncio.get_running_loop().run_in_executor(None, _letter_of, draft)
        self.view = make_html_view(self._theme, None, self, web=self._web)
        self.view.setFixedHeight(_SHOWN_HEIGHT)
        self.view.show_letter(letter)
        self._lines.addWidget(self.view)
        self.view.setVisible(self.show_button.isChecked())


def _letter_of(draft: Draft) -> Letter:
    """Read what is quoted as its reader will."""
    composed = compose.build(
        draft, date=datetime.now(UTC), message_id="shown@desktopmail.invalid", boundary="shown"
    )
    letter = read_letter(composed.octets)
    return dataclasses.replace(letter, page=letter.html.html if letter.html is not None else "")
