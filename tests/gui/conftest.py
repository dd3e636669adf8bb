from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, Qt

from desktopmail.ui import language
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

# Before the application is made: QtWebEngine asks for it.
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    language.choose_language("en")
    return Theme(qapp, Scheme.LIGHT)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    language.choose_language("en")
    yield
    language.choose_language("en")
