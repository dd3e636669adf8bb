"""What is written in a composer, read out of it, and a picture to put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from desktopmail.ui.composer.body import png_of

if TYPE_CHECKING:
    from desktopmail.ui.composer.window import ComposeWindow


def picture() -> bytes:
    image = QImage(40, 20, QImage.Format.Format_RGB32)
    image.fill(0xFF3366)
    return png_of(image)


def inner(composer: ComposeWindow) -> str:
    html = composer.body.html() or ""
    return html.partition("<body>")[2].partition("</body>")[0]
