"""Margins that differ at the two sides: the wider one stands where reading begins, or ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLayout


def set_margins(layout: QLayout, begin: int, top: int, end: int, bottom: int) -> None:
    """Give a layout its margins; Qt itself mirrors layouts, but not what is around them."""
    if QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft:
        begin, end = end, begin
    layout.setContentsMargins(begin, top, end, bottom)
