"""The line at the bottom: what is being done, how far it is, what is wrong, where a link leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QToolButton, QWidget

from desktopmail.ui.dates import short_date
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.language import tr, trn
from desktopmail.ui.margins import set_margins
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desktopmail.door.changes import Progress
    from desktopmail.door.rows import AccountRow
    from desktopmail.ui.theme.theme import Theme


class StatusLine(QFrame):
    """Shows progress while there is any, else when a server was last heard of.

    Signals:
        activity_wanted: The activity panel is wanted.
    """

    activity_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self._work: dict[tuple[int, str], Progress] = {}
        self._rest = ""
        self._label = ElidedLabel("", self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._bar.setAccessibleName(tr("status.progress"))
        self._bar.hide()
        self._link = ElidedLabel("", self)
        self._link.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._link.hide()
        self._problems = QToolButton(self)
        self._problems.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._problems.clicked.connect(self.activity_wanted)
        theme.tint(self._problems, "alert", "danger")
        self._problems.hide()
        row = QHBoxLayout(self)
        set_margins(row, 12, 2, 10, 2)
        row.setSpacing(10)
        row.addWidget(self._label, 2)
        row.addWidget(self._bar)
        row.addWidget(self._link, 3)
        row.addWidget(self._problems)
        self.setFixedHeight(self.fontMetrics().height() + 12)
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.timeout.connect(self._show)
        self._sentence = ""

    def show_progress(self, progress: dict[tuple[int, str], Progress]) -> None:
        """Take in the last word on pieces of work."""
        for key, word in progress.items():
            if word.finished or (word.total and word.done >= word.total):
                self._work.pop(key, None)
            else:
                self._work[key] = word
        self._show()

    def forget_progress(self) -> None:
        """The engine that worked is gone."""
        self._work.clear()
        self._show()

    def show_accounts(self, accounts: Sequence[AccountRow], now: datetime) -> None:
        """Say how the accounts are when nothing is being done."""
        if accounts and all(account.state.value == "offline" for account in accounts):
            self._rest = tr("status.offline")
        else:
            alive = [account.last_alive_s for account in accounts if account.last_alive_s]
            when = short_date(max(alive), now) if alive else ""
            failed = any(account.state.value == "failed" for account in accounts)
            state = "not_up_to_date" if failed else "up_to_date"
            self._rest = tr(f"status.{state}", when=when) if when else ""
        self._show()

    def show_problems(self, count: int) -> None:
        """Show that something is wrong."""
        self._problems.setVisible(count > 0)
        self._problems.setText(trn("status.problems", count))

    def show_link(self, target: str) -> None:
        """Show where a link leads; where there is none, the rest has its room."""
        self._link.set_full_text(target)
        self._link.setVisible(bool(target))

    def say(self, text: str, *, shown_ms: int = 5_000) -> None:
        """Show a sentence for some seconds."""
        self._sentence = text
        self._said.start(shown_ms)
        self._show()

    @property
    def text(self) -> str:
        """What it says."""
        return self._label.full_text

    def _show(self) -> None:
        if self._said.isActive() and not self._work:
            self._label.set_full_text(self._sentence)
            self._bar.hide()
            return
        if not self._work:
            self._label.set_full_text(self._rest)
            self._bar.hide()
            return
        word = next(reversed(self._work.values()))
        more = len(self._work) - 1
        self._label.set_full_text(
            said(word.label) + (f" · {trn('status.more', more)}" if more else "")
        )
        totals = [work for work in self._work.values() if work.total]
        if totals:
            self._bar.setRange(0, sum(work.total for work in totals))
            self._bar.setValue(sum(work.done for work in totals))
        else:
            self._bar.setRange(0, 0)
        self._bar.show()
