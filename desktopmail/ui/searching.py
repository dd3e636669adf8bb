"""Words typed into the search field, and the view of what they find."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Column, View
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.interface import StoreReader
    from desktopmail.ui.window import MainWindow


class Searching(QObject):
    """Searches in the view that was open; the hits are counted in a thread.

    Args:
        window: Its search field, and the list that shows what was found.
        make_reader: Opens a connection to the store that a thread may use.
    """

    def __init__(self, window: MainWindow, make_reader: Callable[[], StoreReader]) -> None:
        super().__init__(window)
        self._window = window
        self.make_reader = make_reader
        self._field = window.tool_bar.search
        self._field.wanted.connect(self._search)
        self._field.left.connect(lambda: window.list_pane.list.setFocus())
        self._turn = 0

    def _search(self, words: str) -> None:
        window = self._window
        if not words:
            if window.list_pane.view.query:
                window.open_shown_again()
            return
        scope = window.shown_view()
        view = msgspec.structs.replace(
            scope or View(),
            query=words,
            column=Column.DATE,
            descending=True,
        )
        self._turn += 1
        window.scope.spawn(self._find(view, self._turn), name=tr("task.search"))

    async def _find(self, view: View, turn: int) -> None:
        def count() -> int:
            reader = self.make_reader()
            try:
                return reader.count(view)
            finally:
                reader.close()

        try:
            found = await asyncio.get_running_loop().run_in_executor(None, count)
        except DoorError as error:
            self._window.say(str(error))
            return
        if turn == self._turn and self._field.text().strip():
            self._window.list_pane.show_found(tr("search.title"), view, found)
