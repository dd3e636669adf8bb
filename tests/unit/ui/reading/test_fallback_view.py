"""HTML in a text browser: what is taken out of it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument

from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.fallback_view import (
    FallbackView,
    cut_nested_tables,
    without_colours,
    without_remote_images,
)
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


def test_tables_nested_too_deep_become_text() -> None:
    deep = "<table><tr><td>" * 22 + "in the middle" + "</td></tr></table>" * 22
    cut = cut_nested_tables(deep)
    assert cut.count("<table") == 8
    assert cut.count("</table>") == 8
    assert "in the middle" in cut


def test_a_blocked_image_leaves_its_words() -> None:
    source = '<p>a <img data-remote="0" alt="A basket"> b <img data-remote="1"> c</p>'
    assert (
        without_remote_images(source) == '<p>a <span style="">&nbsp;A basket&nbsp;</span> b  c</p>'
    )


def test_colours_are_left_to_the_theme_in_the_dark() -> None:
    source = '<td bgcolor="#fff" style="padding:2px;color:#000;background-color:red">x</td>'
    assert without_colours(source) == '<td style="padding:2px;">x</td>'


LETTER = (
    b"From: a@example.org\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Quinces</p><img src='cid:one'>\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-ID: <one>\r\n\r\nno picture\r\n--b--\r\n"
)


def test_it_asks_for_nothing_and_takes_only_pictures_of_the_message(
    qapp: QApplication, qtbot: QtBot
) -> None:
    view = FallbackView(Theme(qapp, Scheme.LIGHT))
    qtbot.addWidget(view)
    image = QTextDocument.ResourceType.ImageResource.value
    assert view.loadResource(image, QUrl("mail-part:/x/2")) is None  # no letter yet
    letter = read_letter(LETTER)
    view.show_letter(letter)
    assert "Quinces" in view.toPlainText()
    for url in (
        "https://tracker.example/open.gif",
        "file:///etc/passwd",
        f"mail-part:/{letter.key}/2",  # a part, but no picture
        "mail-part:/another/2",
    ):
        assert view.loadResource(image, QUrl(url)) is None, url
    style = QTextDocument.ResourceType.StyleSheetResource.value
    assert view.loadResource(style, QUrl(f"mail-part:/{letter.key}/1")) is None
