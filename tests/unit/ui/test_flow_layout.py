"""A layout that sets widgets side by side, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QWidget

from desktopmail.ui.flow_layout import FlowLayout

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def filled(host: QWidget, count: int) -> FlowLayout:
    flow = FlowLayout(host, spacing=2)
    for number in range(count):
        flow.addWidget(QLabel(str(number), host))
    return flow


def counted(host: QWidget) -> list[int]:
    """Gets an element for each label that is deleted."""
    gone: list[int] = []
    for label in host.findChildren(QLabel):
        label.destroyed.connect(lambda _label: gone.append(1))
    return gone


def test_widgets_that_are_cleared_are_out_of_sight_at_once_and_deleted_by_and_by(
    qtbot: QtBot,
) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    flow = filled(host, 100)
    host.show()
    gone = counted(host)
    flow.clear()
    flow.addWidget(QLabel("new", host))
    assert not [it for it in host.findChildren(QLabel) if it.isVisible() and it.text() != "new"]
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert 0 < len(gone) < 100
    qtbot.waitUntil(lambda: len(gone) == 100)
    assert [it.text() for it in host.findChildren(QLabel)] == ["new"]


def test_a_layout_that_goes_while_it_is_cleared_leaves_nothing_behind(qtbot: QtBot) -> None:
    host = QWidget()
    flow = filled(host, 100)
    gone = counted(host)
    flow.clear()
    host.deleteLater()
    qtbot.waitUntil(lambda: len(gone) == 100)
    qtbot.wait(1)
