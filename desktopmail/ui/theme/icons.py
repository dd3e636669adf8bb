"""Symbolic icons: SVG drawings of one colour, tinted when they are first asked for."""

from __future__ import annotations

import os
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap

from desktopmail import resources


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(name.removesuffix(".svg") for name in os.listdir(resources.path("icons")))


@lru_cache(maxsize=256)
def _drawing(name: str) -> bytes:
    return resources.path("icons", f"{name}.svg").read_bytes()


@lru_cache(maxsize=2048)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Return an icon of `size` logical pixels, drawn in `colour` for a screen of `ratio`."""
    from PySide6.QtSvg import QSvgRenderer

    drawing = _drawing(name).replace(b"currentColor", colour.encode())
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(drawing)).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


class _Drawn(QIconEngine):
    """Draws an icon in the size that is asked for, when it is asked for.

    All sizes in advance took 5 ms for each icon: most of what opening a window cost.
    """

    def __init__(self, name: str, colour: str, disabled: str) -> None:
        super().__init__()
        self._name = name
        self._colours = (colour, disabled)

    def _drawn(self, side: int, mode: QIcon.Mode, ratio: float) -> QPixmap:
        colour = self._colours[mode is QIcon.Mode.Disabled]
        return pixmap(self._name, colour, max(side, 1), ratio)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:  # noqa: ARG002 - Qt's signature
        """Draw it for an ordinary screen."""
        return self._drawn(min(size.width(), size.height()), mode, 1.0)

    def scaledPixmap(  # noqa: N802 - Qt's name
        self,
        size: QSize,
        mode: QIcon.Mode,
        state: QIcon.State,  # noqa: ARG002 - Qt's signature
        scale: float,
    ) -> QPixmap:
        """Draw it for a screen of `scale`; the size is in logical pixels."""
        return self._drawn(min(size.width(), size.height()), mode, scale)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002 - Qt's signature
        """Draw it where a style wants it."""
        ratio = painter.device().devicePixelRatioF()
        side = min(rect.width(), rect.height())
        drawn = self._drawn(side, mode, ratio)
        corner = QRect(0, 0, side, side)
        corner.moveCenter(rect.center())
        painter.drawPixmap(corner, drawn)

    def clone(self) -> _Drawn:
        """Return another one that draws the same."""
        return _Drawn(self._name, *self._colours)


@lru_cache(maxsize=512)
def tinted(name: str, colour: str, disabled: str) -> QIcon:
    """Return an icon in `colour`, and in `disabled` where its action is."""
    if name not in _names():
        raise FileNotFoundError(f"No icon is called {name}.")  # told here, not within Qt
    return QIcon(_Drawn(name, colour, disabled))


def tag_icon(colour: str) -> QIcon:
    """The dot of a tag, for menus."""
    return tinted("dot", colour, colour)


def application_icon() -> QIcon:
    """Return the coloured icon of the program."""
    from PySide6.QtSvg import QSvgRenderer

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
