"""Attachments on their way to the disk: saved, opened, dragged out; never over another file."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QDrag
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.mime.attachment import Attachment
    from desktopmail.ui.reading.pane import ReadingPane
    from desktopmail.ui.tasks import TaskScope


def free_name(folder: Path, name: str) -> Path:
    """Return a path in a folder that no file has yet: `name`, else `name (2)` and so on."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return path


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

    def __init__(self, window: QWidget, scope: TaskScope, say: Callable[[str], None]) -> None:
        self._window = window
        self._scope = scope
        self._say = say
        self._folder = Path.home() / "Downloads"
        self._opened: tempfile.TemporaryDirectory[str] | None = None

    def serve(self, pane: ReadingPane) -> None:
        """Serve one more pane."""
        pane.open_wanted.connect(self.open)
        pane.save_wanted.connect(self.save)
        pane.drag_wanted.connect(self.drag)
        pane.save_all_wanted.connect(
            lambda: self.save_all(pane.letter.attachments if pane.letter is not None else ())
        )

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
