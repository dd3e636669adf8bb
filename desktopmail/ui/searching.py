"""Words typed into the search field, where they are looked for, and the view of what they find."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from desktopmail.door.interface import DoorError
from desktopmail.door.named import named_mailboxes, partly_searched
from desktopmail.door.queries import SearchServers, ServerHits
from desktopmail.door.rows import Column, View
from desktopmail.door.search import SearchError
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.mailboxes import account_title, mailbox_title
from desktopmail.ui.models.messages import COUNTED_FIRST, PAGE_ROWS
from desktopmail.ui.panes.scope_bar import Scope
from desktopmail.ui.sentences import said, said_of
from desktopmail.ui.suggestions import Suggestion, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.ids import MailboxId
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.window import MainWindow

_KEPT = 12
_NAMED = 3
# Who types on for so long wants other words: what was found is not counted to its end.
_PAUSE_S = 0.3


@dataclass(frozen=True, slots=True)
class _Found:
    """What a thread found.

    Attributes:
        count: How many rows.
        first: The first of them.
        partly: The mailboxes looked into that are not wholly here.
        waiting: How many messages no words find yet.
    """

    count: int
    first: list[MessageRow]
    partly: list[MailboxId]
    waiting: int


class Searching(QObject):
    """Searches in the mailbox that was open, its account, or everywhere; hits count in a thread.

    Words that name a mailbox (`in:`, `account:`) are looked for where that is, in the narrowest
    scope that has it, and no narrower one is offered.

    Args:
        window: Its search field, and the list that shows what was found.
        make_reader: Opens a connection to the store that a thread may use.

    Attributes:
        scope: Where a person wants to search.
    """

    def __init__(self, window: MainWindow, make_reader: Callable[[], StoreReader]) -> None:
        super().__init__(window)
        self._window = window
        self.make_reader = make_reader
        self.scope = Scope.MAILBOX
        self._turn = 0
        self._is_stale = self._is_counting = False
        self._field = window.tool_bar.search
        self._field.offer = self._offer
        self._field.wanted.connect(self._search)
        self._field.decided.connect(self._remember)
        self._field.left.connect(window.list_pane.list.enter)
        window.list_pane.search_left.connect(window.in_view.open_again)
        window.list_pane.search_wanted.connect(self._search_again)
        window.list_pane.scope_bar.chosen.connect(self._look_elsewhere)
        window.list_pane.scope_bar.servers_wanted.connect(self._ask_servers)

    def begin_at(self, name: str) -> None:
        """Another mailbox is open: a search begins there; from the outbox it is everywhere."""
        self._turn += 1  # what is still being searched is wanted no longer
        self.scope = Scope.MAILBOX
        self._field.forget()
        is_somewhere = self._window.in_view.view is not None
        self._field.show_scope(tr("search.in", name=name) if is_somewhere else tr("search.name"))

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
            if window.list_pane.is_search:
                window.in_view.open_again()
            return
        rows = self._views()[self._in_force(self._fitting(words))]
        self._search_again(
            msgspec.structs.replace(rows, query=words, column=Column.DATE, descending=True)
        )

    def _search_again(self, view: View) -> None:
        self._turn += 1
        self._window.scope.spawn(self._find(view, self._turn), name=tr("task.search"))

    def _views(self) -> dict[Scope, View]:
        """The rows of each scope that makes sense where one is."""
        window = self._window
        here = window.in_view.view
        views = {Scope.MAILBOX: here} if here is not None else {}
        account_id = window.in_view.account_id
        if account_id is not None:
            boxes = window.reader.mailboxes(account_id)
            views[Scope.ACCOUNT] = View(mailbox_ids=tuple(box.id for box in boxes))
        views[Scope.EVERYWHERE] = View()
        return views

    def _fitting(self, words: str) -> list[Scope]:
        """The scopes that have a mailbox of each name among the words; all where none has."""
        reader, views = self._window.reader, self._views()
        boxes = reader.mailboxes()
        try:
            named = named_mailboxes(words, boxes, reader.accounts())
        except SearchError:  # is said where what was found would stand
            return list(views)
        everywhere = {box.id for box in boxes}
        looked_into = {scope: set(view.mailbox_ids) or everywhere for scope, view in views.items()}
        fitting = [
            scope
            for scope, into in looked_into.items()
            if all(not into.isdisjoint(one) for one in named)
        ]
        return fitting or list(views)

    def _in_force(self, fitting: Sequence[Scope]) -> Scope:
        return self.scope if self.scope in fitting else fitting[0]

    def _show_scope(self, words: str) -> None:
        fitting, names = self._fitting(words), self._names()
        offered = {scope: name for scope, name in names.items() if scope in fitting}
        self._window.list_pane.scope_bar.show_scope(self._in_force(fitting), offered)

    def _names(self) -> dict[Scope, str]:
        window = self._window
        names = {Scope.MAILBOX: window.in_view.title} if window.in_view.view is not None else {}
        account_id = window.in_view.account_id
        account = next((row for row in window.accounts() if row.id == account_id), None)
        if account is not None:
            names[Scope.ACCOUNT] = account_title(account)
        names[Scope.EVERYWHERE] = tr("search.everywhere")
        return names

    async def _find(self, view: View, turn: int) -> None:
        """Show the first of what is found, then how much it is."""
        pane = self._window.list_pane
        try:
            found = await self._look(pane.filtered(view), COUNTED_FIRST)
        except DoorError as error:
            if self._is_wanted(turn):
                self._show_scope(view.query)
                pane.scope_bar.show_reach("", more=False)
                pane.show_refused(tr("search.title"), view, said_of(error))
            return
        if not self._is_wanted(turn):
            return
        self._show_scope(view.query)
        said_here = []
        if found.partly:
            said_here.append(tr("search.partly_here", names=self._paths(found.partly)))
        if found.waiting:
            said_here.append(trn("search.indexing", found.waiting))
        reach = " ".join(said_here) or tr("search.all_here")
        pane.scope_bar.show_reach(reach, more=bool(found.partly))
        pane.show_found(tr("search.title"), view, found.count, found.first)
        self.count_again()

    def count_again(self) -> None:
        """Count what is shown to its end: only its beginning was counted, or the store changed."""
        if self._window.list_model.rowCount() < COUNTED_FIRST:
            return
        self._is_stale = True
        if not self._is_counting:
            self._window.scope.spawn(self._count_all(), name=tr("task.search"))

    async def _count_all(self) -> None:
        pane, clock = self._window.list_pane, asyncio.get_running_loop().time
        self._is_counting, pause_s = True, _PAUSE_S
        try:
            while self._is_stale:
                await asyncio.sleep(pause_s)
                self._is_stale, view, begun_s = False, pane.view, clock()
                if view.is_plain:
                    return
                try:
                    whole = await self._look(view, None)
                except DoorError as error:
                    self._window.say(said_of(error))
                    return
                if pane.view == view:
                    pane.tell_found(whole.count)
                pause_s = max(_PAUSE_S, clock() - begun_s)
        finally:
            self._is_counting = False

    async def _look(self, view: View, most: int | None) -> _Found:
        """The first rows of a view, and how many it has.

        Raises:
            DoorError: The query cannot be understood, or the store not be read.
        """

        def look() -> _Found:
            reader = self.make_reader()
            try:
                return _Found(
                    count=reader.count(view, most),
                    first=reader.window(view, 0, PAGE_ROWS) if most is not None else [],
                    partly=partly_searched(reader, view),
                    waiting=reader.unindexed(),
                )
            finally:
                reader.close()

        return await asyncio.get_running_loop().run_in_executor(None, look)

    def _is_wanted(self, turn: int) -> bool:
        return turn == self._turn and bool(self._field.text().strip())

    def _paths(self, mailbox_ids: Sequence[MailboxId]) -> str:
        """The names of mailboxes, as many as one reads."""
        titles = {box.id: mailbox_title(box) for box in self._window.reader.mailboxes()}
        names = list(dict.fromkeys(titles[one] for one in mailbox_ids if one in titles))
        shown = ", ".join(names[:_NAMED])
        more = len(names) - _NAMED
        return trn("search.and_more", more, names=shown) if more > 0 else shown

    def _ask_servers(self) -> None:
        self._turn += 1
        self._window.scope.spawn(self._find_there(self._turn), name=tr("task.search"))

    async def _find_there(self, turn: int) -> None:
        """Merge in what servers find; what was found here stays in sight meanwhile."""
        pane = self._window.list_pane
        view = msgspec.structs.replace(pane.view, also=())
        pane.scope_bar.show_reach(tr("search.asking"), more=True, busy=True)
        try:
            answer = await self._window.door.query(
                SearchServers(query=view.query, mailbox_ids=view.mailbox_ids)
            )
            if not isinstance(answer, ServerHits) or not self._is_wanted(turn):
                return
            both = msgspec.structs.replace(view, also=answer.placement_ids)
            found = await self._look(pane.filtered(both), COUNTED_FIRST)
        except DoorError as error:
            if self._is_wanted(turn):
                pane.scope_bar.show_reach(said_of(error), more=True)
            return
        if not self._is_wanted(turn):
            return
        asked = tr("search.asked", names=self._paths(answer.asked)) if answer.asked else ""
        notes = [said(note) for note in answer.notes]
        pane.scope_bar.show_reach(" ".join([asked, *notes]).strip(), more=bool(notes))
        pane.show_found(tr("search.title"), both, found.count, found.first)
        self.count_again()
