"""What stood in a layout goes out of sight at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktopmail.ui.emptied import empty

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_what_stood_in_a_layout_is_hidden_and_then_deleted(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    lines = QVBoxLayout(host)
    labels = [QLabel(text, host) for text in "ab"]
    for label in labels:
        lines.addWidget(label)
    lines.addStretch(1)
    host.show()
    empty(lines)
    assert lines.count() == 0
    assert not any(label.isVisible() for label in labels)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert host.findChildren(QLabel) == []
