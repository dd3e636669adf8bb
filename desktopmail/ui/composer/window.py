"""The window to write in: addresses, subject, text, attachments; kept as a draft meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import DeleteMessages
from desktopmail.door.interface import DoorError
from desktopmail.mime import rich_read, rich_text, text_html
from desktopmail.mime.compose import ComposeError, Draft, File
from desktopmail.tasks import TaskScope
from desktopmail.ui.composer import senders
from desktopmail.ui.composer.body import Body
from desktopmail.ui.composer.fields import Fields
from desktopmail.ui.composer.file_strip import FileStrip
from desktopmail.ui.composer.files import FileError, read_file
from desktopmail.ui.composer.format_bar import FormatBar
from desktopmail.ui.composer.keeping import Keeper
from desktopmail.ui.composer.link_dialog import LinkDialog
from desktopmail.ui.composer.quote_strip import QuoteStrip
from desktopmail.ui.composer.sending import Sending
from desktopmail.ui.dates import size_text
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.rows import AccountRow
    from desktopmail.mime.address import Mailbox
    from desktopmail.mime.quoted import Quoted
    from desktopmail.mime.rich_text import Item
    from desktopmail.ui.composer.senders import Sender
    from desktopmail.ui.composer.writing import Writing
    from desktopmail.ui.window import MainWindow


RECEIPT_FIELD = "Disposition-Notification-To"  # RFC 8098 section 2.1


class ComposeWindow(QWidget):
    """One message being written.

    Args:
        main: The main window: engine, settings, theme, and where "Undo" is shown after sending.
        writing: What it begins with.

    Signals:
        closed: It was closed for good: sent, discarded or kept as a draft.
    """

    closed = Signal()

    def __init__(self, main: MainWindow, writing: Writing) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("composer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.main = main
        self._theme = main.theme
        self.settings = main.settings
        self._senders = senders.all_of(main.accounts(), main.reader.identities())
        self.placed = writing.placed
        self._draft = writing.draft
        self._pictures = {it.content_id: it for it in self._draft.files if it.content_id}
        self._signs: Sender | None = None  # whose signature stands below
        self.is_over = False
        self._closing = asyncio.Lock()
        self.scope = TaskScope(main.trouble.report)
        self.keeper = Keeper(self, writing)
        self.sending = Sending(self)
        self._build()
        self._fill(writing.placed.account_of(main.accounts()) or main.account_in_view())
        self._first_files = self.files.files
        self.body.document().setModified(self.keeper.is_recovered)
        self._connect()
        self._place()
        if self.keeper.is_recovered:
            self.keeper.changed()

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
        self.format_button = self._tool("letters", tr("look.bar"))
        self.format_button.setCheckable(True)
        self.discard_button = self._tool("trash", tr("compose.discard"))
        self.more_button = self._tool("more", tr("compose.more"))
        self.more_button.setMenu(self._more_menu())
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.state = Label("", self)
        self.state.setProperty("kind", "small")
        self.bar = QFrame(self)
        self.bar.setObjectName("toolbar")
        row = QHBoxLayout(self.bar)
        set_margins(row, 14, 8, 10, 8)
        row.setSpacing(6)
        row.addWidget(self.send_button)
        row.addSpacing(4)
        row.addWidget(self.attach_button)
        row.addWidget(self.format_button)
        row.addStretch(1)
        row.addWidget(self.state)
        row.addSpacing(4)
        row.addWidget(self.discard_button)
        row.addWidget(self.more_button)

        self.fields = Fields(self._senders, self.main.reader.people, theme, self)
        self.body = Body(theme, self)
        self.quote = QuoteStrip(theme, self.scope, web=self.main.uses_web, parent=self)
        self.files = FileStrip(theme, self)
        self._lines = lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        for part in (self.bar, self.fields, self.body, self.quote, self.files):
            lines.addWidget(part, 1 if part is self.body else 0)
        self.setAcceptDrops(True)
        self.resize(self._theme.room(760, 640))

    @functools.cached_property
    def format_bar(self) -> FormatBar:
        """The buttons for looks; made in a step of its own, 20 ms, after the window has opened."""
        bar = FormatBar(self.body, self._theme, self)
        bar.link_wanted.connect(self._ask_for_link)
        bar.picture_wanted.connect(self._ask_for_picture)
        self._lines.insertWidget(self._lines.indexOf(self.body), bar)
        bar.setVisible(self.format_button.isChecked() and self.body.is_rich)
        return bar

    def open(self) -> None:
        """Show the window, unless it was ended before."""
        if not self.is_over and not self.sending.is_under_way:
            self.show()
            QTimer.singleShot(0, self, lambda: self.format_bar)

    def _more_menu(self) -> QMenu:
        menu = QMenu(self)
        self.plain_action = QAction(tr("compose.plain"), menu, checkable=True)
        self.plain_action.toggled.connect(lambda plain: self.write_rich(not plain))
        menu.addAction(self.plain_action)
        menu.addSeparator()
        self.receipt_action = QAction(tr("compose.receipt"), menu, checkable=True)
        self.report_action = QAction(tr("compose.report"), menu, checkable=True)
        for action in (self.receipt_action, self.report_action):
            action.toggled.connect(lambda _on: self.keeper.changed())
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(tr("compose.save"), QKeySequence("Ctrl+S"), self.keeper.save_now)
        return menu

    def _tool(self, icon: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(name)
        button.setAccessibleName(name)
        self._theme.grow(button, 18)
        self._theme.tint(button, icon)
        return button

    def _fill(self, account: AccountRow | None) -> None:
        draft = self._draft
        self.fields.show_draft(draft, senders.choose(self._senders, account, draft.sender))
        rich = self.settings.flag("rich_text") or draft.whole_html is not None
        self.body.set_rich(rich)
        self.plain_action.setChecked(not rich)
        if self.keeper.saved_as is None and not self.keeper.is_recovered:
            self._signs = self.fields.sent_by
        if self.body.is_rich:
            pictures = {name: file.octets for name, file in self._pictures.items()}
            items = (
                rich_text.from_plain(draft.text)
                if draft.html is None
                else rich_read.read(draft.html)
            )
            self.body.show_items(self._with_signature_items(items), pictures)
        else:
            self.body.show_text(self._with_signature(draft.text))
        self.quote.show_quoted(draft)
        self.files.add(*(file for file in draft.files if not file.content_id))
        if self.settings.flag("reply_below") and self.placed.is_reply:
            self.body.begin_below()
        else:
            self.body.begin_above()
        self.format_button.setChecked(draft.html is not None and rich)
        self._show_title()
        self.show_state("")

    def _with_signature(self, text: str) -> str:
        if self._signs is None or not self._signs.signature:
            return text
        mark = f"\n\n-- \n{self._signs.signature}\n"
        if not text.strip():
            return mark
        return f"{text.rstrip()}\n{mark}" if not self.placed.forwards else f"{mark}{text}"

    def _with_signature_items(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        if self._signs is None or not self._signs.signature:
            return items
        signature = rich_read.read(signature_html(self._signs))
        empty = rich_text.Paragraph()
        if self.placed.forwards:
            return (empty, empty, *signature, *items)
        return (*items, empty, *signature)

    def _connect(self) -> None:
        self.send_button.clicked.connect(self.sending.send)
        self.attach_button.clicked.connect(self._ask_for_files)
        self.discard_button.clicked.connect(self.discard)
        self.format_button.toggled.connect(lambda shown: self._show_format_bar(shown=shown))
        self.body.files_dropped.connect(self.attach)
        self.body.pictures_dropped.connect(self.insert_pictures)
        self.body.picture_pasted.connect(self._insert_pasted)
        self.fields.changed.connect(self.keeper.changed)
        self.fields.sender_changed.connect(self._sender_changed)
        self.body.textChanged.connect(self.keeper.changed)
        self.files.changed.connect(self.keeper.changed)
        self.files.left.connect(self.body.setFocus)
        self.quote.changed.connect(self.keeper.changed)
        self.quote.edit_wanted.connect(self._edit_quoted)
        self.fields.subject.textChanged.connect(lambda _text: self._show_title())
        for keys, slot in (
            ("Ctrl+Return", self.sending.send),
            ("Ctrl+Enter", self.sending.send),
            ("Ctrl+Shift+A", self._ask_for_files),
            ("Ctrl+W", self.close),
            ("Escape", self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _place(self) -> None:
        """Put the cursor into the first thing that is missing."""
        if not self.fields.focus_first_missing():
            self.body.setFocus()

    # ---- what is written

    @property
    def sent_by(self) -> Sender | None:
        """Who sends it; None where there is no account."""
        return self.fields.sent_by

    def draft(self) -> Draft:
        """What is written now; in a thread: `await draft_soon()`."""
        return self._draft_maker()()

    async def draft_soon(self) -> Draft:
        """What is written now, without holding the window up: a long text takes 100 ms."""
        await self.body.filled()
        return await asyncio.get_running_loop().run_in_executor(None, self._draft_maker())

    def _draft_maker(self) -> Callable[[], Draft]:
        """Take down what is written; the rest of the work touches no widget."""
        sent_by = self.sent_by
        written = self.body.written()
        own_pictures = dict(self._pictures)
        draft = dataclasses.replace(
            self._draft,
            sender=sent_by.mailbox if sent_by is not None else self._draft.sender,
            reply_to=self._reply_to(sent_by),
            to=self.fields.to.mailboxes(),
            cc=self.fields.cc.mailboxes(),
            bcc=self.fields.bcc.mailboxes(),
            subject=self.fields.subject.text(),
            files=self.files.files,
            fields=self._own_fields(sent_by),
            quoted=self.quote.quoted,
        )
        names = dict.fromkeys((*(it.content_id for it in self.quote.pictures), *written.pictures))

        def make() -> Draft:
            pictures = (own_pictures[it] for it in names if it in own_pictures)
            return dataclasses.replace(
                draft, text=written.text, html=written.html, files=(*pictures, *draft.files)
            )

        return make

    def _own_fields(self, sent_by: Sender | None) -> tuple[tuple[str, str], ...]:
        fields = tuple(it for it in self._draft.fields if it[0] != RECEIPT_FIELD)
        if self.receipt_action.isChecked() and sent_by is not None:
            fields += ((RECEIPT_FIELD, sent_by.mailbox.address),)
        return fields

    def _reply_to(self, sent_by: Sender | None) -> tuple[Mailbox, ...]:
        if self._draft.reply_to or sent_by is None or sent_by.reply_to is None:
            return self._draft.reply_to
        return (sent_by.reply_to,)

    def has_words(self) -> bool:
        """Whether there is anything to keep beyond what the window began with."""
        is_written = self.body.document().isModified() or self.files.files != self._first_files
        is_written = is_written or self.quote.quoted != self._draft.quoted
        return is_written or (self.placed.answers is None and self.fields.has_words())

    def write_rich(self, rich: bool) -> None:
        """Go on with rich text, or with plain text; pictures in the text become attachments."""
        if rich == self.body.is_rich:
            return
        if not rich:
            self._edit_quoted(self.quote.quoted)
            used = self.body.pictures()
            files = (self._pictures.pop(name) for name in used if name in self._pictures)
            self.files.add(*(dataclasses.replace(file, content_id="") for file in files))
        self.body.set_rich(rich)
        self._show_format_bar(shown=rich and self.format_button.isChecked())
        self.format_button.setEnabled(rich)

    def _edit_quoted(self, quoted: Quoted | None) -> None:
        """Go on with what is quoted as text, which loses its layout."""
        if quoted is None:
            return
        self.quote.take_off()
        pictures = {name: file.octets for name, file in self._pictures.items()}
        self.body.append_items(rich_read.read(quoted.html), pictures)

    def _sender_changed(self) -> None:
        """Put the signature of the new sender in place of that of the one before."""
        old, new = self._signs, self.sent_by
        if new is None or (old is not None and old.signature == new.signature):
            return
        html = signature_html(new) if new.signature else ""
        if self.body.replace_signature(old.signature if old is not None else "", html):
            self._signs = new

    def _show_format_bar(self, *, shown: bool) -> None:
        self.format_bar.setVisible(shown and self.body.is_rich)
        self.format_button.setChecked(shown and self.body.is_rich)

    def _show_title(self) -> None:
        self.setWindowTitle(self.fields.subject.text() or tr("compose.title"))

    def show_state(self, text: str) -> None:
        """Say whether what is written is safe."""
        self.state.setText(text)

    # ---- attachments, pictures, links

    def attach(self, paths: Sequence[Path]) -> None:
        """Attach files."""
        self.scope.spawn(self._attach(list(paths)), name=tr("task.attach"))

    async def _attach(self, paths: list[Path]) -> None:
        for path in paths:
            file = await self._read(path)
            if file is not None:
                self.files.add(file)

    def insert_pictures(self, paths: Sequence[Path]) -> None:
        """Put pictures of files into the text, where the cursor is."""
        self.scope.spawn(self._insert_pictures(list(paths)), name=tr("task.attach"))

    async def _insert_pictures(self, paths: list[Path]) -> None:
        for path in paths:
            file = await self._read(path)
            if file is not None:
                self._insert(file)

    async def _read(self, path: Path) -> File | None:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(None, read_file, path)
        except FileError as error:
            values = dict(error.values)
            if isinstance(size := values.get("size"), int):
                values["size"] = size_text(size)
            self.warn(tr(error.key, **values))
            return None

    def _insert(self, file: File) -> None:
        sender = self.sent_by
        domain = sender.mailbox.domain if sender is not None else ""
        content_id = f"{token_hex(12)}@{domain or 'desktopmail.invalid'}"
        self._pictures[content_id] = dataclasses.replace(file, content_id=content_id)
        self.body.insert_picture(content_id, file.octets, Path(file.name).stem)

    def _insert_pasted(self, octets: bytes) -> None:
        if not octets:
            return
        number = 1 + sum(it.name.startswith("image-") for it in self._pictures.values())
        number += sum(it.name.startswith("image-") for it in self.files.files)
        file = File(f"image-{number}.png", "image/png", octets)
        if self.body.is_rich:
            self._insert(file)
        else:
            self.files.add(file)

    def _ask_for_files(self) -> None:
        dialog = QFileDialog(self, tr("compose.attach_files"), str(Path.home()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.attach([Path(name) for name in names]))
        dialog.open()

    def _ask_for_picture(self) -> None:
        dialog = QFileDialog(self, tr("look.picture"), str(Path.home()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(f"{tr('look.pictures')} (*.png *.jpg *.jpeg *.gif *.webp)")
        dialog.filesSelected.connect(lambda names: self.insert_pictures([Path(it) for it in names]))
        dialog.open()

    def _ask_for_link(self) -> None:
        url, words = self.body.looks.link_at_cursor()
        dialog = LinkDialog(url, words, self)
        dialog.chosen.connect(self.body.looks.set_link)
        dialog.finished.connect(lambda _result: self.body.setFocus())
        dialog.open()

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

    # ---- questions

    def warn(self, text: str) -> None:
        """Say what is wrong."""
        icon, button = QMessageBox.Icon.Warning, QMessageBox.StandardButton.Ok
        box = QMessageBox(icon, self.windowTitle(), text, button, self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    # ---- the end

    def discard(self) -> None:
        """Throw away what is written, and the draft kept of it; the draft can be brought back."""
        if not self.is_over:
            self._begin_end()
            self.main.composers.ends.spawn(self._throw_away(), name=tr("compose.discard"))

    async def _throw_away(self) -> None:
        await self.keeper.forget()
        await self.keeper.settled()  # a version that is on its way is thrown away, too
        try:
            if self.keeper.saved_as is not None:
                command = DeleteMessages(placement_ids=(self.keeper.saved_as,))
                await self.main.carry_out(command, trn("done.deleted", 1))
        finally:
            await self._end(forget=False)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Keep what is written as a draft; nobody is asked."""
        event.accept()
        if not self.is_over:
            self.main.composers.ends.spawn(self.aclose(), name=tr("task.save_draft"))

    async def aclose(self, *, at_once: bool = False) -> None:
        """Keep what is written as a draft, then end.

        Args:
            at_once: The program ends: what is on its way is left to the engine, and what the
                engine does not take now stays on the disk for the next start.

        Raises:
            DoorError: The engine did not take it (not `at_once`).
            ComposeError: It cannot be written (not `at_once`).
            OSError: There is no account, and the disk did not take it (not `at_once`).
        """
        async with self._closing:
            await self.keeper.settled()  # a version that is on its way may be refused
            if self.is_over:
                return
            is_kept = True
            if self.keeper.is_changed and self.has_words():
                is_kept = await self._keep(at_once=at_once)
            elif self.sending.is_under_way and not at_once:
                return
            self._begin_end()
            await self._end(forget=is_kept)

    async def _keep(self, *, at_once: bool) -> bool:
        """Keep what is written; returns False where at most the disk has it (see `aclose`)."""
        try:
            try:
                await self.keeper.save()
            except (DoorError, ComposeError):
                if not at_once:
                    raise
            if self.keeper.is_changed:  # refused, without an account, or written on meanwhile
                await self.keeper.write_down()
        except (DoorError, ComposeError, OSError) as error:
            if not at_once:
                self.show()
                raise
            self.main.trouble.report(tr("task.save_draft"), error)
        return not self.keeper.is_changed

    def finish(self) -> None:
        """End for good: what was written is safe, on its way, or unwanted."""
        if not self.is_over:
            self._begin_end()
            self.main.composers.ends.spawn(self._end(), name=tr("compose.discard"))

    def _begin_end(self) -> None:
        self.is_over = True
        self.hide()
        self.closed.emit()

    async def _end(self, *, forget: bool = True) -> None:
        if forget:
            await self.keeper.forget()
        await self.scope.close()
        await self.quote.close_view()
        self.deleteLater()


def signature_html(sender: Sender) -> str:
    """Return a signature as HTML, with its mark (RFC 3676 section 4.3)."""
    return f"<div>-- </div>{sender.signature_html or text_html.render(sender.signature)}"
