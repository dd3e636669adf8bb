"""The one theme of the program: light, dark, or whatever the system shows."""

from __future__ import annotations

import enum
import weakref
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon
from shiboken6 import isValid

from desktopmail.ui.theme import icons
from desktopmail.ui.theme.palette import build_palette
from desktopmail.ui.theme.style import build_style_sheet
from desktopmail.ui.theme.tokens import Tokens, load_tokens

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


class Scheme(enum.StrEnum):
    """What a person can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Applies tokens to the application and tints icons; `changed` follows each change.

    Attributes:
        tokens: The colours in force.
        dark: Whether they are the dark ones.
    """

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._scheme = scheme
        self._tinted: list[tuple[weakref.ref[QObject], str, str]] = []
        self.dark = False
        self.tokens: Tokens = load_tokens("light")
        application.setStyle("Fusion")
        _prefer_a_good_font(application)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        self._apply()

    @property
    def scheme(self) -> Scheme:
        """What was chosen."""
        return self._scheme

    def choose(self, scheme: Scheme) -> None:
        """Show another scheme."""
        self._scheme = scheme
        self._apply()

    def colour(self, role: str) -> QColor:
        """Return a token's colour for painting."""
        return QColor(str(getattr(self.tokens, role)))

    def icon(self, name: str, role: str = "muted") -> QIcon:
        """Return an icon in the colour of a token; it does not follow later changes."""
        return icons.tinted(name, str(getattr(self.tokens, role)), self.tokens.border_strong)

    def tint(self, target: QObject, name: str, role: str = "muted") -> None:
        """Give an action or button an icon that follows the theme."""
        self._tinted = [
            entry
            for entry in self._tinted
            if (alive := entry[0]()) is not None and isValid(alive) and alive is not target
        ]
        self._tinted.append((weakref.ref(target), name, role))
        self._set_icon(target, name, role)

    def _set_icon(self, target: QObject, name: str, role: str) -> None:
        target.setIcon(self.icon(name, role))  # type: ignore[attr-defined] # QAction, QAbstractButton

    def _system_changed(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        system_is_dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self.dark = self._scheme is Scheme.DARK or (
            self._scheme is Scheme.SYSTEM and system_is_dark
        )
        self.tokens = load_tokens("dark" if self.dark else "light")
        # setColorScheme() does nothing offscreen and on bare X11, so the palette is set as well.
        self._application.setPalette(build_palette(self.tokens))
        base_pt = self._application.font().pointSizeF()
        self._application.setStyleSheet(build_style_sheet(self.tokens, base_pt=base_pt))
        for reference, name, role in self._tinted:
            if (target := reference()) is not None and isValid(target):
                self._set_icon(target, name, role)
        self.changed.emit()


def _prefer_a_good_font(application: QApplication) -> None:
    """Without a desktop's own choice Qt takes any font, at 9 points: choose a better one."""
    if QGuiApplication.platformName() not in {"offscreen", "minimal", "vnc"}:
        return
    families = set(QFontDatabase.families())
    for family in ("Inter", "Cantarell", "Noto Sans", "DejaVu Sans"):
        if family in families:
            font = QFont(family)
            font.setPointSizeF(9.0 if family == "DejaVu Sans" else 10.0)
            application.setFont(font)
            return
