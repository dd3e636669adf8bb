"""What is being done and what waits: accounts, the outbox, the journal of operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import (
    AnyCommand,
    CancelSending,
    DiscardOperation,
    RetryOperation,
    RetrySending,
    SyncAccounts,
)
from desktopmail.door.rows import (
    AccountRow,
    ConnectionState,
    OperationRow,
    SendingRow,
    SendingState,
)
from desktopmail.ui.dates import short_date
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title, state_text
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.ui.window import MainWindow

_CANCELLABLE = {SendingState.QUEUED, SendingState.CONNECTING, SendingState.FAILED}
_LET_GO_MS = 200
_SENDING_ICONS = {
    SendingState.DONE: ("check", "success"),
    SendingState.ACCEPTED: ("check", "success"),
    SendingState.FAILED: ("alert", "danger"),
    SendingState.UNSURE: ("help", "warning"),
}


class ActivityWindow(QWidget):
    """Three lists: accounts, outbox, journal; each line with what one can do about it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._window = window
        self.setWindowTitle(tr("verb.activity"))
        self.resize(window.theme.room(620, 560))
        self._host = QWidget(self)
        self._host.setObjectName("activityHost")
        self._lines = QVBoxLayout(self._host)
        self._lines.setContentsMargins(20, 14, 20, 20)
        self._lines.setSpacing(8)
        area = QScrollArea(self)
        area.setWidget(self._host)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(area)
        window.bridge.changed.connect(self.refresh)
        self._told: object = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LET_GO_MS)
        self._later.timeout.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now; a button that is being pressed stays until it is let go."""
        reader = self._window.reader
        told = (reader.accounts(), reader.sendings(), reader.operations())
        if told == self._told:
            return
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._later.start()
            return
        self._told = told
        accounts, sendings, operations = told
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._section(tr("activity.accounts"), [self._account(it) for it in accounts])
        self._section(tr("tree.outbox"), [self._sending(it) for it in reversed(sendings)])
        self._section(tr("activity.operations"), [self._operation(it) for it in operations])
        self._lines.addStretch(1)

    def _section(self, title: str, rows: Sequence[QWidget]) -> None:
        heading = QLabel(title, self._host)
        heading.setProperty("kind", "heading")
        heading.setContentsMargins(0, 8, 0, 0)
        self._lines.addWidget(heading)
        if not rows:
            nothing = QLabel(tr("activity.nothing"), self._host)
            nothing.setProperty("kind", "muted")
            self._lines.addWidget(nothing)
        for row in rows:
            self._lines.addWidget(row)

    def _account(self, account: AccountRow) -> QWidget:
        icon, token = {
            ConnectionState.READY: ("check", "success"),
            ConnectionState.FAILED: ("alert", "danger"),
            ConnectionState.OFFLINE: ("offline", "faint"),
        }.get(account.state, ("sync", "accent"))
        text = state_text(account)
        if account.last_alive_s:
            now = datetime.now(UTC).astimezone()
            text += " · " + tr("activity.alive", when=short_date(account.last_alive_s, now))
        title = f"{account_title(account)} · {account.kind.value.upper()}"
        card, row = self._card(icon, token, title, text)
        self._button(row, tr("verb.get_mail"), SyncAccounts(account_ids=(account.id,), wait=False))
        return card

    def _sending(self, sending: SendingRow) -> QWidget:
        state = sending.state
        if state is SendingState.UNSURE and not sending.problem:
            state = SendingState.TRANSMITTING  # the reply to the final dot is still to come
        text = f"{tr(f'sending.{state.value}')} · {', '.join(sending.recipients)}"
        icon, token = _SENDING_ICONS.get(state, ("sent", "accent"))
        if sending.problem:
            text += f"\n{said(sending.problem)}"
        card, row = self._card(icon, token, sending.subject or tr("list.no_subject"), text)
        if sending.state is SendingState.FAILED:
            self._button(row, tr("problem.retry"), RetrySending(sending_id=sending.id))
        if sending.state in _CANCELLABLE:
            self._button(row, tr("error.cancel"), CancelSending(sending_id=sending.id))
        return card

    def _operation(self, operation: OperationRow) -> QWidget:
        failed = operation.state == "failed"
        text = said(operation.problem or "") or tr(f"operation.{operation.state}")
        card, row = self._card(
            "alert" if failed else "clock",
            "danger" if failed else "faint",
            said(operation.label),
            text,
        )
        if failed:
            self._button(row, tr("problem.retry"), RetryOperation(operation_id=operation.id))
            self._button(row, tr("activity.discard"), DiscardOperation(operation_id=operation.id))
        return card

    def _card(self, icon: str, token: str, title: str, text: str) -> tuple[QFrame, QHBoxLayout]:
        card = QFrame(self._host)
        card.setProperty("kind", "card")
        card.setAccessibleName(f"{title}. {text}")
        picture = QLabel(card)
        picture.setPixmap(self._window.theme.picture(icon, token, 20))
        name = ElidedLabel(title, card)
        words = QLabel(text, card)
        words.setProperty("kind", "small")
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(name)
        texts.addWidget(words)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 9, 8, 9)
        row.setSpacing(12)
        row.addWidget(picture)
        row.addLayout(texts, 1)
        return card, row

    def _button(self, row: QHBoxLayout, title: str, command: AnyCommand) -> None:
        button = QPushButton(title)
        button.setProperty("kind", "link")

        async def give() -> None:
            await self._window.door.command(command)

        button.clicked.connect(lambda: self._window.scope.spawn(give(), name=title))
        row.addWidget(button)
