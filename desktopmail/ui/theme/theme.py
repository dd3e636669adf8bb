"""The one theme of the program: light, dark, or whatever the system shows."""

from __future__ import annotations

import enum
import weakref
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QPixmap,
)
from shiboken6 import isValid

from desktopmail.ui.theme import icons
from desktopmail.ui.theme.palette import build_palette
from desktopmail.ui.theme.style import build_style_sheet
from desktopmail.ui.theme.tokens import Tokens, load_tokens

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


_OF_THE_SCREEN = 0.95
_USUAL_PX = 13 + 1 / 3  # 10 points at 96 dots an inch


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
        scale: How large the application's letters are against usual ones, at least 1.
    """

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._scheme = scheme
        self._tinted: list[tuple[weakref.ref[QObject], str, str]] = []
        self.dark = False
        self.scale = 1.0
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

    def px(self, length: int) -> int:
        """Return a length that grows with the letters, given for letters of the usual size."""
        return round(length * self.scale)

    def side(self, length: int) -> QSize:
        """Return the size of an icon: a square whose side grows with the letters."""
        return QSize(self.px(length), self.px(length))

    def room(self, width: int, height: int) -> QSize:
        """Return a window's size, given for usual letters: larger ones take more of the screen."""
        usual = QSize(width, height)
        screen = QGuiApplication.primaryScreen().availableGeometry().size() * _OF_THE_SCREEN
        return QSize(self.px(width), self.px(height)).boundedTo(screen).expandedTo(usual)

    def width(self, length: int) -> int:
        """Return the width of a window, as `room` does."""
        return self.room(length, 0).width()

    def fixed_font(self) -> QFont:
        """Return letters of one width, as large as the others."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self._application.font().pointSizeF())
        return font

    def icon(self, name: str, role: str = "muted") -> QIcon:
        """Return an icon in the colour of a token; it does not follow later changes."""
        return icons.tinted(name, str(getattr(self.tokens, role)), self.tokens.border_strong)

    def picture(self, name: str, role: str, side: int) -> QPixmap:
        """Return an icon for a label, `side` points wide where letters have the usual size."""
        return self.icon(name, role).pixmap(self.side(side))

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
        font = self._application.font()
        self.scale = max(QFontInfo(font).pixelSize() / _USUAL_PX, 1.0)
        self._application.setStyleSheet(
            build_style_sheet(
                self.tokens,
                base_pt=font.pointSizeF(),
                line_px=QFontMetrics(font).height(),
                scale=self.scale,
            )
        )
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
