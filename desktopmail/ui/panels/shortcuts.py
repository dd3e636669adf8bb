"""All shortcuts, to look up and to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktopmail.ui.chooser import fits
from desktopmail.ui.commands.registry import VERBS
from desktopmail.ui.commands.verb import Menu, Verb
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


class ShortcutsDialog(QDialog):
    """A line for each verb; a change is in force at once and kept in the settings."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.setWindowTitle(tr("verb.shortcuts"))
        self.resize(window.theme.room(560, 620))
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("shortcuts.search"))
        self.search.setAccessibleName(tr("shortcuts.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        host = QWidget(self)
        self._grid = QGridLayout(host)
        self._grid.setContentsMargins(22, 4, 22, 18)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self.edits: dict[str, QKeySequenceEdit] = {}
        self._labels: dict[str, QLabel] = {}
        self._headings: dict[Menu, QLabel] = {}
        row = 0
        for menu in Menu:
            heading = Label(tr(menu.value), host)
            heading.setProperty("kind", "heading")
            heading.setContentsMargins(0, 10, 0, 2)
            self._headings[menu] = heading
            self._grid.addWidget(heading, row, 0)
            row += 1
            for verb in VERBS:
                if verb.menu is menu:
                    self._add(verb, row, host)
                    row += 1
        self.problem = Label("", self)
        self.problem.setProperty("kind", "error")
        self.problem.setWordWrap(True)
        area = QScrollArea(self)
        area.setWidget(host)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        reset = QPushButton(tr("shortcuts.reset"), self)
        reset.clicked.connect(self._reset)
        done = QPushButton(tr("settings.done"), self)
        done.setDefault(True)
        done.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(22, 4, 22, 14)
        buttons.addWidget(reset)
        buttons.addWidget(self.problem, 1)
        buttons.addWidget(done)
        top = QHBoxLayout()
        top.setContentsMargins(22, 18, 22, 4)
        top.addWidget(self.search)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(top)
        lines.addWidget(area, 1)
        lines.addLayout(buttons)

    def _add(self, verb: Verb, row: int, host: QWidget) -> None:
        label = Label(verb.title.rstrip("…"), host)
        action = self._window.actions_by_name[verb.name]
        edit = QKeySequenceEdit(action.shortcut(), host)
        edit.setMaximumSequenceLength(1)
        edit.setClearButtonEnabled(True)
        edit.setFixedWidth(self._window.theme.px(170))
        for field in edit.findChildren(QLineEdit):
            field.setPlaceholderText(tr("shortcuts.press"))  # Qt says it in English
        edit.setAccessibleName(verb.title)
        edit.editingFinished.connect(lambda: self._changed(verb, edit))
        label.setBuddy(edit)
        self._labels[verb.name] = label
        self.edits[verb.name] = edit
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(edit, row, 1)

    def _changed(self, verb: Verb, edit: QKeySequenceEdit) -> None:
        wanted = edit.keySequence()
        if wanted == self._window.actions_by_name[verb.name].shortcut():
            return
        for other in VERBS:
            action = self._window.actions_by_name[other.name]
            if other is not verb and not wanted.isEmpty() and wanted in action.shortcuts():
                edit.setKeySequence(self._window.actions_by_name[verb.name].shortcut())
                self.problem.setText(tr("shortcuts.taken", verb=other.title.rstrip("…")))
                return
        self.problem.clear()
        kept = [
            line
            for line in self._window.settings.texts("shortcuts")
            if line.partition("=")[0] != verb.name
        ]
        key = wanted.toString(QKeySequence.SequenceFormat.PortableText)
        self._window.settings.set("shortcuts", [*kept, f"{verb.name}={key}"])
        self._window.actions_by_name[verb.name].setShortcuts([wanted] if key else [])

    def _reset(self) -> None:
        self._window.settings.set("shortcuts", [])
        for verb in VERBS:
            keys = [QKeySequence(key) for key in verb.keys]
            self._window.actions_by_name[verb.name].setShortcuts(keys)
            self.edits[verb.name].setKeySequence(keys[0] if keys else QKeySequence())
        self.problem.clear()

    def _filter(self, typed: str) -> None:
        for verb in VERBS:
            rank = fits(typed, verb.title)
            shown = rank is not None and rank < 3
            self._labels[verb.name].setVisible(shown)
            self.edits[verb.name].setVisible(shown)
        for menu, heading in self._headings.items():
            heading.setVisible(
                any(verb.menu is menu and not self._labels[verb.name].isHidden() for verb in VERBS)
            )
