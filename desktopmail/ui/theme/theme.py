"""The one theme of the program: light, dark, or whatever the system shows, in its letters' size."""

from __future__ import annotations

import enum
import functools
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QPainter,
    QPen,
    QPixmap,
)
from shiboken6 import isValid

from desktopmail.ui.theme import icons
from desktopmail.ui.theme.palette import build_palette
from desktopmail.ui.theme.style import build_style_sheet
from desktopmail.ui.theme.tokens import Tokens, load_tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from PySide6.QtGui import QAction, QStyleHints
    from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

Followed = TypeVar("Followed", bound=QObject)

_OF_THE_SCREEN = 0.95
_EDGE = 2  # pixels
_USUAL_PX = 13 + 1 / 3  # 10 points at 96 dots an inch


class Scheme(enum.StrEnum):
    """What a person can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class _Follower:
    """Something of an object that is to be in line with the theme."""

    target: weakref.ref[QObject]
    apply: Callable[[Any], None]


class Theme(QObject):
    """Applies tokens to the application and tints icons; `changed` follows each change.

    Attributes:
        tokens: The colours in force.
        dark: Whether they are the dark ones.
        is_contrast: Whether the system asks for high contrast: then they are black and white, and
            what is selected or has the focus has an edge.
        scale: How large the application's letters are against usual ones, at least 1.
    """

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._scheme = scheme
        self._followers: dict[tuple[int, str], _Follower] = {}
        self._letters = application.font()
        self.dark = self.is_contrast = False
        self.scale = 1.0
        self.tokens: Tokens = load_tokens("light")
        application.setStyle("Fusion")
        _prefer_a_good_font(application)
        hints = _hints()
        hints.colorSchemeChanged.connect(self._system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(lambda _now: self._apply())
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

    def paint_edge(self, painter: QPainter, rect: QRect, *, focused: bool = True) -> None:
        """Draw an edge inside what is selected, where grounds alone do not tell it."""
        if not self.is_contrast:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        colour, width = (self.colour("accent"), _EDGE) if focused else (self.colour("text"), 1)
        pen = QPen(colour, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(1, 1, -1, -1))
        painter.restore()

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

    def tint(self, target: QAction | QAbstractButton, name: str, role: str = "muted") -> None:
        """Give an action or button an icon that follows the theme."""
        self.follow(target, "icon", lambda it: it.setIcon(self.icon(name, role)))

    def grow(self, button: QAbstractButton, length: int) -> None:
        """Give the icon of a button a side that follows the letters."""
        self.follow(button, "size", lambda it: it.setIconSize(self.side(length)))

    def depict(self, label: QLabel, name: str, role: str, length: int) -> None:
        """Have a label show an icon that follows the theme and the letters."""
        self.follow(label, "picture", lambda it: it.setPixmap(self.picture(name, role, length)))

    def write_fixed(self, target: QWidget) -> None:
        """Have a widget show letters of one width, as large as the others."""
        self.follow(target, "letters", lambda it: it.setFont(self.fixed_font()))

    def follow(self, target: Followed, what: str, apply: Callable[[Followed], None]) -> None:
        """Bring something of a target in line with the theme, now and after each change.

        Args:
            target: Is not kept alive.
            what: What of it; what was to be done about that before is forgotten.
            apply: Does it; must not hold the target itself.
        """
        key, followers = (id(target), what), self._followers
        alive: weakref.ref[QObject] = weakref.ref(target, lambda _gone: followers.pop(key, None))
        followers[key] = _Follower(alive, apply)
        apply(target)

    def follow_letters(self) -> None:
        """The desktop may show other letters than before: what grows with them follows."""
        if self._application.font() != self._letters:
            self._apply()

    def _system_changed(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        system_is_dark = _hints().colorScheme() is Qt.ColorScheme.Dark
        self.dark = self._scheme is Scheme.DARK or (
            self._scheme is Scheme.SYSTEM and system_is_dark
        )
        self.is_contrast = wants_contrast()
        name = "dark" if self.dark else "light"
        self.tokens = load_tokens(f"contrast-{name}" if self.is_contrast else name)
        # setColorScheme() does nothing offscreen and on bare X11, so the palette is set as well.
        self._application.setPalette(build_palette(self.tokens))
        self._letters = font = self._application.font()
        self.scale = max(QFontInfo(font).pixelSize() / _USUAL_PX, 1.0)
        self._application.setStyleSheet(
            build_style_sheet(
                self.tokens,
                base_pt=font.pointSizeF(),
                line_px=QFontMetrics(font).height(),
                scale=self.scale,
                is_contrast=self.is_contrast,
            )
        )
        for follower in list(self._followers.values()):
            if (target := follower.target()) is not None and isValid(target):
                follower.apply(target)
        self.changed.emit()


def wants_contrast() -> bool:
    """Whether the system asks for high contrast."""
    asked = _hints().accessibility().contrastPreference()
    return asked is Qt.ContrastPreference.HighContrast


@functools.cache
def _hints() -> QStyleHints:
    # Held for good: when PySide lets go of it, what `accessibility()` returns is dead from then on.
    return QGuiApplication.styleHints()


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
