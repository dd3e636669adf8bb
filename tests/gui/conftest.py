from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from desktopmail.ui import language
from desktopmail.ui.theme.theme import Scheme, Theme

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
