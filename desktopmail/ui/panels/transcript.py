"""The protocol view: what was said between this program and the servers, and what it means.

Lines are grouped by action; secrets are masked where they were sent, so none can be here. A line
that is selected is explained beside the list, with the section of the RFC it comes from.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import (
    QBrush,
    QKeySequence,
    QShortcut,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QTextBrowser,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.queries import ReadTranscript, Transcript, TranscriptRecord
from desktopmail.ui.dates import local_time, size_text
from desktopmail.ui.language import current_language, tr, trn
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.reading.saving import write_new
from desktopmail.ui.transcript.explanation import Explanation, explain
from desktopmail.ui.transcript.line import Action, Conversation, Line, Protocol

if TYPE_CHECKING:
    from desktopmail.ui.transcript.table import Language
    from desktopmail.ui.window import MainWindow

_POLL_MS = 700
_MAX_RECORDS = 20_000
_MAX_SHOWN = 2_000  # characters of one line
_LINE = Qt.ItemDataRole.UserRole + 1
_PROTOCOLS: dict[str, Protocol] = {"imap": "imap", "pop3": "pop3", "smtp": "smtp"}


class TranscriptWindow(QWidget):
    """Follows the transcript of one account, or of all."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._window = window
        self.setWindowTitle(tr("verb.transcript"))
        self.resize(window.theme.room(980, 640))
        self._since = 0
        self._records: list[TranscriptRecord] = []
        self._talks: dict[tuple[int, str], Conversation] = {}
        self._items: dict[tuple[int, str, int], QStandardItem] = {}
        self._asking = False
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._ask)
        self._timer.start()
        self._ask()

    # ---- building

    def _build(self) -> None:
        theme = self._window.theme
        self.account_box = QComboBox(self)
        self.account_box.setAccessibleName(tr("transcript.account"))
        self.account_box.addItem(tr("transcript.all_accounts"), None)
        for account in self._window.accounts():
            self.account_box.addItem(account_title(account), account.id)
        self.account_box.currentIndexChanged.connect(self._show_all_again)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(tr("transcript.filter"))
        self.field.setAccessibleName(tr("transcript.filter"))
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._filter)
        self.pause_button = self._button("pause", tr("transcript.pause"))
        self.pause_button.setCheckable(True)
        self.export_button = self._button("download", tr("transcript.export"))
        self.export_button.clicked.connect(self._ask_where)
        bar = QFrame(self)
        bar.setObjectName("toolbar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 7, 12, 7)
        row.setSpacing(8)
        row.addWidget(self.account_box)
        row.addWidget(self.field, 1)
        row.addWidget(self.pause_button)
        row.addWidget(self.export_button)
        self.model = QStandardItemModel(self)
        self.tree = QTreeView(self)
        self.tree.setModel(self.model)
        self.tree.setHeaderHidden(True)
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.setUniformRowHeights(True)
        self.tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        # Protocols are read from the left, in a window read from the right, too.
        self.tree.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self._window.theme.write_fixed(self.tree)
        self.tree.setAccessibleName(tr("verb.transcript"))
        self.tree.selectionModel().currentChanged.connect(self._explain)
        self.words = QTextBrowser(self)
        self.words.setFrameShape(QFrame.Shape.NoFrame)
        self.words.setOpenLinks(False)
        self.words.document().setDocumentMargin(18)
        self.words.setAccessibleName(tr("transcript.explanation"))
        self.words.setHtml(f"<p>{tr('transcript.select')}</p>")
        panes = QSplitter(Qt.Orientation.Horizontal, self)
        panes.setHandleWidth(1)
        panes.addWidget(self.tree)
        panes.addWidget(self.words)
        panes.setSizes([640, 320])
        panes.setChildrenCollapsible(False)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(bar)
        lines.addWidget(panes, 1)
        theme.changed.connect(self._show_all_again)
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(name)
        button.setAccessibleName(name)
        self._window.theme.grow(button, 18)
        self._window.theme.tint(button, icon)
        return button

    # ---- following

    def _ask(self) -> None:
        if self.isHidden() and self._records:
            return
        if not self.pause_button.isChecked() and not self._asking:
            self._asking = True
            self._window.scope.spawn(self._read(), name=tr("verb.transcript"))

    async def _read(self) -> None:
        try:
            answer = await self._window.door.query(ReadTranscript(since=self._since))
        finally:
            self._asking = False
        if isinstance(answer, Transcript) and answer.records:
            self._since = answer.records[-1].number
            self._records = (self._records + list(answer.records))[-_MAX_RECORDS:]
            self.add(answer.records)

    def add(self, records: tuple[TranscriptRecord, ...] | list[TranscriptRecord]) -> None:
        """Show more records."""
        wanted = self.account_box.currentData()
        bar = self.tree.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        for record in records:
            if wanted is None or record.account_id == wanted:
                self._add_record(record)
        if self.field.text():
            self._filter(self.field.text())
        if at_end:
            self.tree.scrollToBottom()

    def _add_record(self, record: TranscriptRecord) -> None:
        key = (record.account_id, record.connection)
        talk = self._talks.get(key)
        if talk is None:
            protocol = _PROTOCOLS.get(record.connection.split()[0].lower())
            if protocol is None:
                return
            talk = self._talks[key] = Conversation(protocol)
        touched: dict[int, QStandardItem] = {}
        for line in talk.add(record.sender, record.octets, record.at_s):
            action = self._action_item(key, line)
            action.appendRow(self._line_item(line, key[1].split()[0].lower()))
            touched[line.action] = action
        for number, item in touched.items():
            found = next((it for it in reversed(talk.actions) if it.number == number), None)
            if found is not None:
                item.setText(_title(key[1], found))

    def _action_item(self, key: tuple[int, str], line: Line) -> QStandardItem:
        full = (*key, line.action)
        item = self._items.get(full)
        if item is None:
            item = QStandardItem(key[1])
            item.setForeground(QBrush(self._window.theme.colour("muted")))
            font = self._window.font()
            font.setBold(True)
            item.setFont(font)
            self._items[full] = item
            self.model.appendRow(item)
            self.tree.expand(item.index())
        return item

    def _line_item(self, line: Line, protocol: str) -> QStandardItem:
        sign = {"C": "→", "S": "←"}.get(line.sender, "·")
        item = QStandardItem(f"{sign} {line.text[:_MAX_SHOWN]}")
        token = {"C": "accent", "S": "text"}.get(line.sender, "faint")
        item.setForeground(QBrush(self._window.theme.colour(token)))
        item.setData((protocol, line), _LINE)
        who = {"C": tr("transcript.client"), "S": tr("transcript.server")}.get(line.sender, "")
        item.setAccessibleText(f"{who}: {line.text[:_MAX_SHOWN]}")
        return item

    def _show_all_again(self) -> None:
        self.model.clear()
        self._items.clear()
        self._talks.clear()
        self.add(self._records)

    def _filter(self, typed: str) -> None:
        wanted = typed.casefold()
        root = QModelIndex()
        for row in range(self.model.rowCount()):
            action = self.model.item(row)
            hits = 0
            for below in range(action.rowCount()):
                shown = not wanted or wanted in action.child(below).text().casefold()
                hits += shown
                self.tree.setRowHidden(below, action.index(), not shown)
            named = wanted in action.text().casefold()
            self.tree.setRowHidden(row, root, bool(wanted) and not hits and not named)

    # ---- explaining

    def _explain(self, index: QModelIndex) -> None:
        data = index.data(_LINE)
        if data is None:
            self.words.setHtml(f"<p>{tr('transcript.select')}</p>")
            return
        protocol, line = data
        found = explain(protocol, line.sender, line.text, _language(), line.context)
        if found is None:
            self.words.setHtml(f"<p>{tr('transcript.unexplained')}</p>")
        else:
            self.words.setHtml(self._page(found))

    def _page(self, found: Explanation) -> str:
        tokens = self._window.theme.tokens
        quiet = f"style='color:{tokens.muted}'"
        pieces = [f"<h3>{_escaped(found.title)}</h3><p>{_escaped(found.meaning)}</p>"]
        if found.reference is not None:
            pieces.append(f"<p {quiet}>{_escaped(str(found.reference))}</p>")
        for part in found.parts:
            source = (
                f" <span {quiet}>{_escaped(str(part.reference))}</span>"
                if (part.reference is not None)
                else ""
            )
            pieces.append(
                f"<p><code style='color:{tokens.accent}'>{_escaped(part.text[:200])}</code><br>"
                f"<b>{_escaped(part.title)}</b> {_escaped(part.meaning)}{source}</p>"
            )
        return "".join(pieces)

    # ---- writing it to a file

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, tr("transcript.export"), str(Path.home()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile("transcript.txt")
        dialog.fileSelected.connect(
            lambda path: self._window.scope.spawn(
                self._write(Path(path)), name=tr("transcript.export")
            )
        )
        dialog.open()

    async def _write(self, path: Path) -> None:
        text = self.text()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, lambda: write_new(path, text.encode(), replace=True))
        self._window.say(tr("attachment.saved", name=path.name))

    def text(self) -> str:
        """The transcript as a text, a line each, with the time of each record."""
        wanted = self.account_box.currentData()
        lines: list[str] = []
        for record in self._records:
            if wanted is None or record.account_id == wanted:
                when = local_time(record.at_s).strftime("%H:%M:%S.%f")[:-3]
                said = record.octets.decode("utf-8", "backslashreplace").splitlines()
                lines += [f"{when} {record.connection} {record.sender}: {it}" for it in said]
        return "\n".join(lines) + "\n"


def _title(connection: str, action: Action) -> str:
    name = action.command or tr(f"transcript.{action.kind.value}")
    parts = [connection, name]
    if action.status:
        parts.append(action.status)
    if action.round_trips:
        parts.append(trn("transcript.round_trips", action.round_trips))
    parts.append(f"↑ {size_text(action.octets_sent)} ↓ {size_text(action.octets_received)}")
    return "  ·  ".join(parts)


def _language() -> Language:
    return "de" if current_language() == "de" else "en"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
