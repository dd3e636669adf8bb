"""Keeps what the window shows true: what changed in the store, and the day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktopmail.door.rows import ProblemRow
from desktopmail.ui.dates import until_midnight

if TYPE_CHECKING:
    from desktopmail.ui.bridge import Gathered
    from desktopmail.ui.window import MainWindow


class Upkeep(QObject):
    """Brings each part of the window up to date, no more of them than a change touches."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.bridge.changed.connect(self._store_changed)
        window.tags.changed.connect(self._tags_changed)
        self._tags_changed()
        self._midnight = QTimer(self)  # "today" is no longer true then
        self._midnight.setSingleShot(True)
        self._midnight.timeout.connect(self._new_day)
        self._new_day()

    def accounts_changed(self) -> None:
        """Show the accounts, or the first-run page while there is none."""
        window = self._window
        accounts = window.accounts()
        window.status_line.show_accounts(accounts, datetime.now(UTC).astimezone())
        if window.pages.follow(has_accounts=bool(accounts)):
            window.in_view.choose_first()
        window.tool_bar.search.setEnabled(bool(accounts))
        window.update_actions()

    def _store_changed(self, gathered: Gathered) -> None:
        window = self._window
        if gathered.tree:
            window.tree_model.store_trouble = window.bridge.store_trouble.what
            window.tree_model.refresh()
            window.unread.refresh()
            self.accounts_changed()
        if gathered.tags:
            window.tags.refresh(window.reader)
        if gathered.progress:
            window.status_line.show_progress(gathered.progress)
        if gathered.problems or gathered.questions or gathered.tree:
            self._show_problems()
        messages = window.list_pane.list
        if gathered.mailboxes is None or gathered.touches(window.list_pane.view.mailbox_ids):
            messages.refresh()
            if not window.list_pane.view.is_plain:
                window.searching.count_again()
            window.shown.forget_what_left()
        if gathered.arrived:
            window.notifications.tell(gathered.arrived)
        window.notifications.store_changed()
        window.update_actions()

    def _show_problems(self) -> None:
        window = self._window
        problems, questions = self._problems(), window.reader.questions()
        accounts = window.accounts()
        window.problems.show_them(problems, questions, accounts, window.door, window.scope)
        window.status_line.show_problems(len(problems))

    def _problems(self) -> list[ProblemRow]:
        """What is wrong; that the store cannot be written is said once, for all accounts."""
        trouble = self._window.bridge.store_trouble
        problems = self._window.reader.problems()
        if not trouble.what:
            return problems
        found = ProblemRow(
            account_id=None, service="store", what=trouble.what, remedy=trouble.remedy, at_s=0
        )
        return [*(one for one in problems if one.what != trouble.what), found]

    def _tags_changed(self) -> None:
        window = self._window
        window.actions_by_name.name_tags([tag.label for tag in window.tags.numbered()])
        window.list_pane.list.viewport().update()

    def _new_day(self) -> None:
        self._window.list_pane.list.viewport().update()
        left = until_midnight(datetime.now(UTC).astimezone())
        self._midnight.start(max(int(left.total_seconds() * 1_000), 1_000))
