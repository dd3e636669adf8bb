"""The files of a message being written: each with its size, to be opened or taken off again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, Qt, Signal
from PySide6.QtGui import QImageReader, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.ui.dates import size_text
from desktopmail.ui.file_card import PICTURE, FileCard
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.reading.attachments import icon_of

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from desktopmail.mime.compose import File
    from desktopmail.ui.theme.theme import Theme

WARNED_OCTETS = 15_000_000  # in Base64 that is 20 MB, which many servers refuse
_MAX_SHOWN_OCTETS = 2_000_000  # decoding a larger picture takes longer than a frame


class FileChip(FileCard):
    """One file.

    Signals:
        remove_wanted: It is to be taken off.
        step_wanted: The keyboard goes to the one behind it (1) or before it (-1).
    """

    remove_wanted = Signal()
    step_wanted = Signal(int)

    def __init__(self, file: File, theme: Theme, parent: QWidget) -> None:
        picture = _picture_of(file, theme)
        super().__init__(file.name, file.media_type, len(file.octets), picture, parent)
        self.file = file
        remove = QToolButton(self)
        remove.setToolTip(tr("compose.remove", name=file.name))
        remove.setAccessibleName(remove.toolTip())
        theme.grow(remove, 14)
        remove.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Delete does it on the chip itself
        theme.tint(remove, "close")
        remove.clicked.connect(lambda _checked=False: self.remove_wanted.emit())
        self.add_button(remove)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Delete takes it off; the arrows go to its neighbours."""
        match event.key():
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.remove_wanted.emit()
            case Qt.Key.Key_Left | Qt.Key.Key_Right as key:
                forward = (key == Qt.Key.Key_Right) is not self.isRightToLeft()
                self.step_wanted.emit(1 if forward else -1)
            case _:
                super().keyPressEvent(event)


class FileStrip(QFrame):
    """All files of a message.

    Signals:
        changed: There are others.
        left: The keyboard was at the last of them, which was taken off.
    """

    changed = Signal()
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("fileStrip")
        self._theme = theme
        self._files: list[File] = []
        self._host = QWidget(self)
        self._flow = FlowLayout(self._host, spacing=8)
        self._total = Label("", self)
        self._total.setProperty("kind", "small")
        lines = QVBoxLayout(self)
        lines.setContentsMargins(18, 10, 18, 10)
        lines.setSpacing(6)
        lines.addWidget(self._host)
        lines.addWidget(self._total)
        self.hide()

    @property
    def files(self) -> tuple[File, ...]:
        """The files, in their order."""
        return tuple(self._files)

    @property
    def chips(self) -> tuple[FileChip, ...]:
        """What is shown of them."""
        widgets = (self._flow.itemAt(at) for at in range(self._flow.count()))
        found = (item.widget() for item in widgets if item is not None)
        return tuple(chip for chip in found if isinstance(chip, FileChip))

    def add(self, *files: File) -> None:
        """Add files."""
        self._files.extend(files)
        self._show()
        if files:
            self.changed.emit()

    def _remove(self, file: File) -> None:
        at = next(at for at, it in enumerate(self._files) if it is file)
        had_focus = any(chip.hasFocus() for chip in self.chips)
        del self._files[at]
        self._show()
        self.changed.emit()
        if not had_focus:
            return
        # Else Qt would go on to what comes next, and that is the button that sends.
        if chips := self.chips:
            chips[min(at, len(chips) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.left.emit()

    def _step(self, chip: FileChip, by: int) -> None:
        chips = self.chips
        at = chips.index(chip) + by
        if 0 <= at < len(chips):
            chips[at].setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self) -> None:
        self._flow.clear()
        for file in self._files:
            chip = FileChip(file, self._theme, self._host)
            chip.remove_wanted.connect(lambda it=file: self._remove(it))
            chip.step_wanted.connect(lambda by, it=chip: self._step(it, by))
            self._flow.addWidget(chip)
            chip.show()
        octets = sum(len(file.octets) for file in self._files)
        is_much = octets > WARNED_OCTETS
        text = trn("attachment.count", len(self._files))
        self.setAccessibleName(text)
        text = f"{text}, {size_text(octets)}"
        self._total.setText(f"{text}. {tr('compose.much')}" if is_much else text)
        self._total.setVisible(len(self._files) > 1 or is_much)
        self.setVisible(bool(self._files))


def _picture_of(file: File, theme: Theme) -> QPixmap:
    if file.media_type.startswith("image/") and len(file.octets) < _MAX_SHOWN_OCTETS:
        source = QBuffer()
        source.setData(file.octets)
        source.open(QIODevice.OpenModeFlag.ReadOnly)
        reader = QImageReader(source)
        reader.setScaledSize(
            reader.size().scaled(PICTURE, PICTURE, Qt.AspectRatioMode.KeepAspectRatio)
        )
        image = reader.read()
        if not image.isNull():
            return QPixmap.fromImage(image)
    return theme.picture(icon_of(file.media_type), "muted", 20)
