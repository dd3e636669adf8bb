"""The page round the HTML of a message, in the light and in the dark."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QFont

from desktopmail.tasks import TaskScope
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.letter_page import LetterPage, darkenable
from desktopmail.ui.theme.tokens import contrast

HTML = (
    b"From: Market <news@market.example>\r\nSubject: Quinces\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<table bgcolor="#FFFFFF"><tr><td style="background:#fff">Quinces on #fff</td></tr></table>'
    b'<img src="cid:one"><img src="https://tracker.example/open.gif">\r\n'
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <one>\r\n\r\nnot really\r\n"
    b"--b\r\nContent-Type: image/svg+xml\r\nContent-ID: <two>\r\n\r\n<svg/>\r\n"
    b"--b--\r\n"
)


def page(*, darkened: bool) -> LetterPage:
    letter = read_letter(HTML)
    made = LetterPage(letter, letter.page, QFont("Inter", 10), None, TaskScope(print))
    made.is_darkened = darkened
    return made


def test_white_cells_have_the_ground_of_a_darkened_page() -> None:
    text = page(darkened=True).page_octets().decode()
    assert text.count("#f2f4fb") == 3  # the page, the table and the cell
    assert "#ffffff" not in text.lower().partition("<body")[2]
    assert "Quinces on #fff" in text  # words are left alone


def test_in_the_light_a_message_is_shown_as_it_was_written() -> None:
    made = page(darkened=False)
    text = made.page_octets().decode()
    assert '<table bgcolor="#FFFFFF"><tbody><tr><td style="background:#fff">' in text
    assert "#f2f4fb" not in text


@pytest.mark.parametrize(
    "white", ["#fff", "#FFFFFF", "white", "rgb(255, 255, 255)", "rgb(255,255,255)"]
)
def test_white_is_known_in_every_spelling(white: str) -> None:
    for written in (
        f'<td style="background-color: {white}">',
        f'<td style="background:{white};a:b">',
    ):
        assert "#f2f4fb" in darkenable(written)
        assert white not in darkenable(written)


@pytest.mark.parametrize(
    "written",
    [
        '<td style="background:#fffbe6">',
        '<td style="color:#ffffff">',
        "<p>background:#fff</p>",
        '<td style="background:whitesmoke">',
        '<td bgcolor="#eeeeee">',
    ],
)
def test_what_is_no_white_ground_stays(written: str) -> None:
    assert darkenable(written) == written


@pytest.mark.parametrize("ground", ["#f2b705", "#F60", "orange", "gold", "rgb(153, 153, 153)"])
def test_words_that_become_light_are_read_on_grounds_that_stay(ground: str) -> None:
    put = darkenable(f'<td bgcolor="{ground}" style="background:{ground};color:#333333">')
    assert ground not in put
    colours = re.findall("#[0-9a-f]{6}", put)
    assert colours[2] == "#333333"
    assert colours[0] == colours[1]
    assert contrast(colours[0], "#cccccc") >= 4.5


@pytest.mark.parametrize(
    "ground",
    ["#1a3f7a", "#000000", "#ffe066", "yellow", "transparent", "none", "url(cid:x)", "#12"],
)
def test_grounds_that_are_dark_or_darkened_stay(ground: str) -> None:
    written = f'<td style="background:{ground}">'
    assert darkenable(written) == written


def test_a_page_serves_its_own_pictures_and_no_drawings() -> None:
    made = page(darkened=False)
    parts = {number: made.part(number) for number in ("1", "2", "3", "7")}
    served = [found for found in parts.values() if found is not None]
    assert [media_type for media_type, _ in served] == [b"image/png"]


def test_scroll_bars_of_a_page_are_those_of_the_window() -> None:
    made = page(darkened=True)
    made.scroll_handle, made.scroll_track = "#123456", "#654321"
    text = made.page_octets().decode()
    assert "scrollbar-thumb { background: #123456;" in text
    assert "scrollbar-track, ::-webkit-scrollbar-corner { background: #654321" in text
