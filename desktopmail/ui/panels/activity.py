"""What is being done and what waits: accounts, the outbox, the journal of operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktopmail.door.commands import (
    DiscardOperation,
    RetryOperation,
    SetOffline,
    SyncAccounts,
)
from desktopmail.door.rows import (
    AccountRow,
    ConnectionState,
    OperationRow,
    QuestionRow,
    SendingRow,
)
from desktopmail.ui.dates import short_date
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title, state_text
from desktopmail.ui.panels.card import Card
from desktopmail.ui.panels.live_cards import LiveCards
from desktopmail.ui.panels.sending_cards import offer_command, sending_cards
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.ui.window import MainWindow

Told = tuple[list[AccountRow], list[SendingRow], list[OperationRow], list[QuestionRow]]


class ActivityWindow(QWidget):
    """Three lists: accounts, outbox, journal; each card with what one can do about it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._window = window
        self.setWindowTitle(tr("verb.activity"))
        self.resize(window.theme.room(620, 560))
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(LiveCards(window.bridge, self._read, self._make, self))

    def _read(self) -> Told:
        reader = self._window.reader
        return (reader.accounts(), reader.sendings(), reader.operations(), reader.questions())

    def _make(self, told: Told, host: QWidget) -> list[QWidget]:
        accounts, sendings, operations, questions = told
        cards = sending_cards(self._window, sendings, questions, host)
        return [
            *_section(tr("activity.accounts"), [self._account(it, host) for it in accounts], host),
            *_section(tr("tree.outbox"), cards, host),
            *_section(
                tr("activity.operations"), [self._operation(it, host) for it in operations], host
            ),
        ]

    def _account(self, account: AccountRow, host: QWidget) -> QWidget:
        icon = {
            ConnectionState.READY: ("check", "success"),
            ConnectionState.FAILED: ("alert", "danger"),
            ConnectionState.OFFLINE: ("offline", "faint"),
        }.get(account.state, ("sync", "accent"))
        text = state_text(account)
        if account.last_alive_s:
            now = datetime.now(UTC).astimezone()
            alive = tr("activity.alive", when=short_date(account.last_alive_s, now))
            text = f"{text.removesuffix('.')} · {alive}"
        title = f"{account_title(account)} · {account.kind.value.upper()}"
        card = Card(self._window.theme, "card", icon, title, text, host)
        if account.state is ConnectionState.OFFLINE:
            offer_command(self._window, card, tr("problem.go_online"), SetOffline(offline=False))
        else:
            sync = SyncAccounts(account_ids=(account.id,), wait=False)
            offer_command(self._window, card, tr("verb.get_mail"), sync)
        return card

    def _operation(self, operation: OperationRow, host: QWidget) -> QWidget:
        failed = operation.state == "failed"
        text = said(operation.problem or "") or tr(f"operation.{operation.state}")
        icon = ("alert", "danger") if failed else ("clock", "faint")
        card = Card(self._window.theme, "card", icon, said(operation.label), text, host)
        if failed:
            again = RetryOperation(operation_id=operation.id)
            offer_command(self._window, card, tr("problem.retry"), again)
            given_up = DiscardOperation(operation_id=operation.id)
            offer_command(self._window, card, tr("activity.discard"), given_up)
        return card


def _section(title: str, rows: Sequence[QWidget], host: QWidget) -> list[QWidget]:
    """A heading and what stands below it, or that there is nothing."""
    heading = Label(title, host)
    heading.setProperty("kind", "heading")
    heading.setContentsMargins(0, 8, 0, 0)
    if rows:
        return [heading, *rows]
    nothing = Label(tr("activity.nothing"), host)
    nothing.setProperty("kind", "muted")
    return [heading, nothing]
