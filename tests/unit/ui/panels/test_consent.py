"""A sentence that somebody agrees to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox

from desktopmail.ui.panels.consent import Consent
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SENTENCE = "I accept that everybody on the way can read the password, and what I write. " * 3


@pytest.fixture
def consent(qtbot: QtBot) -> Consent:
    made = Consent(SENTENCE)
    qtbot.addWidget(made)
    made.resize(280, 200)
    made.show()
    return made


def test_a_click_on_its_words_is_one_on_the_box(consent: Consent) -> None:
    assert not consent.is_given
    words = consent.findChildren(WrappedLabel)[0]
    for is_given in (True, False):
        QTest.mouseClick(words, Qt.MouseButton.LeftButton, pos=QPoint(40, 4))
        assert consent.is_given is is_given


def test_what_is_no_more_asked_for_is_not_given(consent: Consent) -> None:
    consent.give()
    assert consent.is_given
    consent.hide()
    assert not consent.is_given


def test_its_words_wrap_and_name_the_box(consent: Consent) -> None:
    assert consent.minimumSizeHint().width() < 280
    assert consent.heightForWidth(280) > 2 * consent.fontMetrics().height()
    (box,) = consent.findChildren(QCheckBox)
    assert box.accessibleName() == SENTENCE
    assert consent.focusProxy() is box
