"""Symbolic icons: SVG drawings of one colour, tinted when they are first asked for."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktopmail import resources

_SIZES = (16, 20, 24, 32)
_RATIOS = (1.0, 2.0)


@lru_cache(maxsize=256)
def _drawing(name: str) -> bytes:
    return resources.path("icons", f"{name}.svg").read_bytes()


@lru_cache(maxsize=2048)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Return an icon of `size` logical pixels, drawn in `colour` for a screen of `ratio`."""
    drawing = _drawing(name).replace(b"currentColor", colour.encode())
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(drawing)).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


@lru_cache(maxsize=512)
def tinted(name: str, colour: str, disabled: str) -> QIcon:
    """Return an icon in `colour`, and in `disabled` where its action is."""
    icon = QIcon()
    for size in _SIZES:
        for ratio in _RATIOS:
            icon.addPixmap(pixmap(name, colour, size, ratio), QIcon.Mode.Normal)
            icon.addPixmap(pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
            icon.addPixmap(pixmap(name, colour, size, ratio), QIcon.Mode.Selected)
    return icon


def tag_icon(colour: str) -> QIcon:
    """The dot of a tag, for menus."""
    icon = QIcon()
    for ratio in (1, 2):
        image = QPixmap(16 * ratio, 16 * ratio)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(3 * ratio, 3 * ratio, 10 * ratio, 10 * ratio)
        painter.end()
        image.setDevicePixelRatio(ratio)
        icon.addPixmap(image)
    return icon


def application_icon() -> QIcon:
    """Return the coloured icon of the program."""
    icon = QIcon()
    renderer = QSvgRenderer(QByteArray(_drawing("desktopmail")))
    for size in (16, 32, 64, 128, 256):
        picture = QPixmap(size, size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        renderer.render(painter)
        painter.end()
        icon.addPixmap(picture)
    return icon
