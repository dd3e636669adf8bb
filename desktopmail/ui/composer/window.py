"""The window to write in: addresses, subject, text, attachments; kept as a draft meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import (
    CancelSending,
    DeleteMessages,
    SaveDraft,
    SendMessage,
)
from desktopmail.door.ids import PlacementId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.mime import compose, message_id
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import ComposeError, Draft, File
from desktopmail.ui.commands.answering import identity
from desktopmail.ui.composer.addresses import AddressField
from desktopmail.ui.composer.body import Body
from desktopmail.ui.composer.files import FileError, read_file
from desktopmail.ui.dates import short_date, size_text
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.language import tr, trn
from desktopmail.ui.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import AccountRow
    from desktopmail.ui.window import MainWindow


class ComposeWindow(QWidget):
    """One message being written.

    Args:
        main: The main window: engine, settings, theme, and where "Undo" is shown after sending.
        draft: What it begins with.
        account: Which account it is sent from at first.
        answers: The placement it answers or forwards.
        forwards: Whether it forwards that.
        replaces: The placement of the draft it goes on with.

    Signals:
        closed: It was closed for good: sent, discarded or kept as a draft.
    """

    closed = Signal()

    def __init__(
        self,
        main: MainWindow,
        *,
        draft: Draft | None = None,
        account: AccountRow | None = None,
        answers: PlacementId | None = None,
        forwards: bool = False,
        replaces: PlacementId | None = None,
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("composer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._main = main
        self._theme = main.theme
        self._settings = main.settings
        self._accounts: Sequence[AccountRow] = list(main.accounts())
        self._answers = answers
        self._forwards = forwards
        self._saved_as = replaces
        self._draft = draft or Draft(sender=Mailbox("", ""))
        self._files: list[File] = list(self._draft.files)
        self._changed = False
        self._sending: SendingId | None = None
        self._is_over = False
        self.scope = TaskScope(main._report)  # noqa: SLF001 - the same place shows both's errors
        self._saving = asyncio.Lock()
        self._build()
        self._fill(account)
        self._connect()
        self._place()

    # ---- building

    def _build(self) -> None:
        theme = self._theme
        self.send_button = QPushButton(tr("compose.send"), self)
        self.send_button.setProperty("kind", "primary")
        theme.tint(self.send_button, "sent", "accent_text")
        self.send_button.setToolTip("Ctrl+Enter")
        self.attach_button = self._tool("paperclip", tr("compose.attach_files"))
        self.attach_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.attach_button.setText(tr("compose.attach"))
        self.discard_button = self._tool("trash", tr("compose.discard"))
        self._state = QLabel(self)
        self._state.setProperty("kind", "small")
        bar = QFrame(self)
        bar.setObjectName("toolbar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(8)
        row.addWidget(self.send_button)
        row.addWidget(self.attach_button)
        row.addStretch(1)
        row.addWidget(self._state)
        row.addWidget(self.discard_button)

        self.from_box = QComboBox(self)
        self.from_box.setProperty("kind", "bare")
        self.from_box.setAccessibleName(tr("compose.from"))
        people = self._main.reader.people
        self.to = AddressField(tr("compose.to"), people, self)
        self.cc = AddressField(tr("compose.cc"), people, self)
        self.bcc = AddressField(tr("compose.bcc"), people, self)
        self.subject = QLineEdit(self)
        self.subject.setProperty("kind", "bare")
        self.subject.setAccessibleName(tr("compose.subject"))
        self.more_button = QToolButton(self)
        self.more_button.setText(tr("compose.show_cc"))
        self.more_button.setProperty("kind", "chip")
        self._grid_host = QFrame(self)
        self._grid_host.setObjectName("composeHeader")
        self._grid = QGridLayout(self._grid_host)
        self._grid.setContentsMargins(18, 4, 18, 4)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._lines: dict[QWidget, tuple[QWidget, ...]] = {}
        for name, field in (
            ("from", self.from_box),
            ("to", self.to),
            ("cc", self.cc),
            ("bcc", self.bcc),
            ("subject", self.subject),
        ):
            self._add_line(tr(f"compose.{name}"), field)
        self._grid.addWidget(self.more_button, 2, 2)

        self.body = Body(self)
        self._strip = QFrame(self)
        self._flow = FlowLayout(self._strip, spacing=8)
        self._flow.setContentsMargins(18, 8, 18, 8)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        for part in (bar, self._grid_host, self.body, self._strip):
            lines.addWidget(part, 1 if part is self.body else 0)
        self.setAcceptDrops(True)
        order = (self.from_box, self.to, self.cc, self.bcc, self.subject, self.body)
        for first, second in itertools.pairwise(order):
            self.setTabOrder(first, second)
        self.resize(QSize(720, 620))

    def _add_line(self, name: str, field: QWidget) -> None:
        row = self._grid.rowCount()
        label = QLabel(name, self._grid_host)
        label.setProperty("kind", "muted")
        label.setBuddy(field)
        self._grid.addWidget(label, row * 2, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(field, row * 2, 1)
        field.setMinimumHeight(self.fontMetrics().height() + 14)
        parts: tuple[QWidget, ...] = (label, field)
        if field is not self.subject:
            rule = QFrame(self._grid_host)
            rule.setProperty("kind", "rule")
            self._grid.addWidget(rule, row * 2 + 1, 0, 1, 3)
            parts += (rule,)
        self._lines[field] = parts

    def _tool(self, icon: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setIconSize(QSize(18, 18))
        self._theme.tint(button, icon)
        return button

    def _fill(self, account: AccountRow | None) -> None:
        for it in self._accounts:
            self.from_box.addItem(str(identity(it)), it)
        at = next(
            (
                number
                for number, it in enumerate(self._accounts)
                if account is not None and it.id == account.id
            ),
            0,
        )
        self.from_box.setCurrentIndex(at)
        for part in self._lines[self.from_box]:
            part.setVisible(len(self._accounts) > 1)
        draft = self._draft
        self.to.set_mailboxes(draft.to)
        self.cc.set_mailboxes(draft.cc)
        self.bcc.set_mailboxes(draft.bcc)
        self.subject.setText(draft.subject)
        self.body.setPlainText(self._first_text(draft))
        below = self._settings.flag("reply_below") and self._answers is not None
        self.body.begin_at(end=below and not self._forwards)
        self._show_cc(bool(draft.cc or draft.bcc))
        self._show_files()
        self._show_title()
        self._show_state("")

    def _first_text(self, draft: Draft) -> str:
        signature = self._settings.text("signature").strip()
        if not signature or self._saved_as is not None:
            return draft.text
        mark = f"\n\n-- \n{signature}\n"
        if not draft.text.strip():
            return mark
        return f"{draft.text.rstrip()}\n{mark}" if not self._forwards else f"{mark}{draft.text}"

    def _connect(self) -> None:
        self.send_button.clicked.connect(self.send)
        self.attach_button.clicked.connect(self._ask_for_files)
        self.discard_button.clicked.connect(self.discard)
        self.more_button.clicked.connect(lambda: self._show_cc(True))
        self.body.files_dropped.connect(self.attach)
        self.body.image_pasted.connect(self._attach_image)
        for field in (self.to, self.cc, self.bcc, self.subject):
            field.textChanged.connect(self._was_changed)
        self.from_box.currentIndexChanged.connect(self._was_changed)
        self.body.textChanged.connect(self._was_changed)
        self.subject.textChanged.connect(lambda _text: self._show_title())
        for keys, slot in (
            ("Ctrl+Return", self.send),
            ("Ctrl+Enter", self.send),
            ("Ctrl+Shift+A", self._ask_for_files),
            ("Ctrl+S", self.save_now),
            ("Ctrl+W", self.close),
            ("Escape", self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.timeout.connect(self.save_now)

    def _place(self) -> None:
        """Put the cursor into the first thing that is missing."""
        if not self.to.text():
            self.to.setFocus()
        elif not self.subject.text():
            self.subject.setFocus()
        else:
            self.body.setFocus()

    # ---- what is written

    def account(self) -> AccountRow | None:
        """The account it is sent from."""
        chosen: AccountRow | None = self.from_box.currentData()
        return chosen

    def draft(self) -> Draft:
        """What is written now."""
        account = self.account()
        return dataclasses.replace(
            self._draft,
            sender=identity(account) if account is not None else self._draft.sender,
            to=self.to.mailboxes(),
            cc=self.cc.mailboxes(),
            bcc=self.bcc.mailboxes(),
            subject=self.subject.text(),
            text=self.body.toPlainText(),
            html=None,
            files=tuple(self._files),
        )

    def _was_changed(self) -> None:
        self._changed = True
        self._show_state(tr("compose.not_saved"))
        self._save_timer.start(self._settings.number("save_draft_s") * 1_000)

    def _show_cc(self, shown: bool) -> None:
        for field in (self.cc, self.bcc):
            for part in self._lines[field]:
                part.setVisible(shown)
        self.more_button.setVisible(not shown)

    def _show_title(self) -> None:
        self.setWindowTitle(self.subject.text() or tr("compose.title"))

    def _show_state(self, text: str) -> None:
        self._state.setText(text)

    # ---- attachments

    def attach(self, paths: Sequence[Path]) -> None:
        """Attach files."""
        self.scope.spawn(self._attach(list(paths)), name=tr("task.attach"))

    async def _attach(self, paths: list[Path]) -> None:
        loop = asyncio.get_running_loop()
        for path in paths:
            try:
                self._files.append(await loop.run_in_executor(None, read_file, path))
            except FileError as error:
                values = dict(error.values)
                if isinstance(size := values.get("size"), int):
                    values["size"] = size_text(size)
                self._warn(tr(error.key, **values))
        self._show_files()
        self._was_changed()

    def _attach_image(self, octets: bytes) -> None:
        if octets:
            number = 1 + sum(file.media_type == "image/png" for file in self._files)
            self._files.append(File(f"image-{number}.png", "image/png", octets))
            self._show_files()
            self._was_changed()

    def _ask_for_files(self) -> None:
        dialog = QFileDialog(self, tr("compose.attach_files"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.attach([Path(name) for name in names]))
        dialog.open()

    def _show_files(self) -> None:
        self._flow.clear()
        for file in self._files:
            self._flow.addWidget(self._file_card(file))
        self._strip.setVisible(bool(self._files))

    def _file_card(self, file: File) -> QWidget:
        card = QFrame(self._strip)
        card.setProperty("kind", "attachment")
        name = ElidedLabel(file.name, card)
        size = QLabel(size_text(len(file.octets)), card)
        size.setProperty("kind", "small")
        remove = QToolButton(card)
        remove.setToolTip(tr("compose.remove", name=file.name))
        remove.setAccessibleName(remove.toolTip())
        remove.setIconSize(QSize(14, 14))
        self._theme.tint(remove, "close")
        remove.clicked.connect(lambda: self._remove(file))
        row = QHBoxLayout(card)
        row.setContentsMargins(10, 3, 4, 3)
        row.setSpacing(8)
        row.addWidget(name, 1)
        row.addWidget(size)
        row.addWidget(remove)
        card.setFixedWidth(min(name.sizeHint().width() + size.sizeHint().width() + 66, 300))
        card.show()
        return card

    def _remove(self, file: File) -> None:
        self._files = [it for it in self._files if it is not file]
        self._show_files()
        self._was_changed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Attach what was dropped."""
        self.attach(
            [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        )
        event.acceptProposedAction()

    # ---- keeping it as a draft

    def save_now(self) -> None:
        """Keep what is written as a draft."""
        self._save_timer.stop()
        if self._changed and not self._is_over:
            self.scope.spawn(self._save(), name=tr("task.save_draft"))

    async def _save(self) -> None:
        account = self.account()
        if account is None:
            return
        async with self._saving:  # a version replaces the one before: in their order
            self._changed = False
            self._show_state(tr("compose.saving"))
            try:
                composed = self._compose(self.draft(), keep_bcc=True)
                outcome = await self._main.door.command(
                    SaveDraft(
                        account_id=account.id,
                        octets=composed.octets,
                        replaces=self._saved_as,
                    )
                )
            except (ComposeError, DoorError):
                self._changed = True
                self._show_state(tr("compose.not_saved"))
                raise
            if outcome.ids:
                self._saved_as = PlacementId(outcome.ids[0])
            now = datetime.now(UTC).astimezone()
            self._show_state(tr("compose.saved", when=short_date(now.timestamp(), now)))

    def _compose(self, draft: Draft, *, keep_bcc: bool = False) -> compose.Composed:
        return compose.build(
            draft,
            date=datetime.now(UTC).astimezone(),
            message_id=message_id.make(token_bytes(16), draft.sender.domain),
            boundary=token_hex(12),
            keep_bcc=keep_bcc,
        )

    # ---- sending

    def send(self) -> None:
        """Check what is written, then send it."""
        wrong = self._what_is_wrong()
        if wrong:
            self._warn(wrong)
            return
        draft = self.draft()
        if not draft.subject.strip():
            self._ask(tr("compose.no_subject"), tr("compose.no_subject_text"), self.subject)
        elif self._settings.flag("remind_attachment") and draft.promises_attachment:
            self._ask(
                tr("compose.no_attachment"), tr("compose.no_attachment_text"), self.attach_button
            )
        else:
            self.send_as_it_is()

    def _what_is_wrong(self) -> str:
        if self.account() is None:
            return tr("compose.no_account")
        for field in (self.to, self.cc, self.bcc):
            wrong = field.first_wrong()
            if wrong is not None:
                field.mark_wrong(True)
                field.setFocus()
                return tr("compose.bad_address", address=wrong)
        if not self.draft().recipients:
            self.to.setFocus()
            return tr("compose.no_recipient")
        return ""

    def _warn(self, text: str) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Warning, self.windowTitle(), text, QMessageBox.StandardButton.Ok, self
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _ask(self, question: str, why: str, instead: QWidget) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.windowTitle(),
            question,
            QMessageBox.StandardButton.Cancel,
            self,
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(why)
        anyway = box.addButton(tr("compose.send_anyway"), QMessageBox.ButtonRole.AcceptRole)
        anyway.clicked.connect(self.send_as_it_is)
        box.rejected.connect(instead.setFocus)
        box.open()

    def send_as_it_is(self) -> None:
        """Send without another question."""
        self._save_timer.stop()
        self.scope.spawn(self._send(), name=tr("task.send"))

    async def _send(self) -> None:
        account = self.account()
        if account is None:
            return
        self.send_button.setEnabled(False)
        try:
            async with self._saving:
                composed = self._compose(self.draft())
                delay_s = self._settings.number("send_delay_s")
                outcome = await self._main.door.command(
                    SendMessage(
                        account_id=account.id,
                        sender=composed.sender,
                        recipients=composed.recipients,
                        octets=composed.octets,
                        delay_s=float(delay_s),
                        draft=self._saved_as,
                        answers=self._answers,
                        forwards=self._forwards,
                    )
                )
        finally:
            self.send_button.setEnabled(True)
        self._changed = False
        self._sending = SendingId(outcome.ids[0]) if outcome.ids else None
        self.hide()
        snack = self._main.snack
        if delay_s > 0 and self._sending is not None:
            snack.count_down(
                delay_s,
                lambda left: trn("sending.in", left),
                tr("sending.undo"),
                lambda: self._main.scope.spawn(self._take_back(), name=tr("sending.undo")),
            )
            # The window stays, hidden, until the message cannot be taken back any more.
            QTimer.singleShot(delay_s * 1_000 + 500, self, self._sent)
        else:
            snack.show_text(tr("sending.sending"), shown_ms=4_000)
            self._sent()

    async def _take_back(self) -> None:
        if self._sending is None or self._is_over:
            return
        sending, self._sending = self._sending, None
        try:
            await self._main.door.command(CancelSending(sending_id=sending))
        except DoorError:
            self._main.snack.show_text(tr("sending.too_late"))
            self._finish()
            return
        self._changed = True
        self.show()
        self.activateWindow()
        self._main.snack.show_text(tr("sending.taken_back"), shown_ms=4_000)

    def _sent(self) -> None:
        if (self._sending is not None or not self.isVisible()) and not self._changed:
            self._finish()

    # ---- the end

    def discard(self) -> None:
        """Throw away what is written, and the draft kept of it; the draft can be brought back."""
        self._save_timer.stop()
        self._changed = False
        if self._saved_as is not None:
            command = DeleteMessages(placement_ids=(self._saved_as,))
            self._main.scope.spawn(
                self._main.carry_out(command, trn("done.deleted", 1)), name=tr("compose.discard")
            )
        self._finish()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Keep what is written as a draft; nobody is asked."""
        event.accept()
        if self._is_over:
            return
        self._save_timer.stop()
        if self._changed and self._has_words():
            self._main.scope.spawn(self._save_and_finish(), name=tr("task.save_draft"))
        elif self._sending is None:
            self._finish()

    def _has_words(self) -> bool:
        first = self._first_text(self._draft).strip()
        written = self.body.toPlainText().strip()
        fields = (self.to.text(), self.cc.text(), self.bcc.text(), self.subject.text())
        answered = self._answers is not None
        return bool(self._files) or written != first or (not answered and any(fields))

    async def _save_and_finish(self) -> None:
        await self._save()
        self._finish()

    def _finish(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.hide()
        self._main.scope.spawn(self.scope.close(), name=tr("compose.discard"))
        self.closed.emit()
        self.deleteLater()
