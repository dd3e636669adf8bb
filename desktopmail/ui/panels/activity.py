"""What is being done and what waits: accounts, the outbox, the journal of operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
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
    SetOffline,
    SyncAccounts,
)
from desktopmail.door.rows import (
    UNSURE_SENDING,
    AccountRow,
    ConnectionState,
    OperationRow,
    QuestionRow,
    SendingRow,
    SendingState,
)
from desktopmail.ui.dates import short_date
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title, state_text
from desktopmail.ui.panels.card import Card
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.ui.window import MainWindow

_FIRST, _MANY = 6, 10  # of a thousand recipients a line takes 100 ms
_CANCELLABLE = {SendingState.QUEUED, SendingState.CONNECTING, SendingState.FAILED}
_LET_GO_MS = 200
_SENDING_ICONS = {
    SendingState.DONE: ("check", "success"),
    SendingState.ACCEPTED: ("check", "success"),
    SendingState.FAILED: ("alert", "danger"),
    SendingState.UNSURE: ("help", "warning"),
}


class ActivityWindow(QWidget):
    """Three lists: accounts, outbox, journal; each card with what one can do about it."""

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
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        told = (reader.accounts(), reader.sendings(), reader.operations(), reader.questions())
        if told == self._told:
            return
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._later.start()
            return
        self._told = told
        accounts, sendings, operations, questions = told
        asked = {it.subject_id: it for it in questions if it.kind == UNSURE_SENDING}
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._section(tr("activity.accounts"), [self._account(it) for it in accounts])
        sent = [self._sending(it, asked.get(it.id)) for it in reversed(sendings)]
        self._section(tr("tree.outbox"), sent)
        self._section(tr("activity.operations"), [self._operation(it) for it in operations])
        self._lines.addStretch(1)

    def _section(self, title: str, rows: Sequence[QWidget]) -> None:
        heading = Label(title, self._host)
        heading.setProperty("kind", "heading")
        heading.setContentsMargins(0, 8, 0, 0)
        self._lines.addWidget(heading)
        if not rows:
            nothing = Label(tr("activity.nothing"), self._host)
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
            alive = tr("activity.alive", when=short_date(account.last_alive_s, now))
            text = f"{text.removesuffix('.')} · {alive}"
        title = f"{account_title(account)} · {account.kind.value.upper()}"
        card = self._card((icon, token), title, text)
        if account.state is ConnectionState.OFFLINE:
            self._offer(card, tr("problem.go_online"), SetOffline(offline=False))
        else:
            sync = SyncAccounts(account_ids=(account.id,), wait=False)
            self._offer(card, tr("verb.get_mail"), sync)
        return card

    def _sending(self, sending: SendingRow, question: QuestionRow | None) -> QWidget:
        state = sending.state
        if state is SendingState.UNSURE and not (sending.problem or question):
            state = SendingState.TRANSMITTING  # the reply to the final dot is still to come
        text = f"{tr(f'sending.{state.value}')} · {_people(sending.recipients)}"
        icon = _SENDING_ICONS.get(state, ("sent", "accent"))
        why = question.text if question is not None else sending.problem
        if why:
            text += "".join(f"\n{said(line)}" for line in why.splitlines())
        title = sending.subject or tr("list.no_subject")
        card = self._card(icon, title, text, kind="warning" if question is not None else "card")
        if question is not None:
            window = self._window
            window.problems.offer_answers(card, question, window.door, window.scope)
        if sending.state is SendingState.FAILED or sending.waits_for_retry:
            self._offer(card, tr("problem.retry"), RetrySending(sending_id=sending.id))
        if sending.state in _CANCELLABLE:
            self._offer(card, tr("error.cancel"), CancelSending(sending_id=sending.id))
        return card

    def _operation(self, operation: OperationRow) -> QWidget:
        failed = operation.state == "failed"
        text = said(operation.problem or "") or tr(f"operation.{operation.state}")
        icon = ("alert", "danger") if failed else ("clock", "faint")
        card = self._card(icon, said(operation.label), text)
        if failed:
            self._offer(card, tr("problem.retry"), RetryOperation(operation_id=operation.id))
            self._offer(card, tr("activity.discard"), DiscardOperation(operation_id=operation.id))
        return card

    def _card(self, icon: tuple[str, str], title: str, text: str, *, kind: str = "card") -> Card:
        return Card(self._window.theme, kind, icon, title, text, self._host)

    def _offer(self, card: Card, title: str, command: AnyCommand) -> None:
        async def give() -> None:
            await self._window.door.command(command)

        card.offer(title, lambda: self._window.scope.spawn(give(), name=title))


def _people(addresses: Sequence[str]) -> str:
    """Whom a message goes to: of many the first, and how many more."""
    if len(addresses) <= _MANY:
        return ", ".join(addresses)
    more = tr("compose.more_people", n=len(addresses) - _FIRST)
    return f"{', '.join(addresses[:_FIRST])} {more}"
