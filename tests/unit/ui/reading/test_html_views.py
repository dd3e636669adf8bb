"""Which widget shows HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QWidget

from desktopmail.ui.reading.fallback_view import FallbackView
from desktopmail.ui.reading.html_views import make_html_view
from desktopmail.ui.theme.theme import Scheme, Theme
from tests.helpers.imports import imported_with

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


def test_without_chromium_it_is_the_text_browser(qapp: QApplication, qtbot: QtBot) -> None:
    above = QWidget()
    qtbot.addWidget(above)
    made = make_html_view(Theme(qapp, Scheme.LIGHT), None, above, web=False)
    assert isinstance(made, FallbackView)
    assert made.parent() is above
    assert made.is_ready


@pytest.mark.slow
def test_chromium_is_brought_in_by_nobody_but_who_shows_html_with_it() -> None:
    loaded = imported_with(
        "desktopmail.ui.reading.html_views", "desktopmail.ui.reading.pane", "desktopmail.ui.window"
    )
    assert "desktopmail.ui.window" in loaded
    assert [name for name in loaded if "WebEngine" in name] == []
