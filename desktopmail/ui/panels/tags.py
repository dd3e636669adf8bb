"""The tags of the profile: what they are called, their colours, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import ChangeTag, ForgetTag
from desktopmail.door.tags import name_of
from desktopmail.ui.emptied import empty
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.margins import set_margins
from desktopmail.ui.panels.unkept import Unkept
from desktopmail.ui.theme.icons import tag_icon

if TYPE_CHECKING:
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.rows import TagRow
    from desktopmail.ui.window import MainWindow


class TagsDialog(QDialog):
    """A line for each tag; a change is in force at once."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.setWindowTitle(tr("verb.tags").rstrip("…"))
        self.resize(window.theme.room(480, 440))
        words = Label(tr("tag.help"), self)
        words.setProperty("kind", "muted")
        words.setWordWrap(True)
        self._host = QWidget(self)
        self._host.setObjectName("tagsHost")
        self._grid = QGridLayout(self._host)
        set_margins(self._grid, 0, 0, 6, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        area = QScrollArea(self)
        area.setWidget(self._host)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.new_field = QLineEdit(self)
        self.new_field.setPlaceholderText(tr("tag.new_name"))
        self.new_field.setAccessibleName(tr("tag.new_name"))
        self.new_button = QPushButton(tr("tag.make"), self)
        self.new_button.setAutoDefault(False)
        self.new_button.setEnabled(False)
        self.new_field.textChanged.connect(
            lambda text: self.new_button.setEnabled(bool(name_of(text)))
        )
        self.new_field.returnPressed.connect(self.new_button.click)
        self.new_button.clicked.connect(self._make)
        done = QPushButton(tr("settings.done"), self)
        done.setAutoDefault(False)
        done.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.new_field, 1)
        row.addWidget(self.new_button)
        row.addSpacing(12)
        row.addWidget(done)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(12)
        lines.addWidget(words)
        lines.addWidget(area, 1)
        lines.addLayout(row)
        self.fields: dict[str, QLineEdit] = {}
        self._unkept = Unkept(self, window.scope, self.new_button.isEnabled, self._keep)
        window.tags.refresh(window.reader)  # counts change without a word
        window.tags.changed.connect(self._build)
        self._build()

    def _build(self) -> None:
        name, typed = self._being_renamed()
        if name:
            self.fields[name].blockSignals(True)  # it goes; nobody has left it
        empty(self._grid)
        self.fields.clear()
        for row, tag in enumerate(self._window.tags.rows()):
            self._add(row, tag)
        self._grid.setRowStretch(len(self.fields), 1)
        if (field := self.fields.get(name)) is not None:
            field.setText(typed)
            field.show()  # what is hidden takes no focus
            field.setFocus()

    def _being_renamed(self) -> tuple[str, str]:
        """The tag whose label is being typed, and what stands there; empty when none is."""
        typing = self.focusWidget()
        return next(
            ((name, it.text()) for name, it in self.fields.items() if it is typing), ("", "")
        )

    async def _keep(self) -> bool:
        await self._command(ChangeTag(tag=self.new_field.text().strip()))
        return True

    def accept(self) -> None:
        """Close, and lose nothing that was typed in silence."""
        self._unkept.settle(super().accept)

    def reject(self) -> None:
        """Close, and lose nothing that was typed in silence."""
        self._unkept.settle(super().reject)

    def _add(self, row: int, tag: TagRow) -> None:
        number = Label(str(row + 1) if row < 9 else "", self._host)
        number.setProperty("kind", "small")
        colour = QToolButton(self._host)
        colour.setIcon(tag_icon(tag.colour))
        colour.setAccessibleName(tr("tag.colour", label=tag.label))
        colour.setToolTip(tr("tag.colour", label=tag.label))
        colour.clicked.connect(lambda: self._ask_colour(tag))
        field = QLineEdit(tag.label, self._host)
        field.setAccessibleName(tr("tag.label", label=tag.label))
        field.editingFinished.connect(lambda: self._rename(tag, field.text().strip()))
        count = Label(trn("list.messages", tag.total), self._host)
        count.setProperty("kind", "small")
        forget = QToolButton(self._host)
        self._window.theme.tint(forget, "trash")
        forget.setAccessibleName(tr("tag.forget", label=tag.label))
        forget.setToolTip(tr("tag.forget", label=tag.label))
        forget.setEnabled(tag.total > 0 or not tag.name.startswith("$label"))
        forget.clicked.connect(lambda: self._do(ForgetTag(tag=tag.name)))
        for column, widget in enumerate((number, colour, field, count, forget)):
            self._grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignVCenter)
        self.fields[tag.name] = field

    def _make(self) -> None:
        self._do(ChangeTag(tag=self.new_field.text().strip()))
        self.new_field.clear()

    def _rename(self, tag: TagRow, label: str) -> None:
        if label and label != tag.label:
            self._do(ChangeTag(tag=tag.name, label=label))

    def _ask_colour(self, tag: TagRow) -> None:
        dialog = QColorDialog(QColor(tag.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(
            lambda colour: self._do(ChangeTag(tag=tag.name, colour=colour.name()))
        )
        dialog.open()

    def _do(self, command: AnyCommand) -> None:
        self._window.scope.spawn(self._command(command), name=self.windowTitle())

    async def _command(self, command: AnyCommand) -> None:
        await self._window.door.command(command)
