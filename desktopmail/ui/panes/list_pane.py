"""The middle pane: the name of the mailbox, quick filters, and the message list below."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from desktopmail.door.ids import MailboxId
from desktopmail.door.rows import Column, View
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.language import tr, trn
from desktopmail.ui.margins import set_margins
from desktopmail.ui.models.messages import COUNTED_FIRST
from desktopmail.ui.panes.conversation_bar import ConversationBar
from desktopmail.ui.panes.message_list import MessageList
from desktopmail.ui.panes.scope_bar import ScopeBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent

    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.models.messages import MessageListModel
    from desktopmail.ui.theme.theme import Theme

NOWHERE = View(mailbox_ids=(MailboxId(0),))  # the store counts from 1
_WORDS = re.compile(r"\w+(?: \w+)*")
_LEAST_LIST = 70  # a scroll area alone would want more, and make the window higher
_FILTERS = (
    ("unread_only", "filter.unread", "mail-unread"),
    ("flagged_only", "filter.flagged", "star"),
    ("with_attachment", "filter.attachment", "paperclip"),
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown: its title, its rows without filters, and the filters that are on."""

    title: str
    base: View
    outgoing: bool
    filters: tuple[str, ...]


class ListPane(QFrame):
    """Shows one view: a mailbox, several joined, or what a search found.

    Signals:
        view_changed: Another view is shown.
        search_left: Escape was pressed in what a search found, or above it.
        search_wanted: A search, by this view, is to be done again: in another order, or filtered.
    """

    view_changed = Signal()
    search_left = Signal()
    search_wanted = Signal(object)

    def __init__(
        self, model: MessageListModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("listPane")
        self._model = model
        self._base = View()
        self._outgoing = False
        self._threads = False
        self._is_counting = False
        self._before: _Shown | None = None  # what a conversation was opened from
        self.list = MessageList(model, theme, self)
        self._title = ElidedLabel("", self)
        self._title.setProperty("kind", "heading")
        self._count = ElidedLabel("", self)
        self._count.setProperty("kind", "small")
        header = QFrame(self)
        header.setObjectName("listHeader")
        rows = QVBoxLayout(header)
        set_margins(rows, 16, 8, 8, 4)
        rows.setSpacing(0)
        rows.addWidget(self._title)
        row = QHBoxLayout()  # below the title, which needs the width of a narrow list
        row.setSpacing(2)
        row.addWidget(self._count, 1)
        rows.addLayout(row)
        self._filters: dict[str, QToolButton] = {}
        for field, key, icon in _FILTERS:
            button = QToolButton(header)
            button.setCheckable(True)
            button.setToolTip(tr(key))
            button.setAccessibleName(tr(key))
            theme.tint(button, icon)
            button.toggled.connect(self._filters_changed)
            self._filters[field] = button
            row.addWidget(button)
        self.tag_button = QToolButton(header)
        self.tag_button.setToolTip(tr("filter.tag"))
        self.tag_button.setAccessibleName(tr("filter.tag"))
        self.tag_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.tint(self.tag_button, "tag")
        row.addWidget(self.tag_button)
        self.sort_button = QToolButton(header)
        self.sort_button.setToolTip(tr("list.arrange"))
        self.sort_button.setAccessibleName(tr("list.arrange"))
        self.sort_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.tint(self.sort_button, "filter")
        row.addWidget(self.sort_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        self.scope_bar = ScopeBar(self)
        self.scope_bar.hide()
        layout.addWidget(self.scope_bar)
        self.conversation_bar = ConversationBar(self)
        self.conversation_bar.hide()
        self.conversation_bar.left.connect(self.leave_conversation)
        layout.addWidget(self.conversation_bar)
        self.list.setMinimumHeight(_LEAST_LIST)
        layout.addWidget(self.list, 1)
        self.list.sort_wanted.connect(self.sort)
        self.list.left.connect(self._leave)
        self.list.selection_changed.connect(self._show_count)
        model.modelReset.connect(self._show_count)
        model.refreshed.connect(self._show_count)
        self.setMinimumWidth(262)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    @property
    def buttons(self) -> list[QToolButton]:
        """The quick filters and what arranges the list, in their order."""
        return [*self._filters.values(), self.tag_button, self.sort_button]

    @property
    def view(self) -> View:
        """The view shown, with filters and order."""
        return self._model.view

    @property
    def is_search(self) -> bool:
        """Whether something is searched, found or not; also behind a conversation."""
        base = self._before.base if self._before is not None else self._base
        return bool(base.query)

    @property
    def is_conversation(self) -> bool:
        """Whether one conversation is shown, opened from a mailbox or a search."""
        return self._before is not None

    @property
    def title(self) -> str:
        """What the pane is headed with."""
        return self._title.full_text

    def show_view(self, title: str, view: View, *, outgoing: bool = False) -> None:
        """Show a mailbox, or several; a new mailbox begins without quick filters."""
        self._before = None
        self._title.set_full_text(title)
        self._outgoing = outgoing
        self._check_filters(())
        order = self._model.view
        self._base = msgspec.structs.replace(view, column=order.column, descending=order.descending)
        self._open()

    def show_found(
        self, title: str, view: View, count: int, first: Sequence[MessageRow] = ()
    ) -> None:
        """Show what a search found.

        Args:
            title: What to head it with.
            view: The search, without filters.
            count: How many rows `filtered(view)` has, counted up to `COUNTED_FIRST`.
            first: The first of them.
        """
        self._before = None
        self._title.set_full_text(title)
        self._base = view
        self._is_counting = count >= COUNTED_FIRST
        self._open(count=count, first=first)

    def show_refused(self, title: str, view: View, sentence: str) -> None:
        """Show why nothing can be looked for; what was found before stands there no longer.

        Args:
            title: What to head it with.
            view: The search, without filters.
            sentence: What is wrong with it.
        """
        self._before = None
        self._title.set_full_text(title)
        self._base = view
        self._is_counting = False
        nowhere = msgspec.structs.replace(view, mailbox_ids=NOWHERE.mailbox_ids, query="")
        self._show(nowhere, sentence, count=0)

    def show_conversation(self, row: MessageRow) -> None:
        """Show all messages of the conversation of a row, in whatever mailboxes they are."""
        if self._before is None:
            on = tuple(field for field, button in self._filters.items() if button.isChecked())
            self._before = _Shown(self.title, self._base, self._outgoing, on)
            self.conversation_bar.show_way_back(self.title)
        self._title.set_full_text(tr("conversation.title"))
        self._outgoing = False
        self._check_filters(())
        order = self._base
        self._base = View(thread_id=row.thread_id, column=order.column, descending=order.descending)
        self._open()

    def leave_conversation(self) -> None:
        """Show again what a conversation was opened from, if one is shown."""
        if self._before is None:
            return
        before, self._before = self._before, None
        self._title.set_full_text(before.title)
        self._base, self._outgoing = before.base, before.outgoing
        self._check_filters(before.filters)
        self._open_again()
        self.list.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape in a button above the list leaves what is shown, as it does in the list."""
        if event.key() == Qt.Key.Key_Escape and (self.is_conversation or self.is_search):
            self._leave()
            self.list.setFocus()  # the button may be gone
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        if self.is_conversation:
            self.leave_conversation()
        elif self.is_search:
            self.search_left.emit()

    def _check_filters(self, fields: Sequence[str]) -> None:
        """Have these quick filters on alone, and open nothing yet."""
        for field, button in self._filters.items():
            button.blockSignals(True)
            button.setChecked(field in fields)
            button.blockSignals(False)

    def tell_found(self, count: int) -> None:
        """Show how many rows the search has that is shown, all of them counted."""
        self._is_counting = False
        self._model.know_count(count)

    def filtered(self, view: View) -> View:
        """The view that is shown where this one is to be: with the filters that are on."""
        on = {field: True for field, button in self._filters.items() if button.isChecked()}
        gathers = self._threads and view.thread_id is None
        return msgspec.structs.replace(view, threads=gathers, **on)

    def sort(self, column: Column, descending: bool) -> None:
        """Order the rows by a column."""
        self._base = msgspec.structs.replace(self._base, column=column, descending=descending)
        self._open_again()

    @property
    def count_text(self) -> str:
        """How many rows there are, as it is said."""
        return self._count.full_text

    @property
    def threads(self) -> bool:
        """Whether rows of one thread are gathered."""
        return self._threads

    def set_threads(self, gathered: bool) -> None:
        """Show one row for each thread, or each message."""
        self._threads = gathered
        self._open_again()

    def toggle_filter(self, field: str) -> None:
        """Switch a quick filter."""
        self._filters[field].toggle()

    def filter_on(self, field: str) -> bool:
        """Whether a quick filter is on."""
        return self._filters[field].isChecked()

    def _filters_changed(self) -> None:
        self._open_again()

    def _open_again(self) -> None:
        if self._base.query:
            self.search_wanted.emit(self._base)
        else:
            self._open()

    def _open(self, count: int | None = None, first: Sequence[MessageRow] = ()) -> None:
        on = any(button.isChecked() for button in self._filters.values())
        view = self.filtered(self._base)
        self._show(view, self._empty_text(view, filtered=on), count=count, first=first)

    def _show(
        self, view: View, empty: str, *, count: int | None, first: Sequence[MessageRow] = ()
    ) -> None:
        kept = self.list.current_message()
        self._model.open(view, outgoing=self._outgoing, count=count, first=first)
        self.list.show_order(self._base.column, descending=self._base.descending)
        self.list.set_empty_text(empty)
        self.list.scrollToTop()
        if kept is None or not self.list.go_to_message(kept.id):
            self.list.current_changed.emit(None)
        self.scope_bar.setVisible(bool(self._base.query))
        self.conversation_bar.setVisible(self.is_conversation)
        self.view_changed.emit()

    def _empty_text(self, view: View, *, filtered: bool) -> str:
        if view.query:
            nothing = tr("list.nothing_found", query=view.query)
            if _WORDS.fullmatch(view.query) is None:
                return nothing
            hint = tr("list.beginnings", query=f"{view.query}*")
            return f"{nothing}\n\n{hint}"
        if view.mailbox_ids == NOWHERE.mailbox_ids:
            return tr("list.holds_mailboxes")
        return tr("list.nothing_matches") if filtered else tr("list.empty")

    def _show_count(self) -> None:
        total = self._model.rowCount()
        selected = self.list.selected_count()
        if selected > 1:
            key, number = "list.selected", selected
        elif not self._base.query:
            key, number = "list.threads" if self.view.threads else "list.messages", total
        else:
            key, number = ("list.found_more" if self._is_counting else "list.found"), total
        self._count.set_full_text(trn(key, number), short=QLocale().toString(number))
