"""Words typed into the search field, where they are looked for, and the view of what they find."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Column, View
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.panes.scope_bar import Scope
from desktopmail.ui.sentences import said_of
from desktopmail.ui.suggestions import Suggestion, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.interface import StoreReader
    from desktopmail.ui.window import MainWindow

_KEPT = 12


class Searching(QObject):
    """Searches in the mailbox that was open, its account, or everywhere; hits count in a thread.

    Args:
        window: Its search field, and the list that shows what was found.
        make_reader: Opens a connection to the store that a thread may use.
    """

    def __init__(self, window: MainWindow, make_reader: Callable[[], StoreReader]) -> None:
        super().__init__(window)
        self._window = window
        self.make_reader = make_reader
        self.scope = Scope.MAILBOX
        self._turn = 0
        self._field = window.tool_bar.search
        self._field.offer = self._offer
        self._field.wanted.connect(self._search)
        self._field.decided.connect(self._remember)
        self._field.left.connect(lambda: window.list_pane.list.setFocus())
        window.list_pane.scope_bar.chosen.connect(self._look_elsewhere)

    def begin_at(self, name: str) -> None:
        """Another mailbox is open: a search begins there."""
        self._turn += 1  # what is still being searched is wanted no longer
        self.scope = Scope.MAILBOX
        self._field.forget()
        self._field.show_scope(name)

    def _offer(self, text: str) -> list[Suggestion]:
        recent = self._window.settings.texts("recent_searches")
        return suggest(text, self._window.reader, recent)

    def _remember(self, words: str) -> None:
        settings = self._window.settings
        others = [it for it in settings.texts("recent_searches") if it != words]
        try:
            settings.set("recent_searches", [words, *others][:_KEPT])
        except OSError as error:
            self._window.say(tr("settings.not_kept", error=error.strerror or str(error)))

    def _look_elsewhere(self, scope: Scope) -> None:
        self.scope = scope
        self._search(self._field.text().strip())

    def _search(self, words: str) -> None:
        window = self._window
        if not words:
            self._turn += 1
            if window.list_pane.view.query:
                window.in_view.open_again()
            return
        view = msgspec.structs.replace(
            self._views()[self.scope], query=words, column=Column.DATE, descending=True
        )
        self._turn += 1
        window.scope.spawn(self._find(view, self._turn), name=tr("task.search"))

    def _views(self) -> dict[Scope, View]:
        """The rows of each scope that makes sense where one is."""
        window = self._window
        views = {Scope.MAILBOX: window.in_view.view or View()}
        account_id = window.in_view.account_id
        if account_id is not None:
            boxes = window.reader.mailboxes(account_id)
            views[Scope.ACCOUNT] = View(mailbox_ids=tuple(box.id for box in boxes))
        views[Scope.EVERYWHERE] = View()
        return views

    def _names(self) -> dict[Scope, str]:
        window = self._window
        names = {Scope.MAILBOX: window.in_view.title}
        account_id = window.in_view.account_id
        account = next((row for row in window.accounts() if row.id == account_id), None)
        if account is not None:
            names[Scope.ACCOUNT] = account_title(account)
        names[Scope.EVERYWHERE] = tr("search.everywhere")
        return names

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
            self._window.say(said_of(error))
            return
        if turn == self._turn and self._field.text().strip():
            pane = self._window.list_pane
            pane.scope_bar.show_scope(self.scope, self._names())
            pane.show_found(tr("search.title"), view, found)
