"""The settings, built of their declarations, with a field to search them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktopmail.ui.chooser import fits
from desktopmail.ui.label import Label
from desktopmail.ui.language import LANGUAGES, tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.settings import DECLARED, Setting, Value

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


class SettingsDialog(QDialog):
    """Every setting, by section; a change is in force at once."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._settings = window.settings
        self.setWindowTitle(tr("settings.title"))
        self.resize(window.theme.room(560, 600))
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("settings.search"))
        self.search.setAccessibleName(tr("settings.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        host = QWidget(self)
        host.setObjectName("settingsHost")
        self._lines = QVBoxLayout(host)
        self._lines.setContentsMargins(22, 6, 22, 22)
        self._lines.setSpacing(4)
        self._rows: list[tuple[Setting, QWidget]] = []
        self._headings: dict[str, QLabel] = {}
        for setting in DECLARED:
            if not setting.hidden:
                self._add(setting, host)
        self._lines.addStretch(1)
        area = QScrollArea(self)
        area.setWidget(host)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        done = QPushButton(tr("settings.done"), self)
        done.setDefault(True)
        done.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(22, 4, 22, 14)
        buttons.addStretch(1)
        buttons.addWidget(done)
        top = QHBoxLayout()
        top.setContentsMargins(22, 18, 22, 4)
        top.addWidget(self.search)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(top)
        lines.addWidget(area, 1)
        lines.addLayout(buttons)
        self.search.setFocus()

    def shown(self) -> list[str]:
        """The names of the settings that fit what was typed."""
        return [setting.name for setting, row in self._rows if not row.isHidden()]

    def _add(self, setting: Setting, host: QWidget) -> None:
        if setting.section not in self._headings:
            heading = Label(tr(f"section.{setting.section}"), host)
            heading.setProperty("kind", "subject")
            heading.setContentsMargins(0, 14, 0, 4)
            self._headings[setting.section] = heading
            self._lines.addWidget(heading)
        row = QWidget(host)
        title, explanation = _title(setting), self._explanation(setting)
        name = Label(title, row)
        words = Label(explanation, row)
        words.setProperty("kind", "small")
        words.setWordWrap(True)
        words.setVisible(bool(explanation))
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(name)
        texts.addWidget(words)
        control = self._control(setting, row)
        for it in (name, control):
            it.setEnabled(self._has_effect(setting))
        control.setAccessibleName(title)
        control.setAccessibleDescription(explanation)
        name.setBuddy(control)
        line = QHBoxLayout(row)
        line.setSpacing(18)
        line.addLayout(texts, 1)
        line.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        line.setContentsMargins(0, 5, 0, 5)
        self._rows.append((setting, row))
        self._lines.addWidget(row)

    def _has_effect(self, setting: Setting) -> bool:
        """Whether this desktop can do what the setting says."""
        return setting.name != "tray" or self._window.notifications.tray.is_available

    def _explanation(self, setting: Setting) -> str:
        what = "help" if self._has_effect(setting) else "impossible"
        return tr(f"setting.{setting.name}_{what}")

    def _control(self, setting: Setting, parent: QWidget) -> QWidget:
        settings = self._settings
        if setting.choices:
            box = QComboBox(parent)
            box.setMinimumWidth(self._window.theme.px(170))
            for value in setting.choices:
                box.addItem(_choice_name(setting, value), value)
            box.setCurrentIndex(box.findData(settings.get(setting.name)))
            box.currentIndexChanged.connect(lambda: self._set(setting, box.currentData()))
            return box
        if isinstance(setting.default, bool):
            check = QCheckBox(parent)
            check.setProperty("kind", "bare")
            check.setChecked(settings.flag(setting.name))
            check.toggled.connect(lambda on: self._set(setting, bool(on)))
            return check
        if setting.of_accounts:
            return self._accounts(setting, parent)
        if isinstance(setting.default, int):  # whatever else is kept is hidden
            spin = QSpinBox(parent)
            spin.setRange(setting.low, setting.high)
            spin.setSuffix(f" {tr('settings.seconds')}" if setting.name.endswith("_s") else "")
            if setting.low < 0:
                spin.setSpecialValueText(tr("settings.never"))
            spin.setValue(settings.number(setting.name))
            spin.setMinimumWidth(self._window.theme.px(110))
            spin.setAlignment(Qt.AlignmentFlag.AlignCenter)
            spin.valueChanged.connect(lambda value: self._set(setting, int(value)))
            return spin
        raise TypeError(f"No control shows the setting {setting.name}.")

    def _accounts(self, setting: Setting, parent: QWidget) -> QWidget:
        """A tick for each account; what is kept are those without one."""
        host = QWidget(parent)
        lines = QVBoxLayout(host)
        lines.setContentsMargins(0, 0, 0, 0)
        ticks: list[tuple[str, QCheckBox]] = []
        kept = self._settings.texts(setting.name)
        for account in self._window.accounts():
            tick = QCheckBox(account_title(account).replace("&", "&&"), host)
            tick.setChecked(account.name not in kept)
            tick.toggled.connect(
                lambda: self._set(setting, [name for name, it in ticks if not it.isChecked()])
            )
            ticks.append((account.name, tick))
            lines.addWidget(tick)
        return host

    def _set(self, setting: Setting, value: Value) -> None:
        try:
            self._settings.set(setting.name, value)
        except OSError as error:
            self._window.say(tr("settings.not_kept", error=error.strerror or str(error)))
        self._window.apply_look()

    def _filter(self, typed: str) -> None:
        shown_sections = set()
        for setting, row in self._rows:
            section = tr(f"section.{setting.section}")
            rank = fits(typed, f"{_title(setting)} {self._explanation(setting)} {section}")
            visible = rank is not None and rank < 3
            row.setVisible(visible)
            if visible:
                shown_sections.add(setting.section)
        for section, heading in self._headings.items():
            heading.setVisible(section in shown_sections)


def _title(setting: Setting) -> str:
    return tr(f"setting.{setting.name}")


def _choice_name(setting: Setting, value: str) -> str:
    if setting.name == "language" and value:
        return LANGUAGES[value]
    return tr(f"choice.{setting.name}_{value or 'system'}")
