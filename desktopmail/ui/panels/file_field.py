"""A field for a file that is there: typed, or chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from desktopmail.ui.language import tr


class FileField(QWidget):
    """A line with the path of a file, a button that chooses one, and one that takes it away.

    Args:
        title: What file it is, for screen readers and above the chooser.
        file: Its path, or None.
        hint: What stands in the line when no file is named.
    """

    def __init__(self, title: str, file: str | None, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = title
        self.line = QLineEdit(file or "", self)
        self.line.setAccessibleName(title)
        self.line.setPlaceholderText(hint)
        self.line.setClearButtonEnabled(True)
        self.choose_button = QPushButton(tr("servers.choose_file"), self)
        self.choose_button.setAccessibleName(f"{title}: {tr('servers.choose_file')}")
        self.choose_button.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.choose_button)
        self.setFocusProxy(self.line)

    def path(self) -> str:
        """The whole path of the file; empty where none is named."""
        typed = self.line.text().strip()
        return str(Path(typed).expanduser()) if typed else ""

    def is_there(self) -> bool:
        """Whether a file is named that can be found."""
        return bool(self.path()) and Path(self.path()).is_file()

    def _choose(self) -> None:
        folder = Path(self.path()).parent if self.path() else Path.home()
        dialog = QFileDialog(self, self._title, str(folder))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.line.setText)
        dialog.open()
