"""Attachments shown, and on their way to the disk: saved, opened, dragged out."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QDrag
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from desktopmail.mime.attachment import numbered
from desktopmail.ui.language import tr, trn
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.preview import PreviewWindow, Shown, way_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.mime.attachment import Attachment
    from desktopmail.ui.reading.pane import ReadingPane
    from desktopmail.ui.window import MainWindow


def free_name(folder: Path, name: str) -> Path:
    """Return a path in a folder that no file has yet: `name`, else `name (2)` and so on."""
    paths = (folder / one for one in numbered(name))
    return next(path for path in paths if not path.exists())


def write_new(path: Path, octets: bytes, *, replace: bool = False) -> None:
    """Write a file beside its place and put it there whole.

    Raises:
        OSError: The folder or the disk refused.
    """
    if path.exists() and not replace:
        raise FileExistsError(path)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".desktopmail-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
        os.replace(fresh, path)
    except OSError:
        Path(fresh).unlink(missing_ok=True)
        raise


class AttachmentSaver:
    """Serves a reading pane's wishes about attachments."""

    def __init__(self, window: QWidget, main: MainWindow) -> None:
        self._window = window
        self._main = main
        self._scope = main.scope
        self._say = main.say
        self._folder = Path.home() / "Downloads"
        self._opened: tempfile.TemporaryDirectory[str] | None = None

    def serve(self, pane: ReadingPane) -> None:
        """Serve one more pane."""
        pane.show_wanted.connect(lambda it: self.show(pane, it))
        pane.open_wanted.connect(self.open)
        pane.save_wanted.connect(self.save)
        pane.drag_wanted.connect(self.drag)
        pane.save_all_wanted.connect(
            lambda: self.save_all(pane.letter.attachments if pane.letter is not None else ())
        )

    def show(self, pane: ReadingPane, attachment: Attachment) -> None:
        """Show an attachment here; what cannot be shown is opened by the desktop's program."""
        way = way_of(attachment)
        if way is Shown.NOT:
            self.open(attachment)
        elif way is Shown.MAIL:
            self._scope.spawn(self._show_mail(pane, attachment), name=tr("preview.show"))
        else:
            found = pane.letter.attachments if pane.letter is not None else (attachment,)
            shown = [it for it in found if way_of(it) not in {Shown.NOT, Shown.MAIL}]
            window = PreviewWindow(self._main.theme, shown, attachment, self._scope)
            window.open_wanted.connect(self.open)
            window.save_wanted.connect(self.save)
            self._main.add_window(window)
            window.show()

    async def _show_mail(self, pane: ReadingPane, attachment: Attachment) -> None:
        from desktopmail.ui.panels.message import MessageWindow

        loop = asyncio.get_running_loop()
        letter = await loop.run_in_executor(None, lambda: read_letter(attachment.octets))
        account_id = pane.row.account_id if pane.row is not None else None
        window = MessageWindow(self._main, None, letter, account_id=account_id)
        self._main.add_window(window)
        window.show()

    def save(self, attachment: Attachment) -> None:
        """Ask where to, then save."""
        folder = self._folder if self._folder.is_dir() else Path.home()
        dialog = QFileDialog(
            self._window, tr("attachment.save"), str(free_name(folder, attachment.name))
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(attachment.name)
        dialog.fileSelected.connect(lambda path: self._save_to(attachment, Path(path)))
        dialog.open()

    def save_all(self, attachments: Sequence[Attachment]) -> None:
        """Ask for a folder, then save all of them under free names."""
        dialog = QFileDialog(self._window, tr("attachment.save_all"), str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self._save_all_to(attachments, Path(path)))
        dialog.open()

    def open(self, attachment: Attachment) -> None:
        """Open a copy with the desktop's program; ask first where there is a reason to."""
        if attachment.warned.value:
            box = QMessageBox(
                QMessageBox.Icon.Warning,
                tr("attachment.open"),
                tr("attachment.warned", name=attachment.name),
                QMessageBox.StandardButton.Cancel,
                self._window,
            )
            box.setInformativeText(tr(f"warned.{attachment.warned.name.lower()}"))
            anyway = box.addButton(tr("attachment.open_anyway"), QMessageBox.ButtonRole.AcceptRole)
            anyway.clicked.connect(lambda: self._open_copy(attachment))
            box.open()
            return
        self._open_copy(attachment)

    def drag(self, attachment: Attachment) -> None:
        """Drag a copy out of the window."""
        path = self._copy(attachment)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self._window)
        drag.setMimeData(data)
        drag.exec()  # no coroutine runs here: Qt's own drag loop

    def _open_copy(self, attachment: Attachment) -> None:
        async def write_and_open() -> None:
            loop = asyncio.get_running_loop()
            path = await loop.run_in_executor(None, self._copy, attachment)
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
                self._say(tr("attachment.no_program", name=attachment.name))

        self._scope.spawn(write_and_open(), name=tr("attachment.open"))

    def _copy(self, attachment: Attachment) -> Path:
        if self._opened is None:
            self._opened = tempfile.TemporaryDirectory(prefix="desktopmail-")
        path = free_name(Path(self._opened.name), attachment.name)
        write_new(path, attachment.octets)
        path.chmod(0o400)  # what is changed in the copy would be lost: let programs say so
        return path

    def _save_to(self, attachment: Attachment, path: Path) -> None:
        async def save() -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(
                None, lambda: write_new(path, attachment.octets, replace=True)
            )
            self._folder = path.parent
            self._say(tr("attachment.saved", name=path.name))

        self._scope.spawn(save(), name=tr("attachment.save"))

    def _save_all_to(self, attachments: Sequence[Attachment], folder: Path) -> None:
        def write() -> None:
            for attachment in attachments:
                write_new(free_name(folder, attachment.name), attachment.octets)

        async def save() -> None:
            await asyncio.get_running_loop().run_in_executor(None, write)
            self._folder = folder
            self._say(trn("attachment.saved_all", len(attachments)))

        self._scope.spawn(save(), name=tr("attachment.save_all"))
