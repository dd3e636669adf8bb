"""The reading pane: any message, without an exception and without a request."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QMessageBox

from desktopmail.door.changes import EverythingChanged
from desktopmail.door.rows import Role
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.fallback_view import FallbackView
from desktopmail.ui.reading.notice_bar import NoticeBar
from desktopmail.ui.reading.pane import ReadingPane
from tests.gui.test_window import play, select
from tests.helpers import corpora
from tests.helpers.fake_door import NOW, FakeStore
from tests.helpers.qt_loop import SLOT_LIMIT_S, longest_slot, until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow


class _Nobody:
    def remote_allowed(self, _address: str) -> bool:
        return False

    def allow_remote(self, address: str) -> None:
        raise AssertionError(address)

    def forbid_remote(self, address: str) -> None:
        raise AssertionError(address)


def pane(theme: Theme) -> ReadingPane:
    made = ReadingPane(theme, FakeStore(), _Nobody(), web=False)
    made.resize(700, 600)
    return made


@corpora.needed
def test_every_message_of_the_corpora_is_shown_within_a_second(theme: Theme) -> None:
    messages = list(corpora.messages())
    assert len(messages) > 200
    shown = pane(theme)
    slow = []
    for message in messages:
        began = time.thread_time()
        shown.show_letter(read_letter(message.octets), None)
        if time.thread_time() - began > 1:
            slow.append(message.name)
    assert slow == []
    shown.deleteLater()


def test_plain_text_is_shown_instead_of_html_where_a_person_prefers_it(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 2)
        assert window.reading.body is not window.reading.plain
        window.reading.prefer_text(True)
        assert window.reading.body is window.reading.plain
        assert "Quinces 3.20" in window.reading.plain.toPlainText()

    play(theme, scene)


def test_words_are_found_in_the_message(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        window.reading.find_bar.open()
        window.reading.find_bar.field.setText("river")
        assert window.reading.selected_text() == "river"
        window.reading.find_bar.field.setText("not there")
        assert window.reading.find_bar._answer.text() == "Not found"

    play(theme, scene)


def test_a_text_view_asks_for_nothing(theme: Theme) -> None:
    shown = pane(theme)
    assert shown.plain.loadResource(2, "https://example.org/x.png") is None
    shown.deleteLater()


LONG_ANSWER = (
    b"From: bob@example.org\r\nTo: alice@example.org\r\nSubject: Re: x\r\n\r\nYes.\r\n\r\n"
    b"On Sunday you wrote:\r\n"
    + b"> line\r\n" * 20
    + b"\r\nBob\r\n-- \r\nBob\r\na\r\nb\r\nc\r\nd\r\ne\r\n"
)


def test_long_quotes_and_signatures_are_folded_until_they_are_wanted(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(LONG_ANSWER, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        plain = window.reading.plain
        assert "Yes." in plain.toPlainText()
        assert "20 quoted lines" in plain.toPlainText()
        assert "line\nline" not in plain.toPlainText()
        assert "•••  Signature" in plain.toPlainText()
        clicked: list[str] = []
        window.reading.link_clicked.connect(clicked.append)
        plain._follow("fold:1")
        assert "line\nline" in plain.toPlainText()
        assert "•••  Signature" in plain.toPlainText()
        assert clicked == []
        await find_verb("fold_quotes").do(window)
        assert "•••" not in plain.toPlainText()

    play(theme, scene)


def test_a_short_quote_is_never_folded(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        octets = b"From: b@x.test\r\nSubject: x\r\n\r\n" + b"> a\r\n" * 5 + b"Yes.\r\n"
        row = store.add_message(octets, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        assert "a\na\na" in window.reading.plain.toPlainText()

    play(theme, scene)


def test_a_message_is_read_in_the_charset_a_person_chose(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        words = "Привет, мир".encode("koi8-r")
        octets = b"From: b@x.test\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n" + words
        row = store.add_message(octets, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        assert "Привет" not in window.reading.plain.toPlainText()
        window.reading.use_charset("koi8-r")
        await until(lambda: "Привет, мир" in window.reading.plain.toPlainText())
        assert window.reading.charset == "koi8-r"
        window.reading.use_charset(None)
        await until(lambda: "Привет" not in window.reading.plain.toPlainText())

    play(theme, scene)


def test_text_from_right_to_left_stands_at_the_right(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        words = "\u05e9\u05dc\u05d5\u05dd\r\nHello\r\n> \u05e9\r\n"  # Hebrew, English, quoted
        octets = b"From: b@x.test\r\n\r\n" + words.encode()
        row = store.add_message(octets, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        first = window.reading.plain.document().begin()
        assert first.textDirection() == Qt.LayoutDirection.RightToLeft
        assert first.next().textDirection() == Qt.LayoutDirection.LeftToRight
        quoted = first.next().next().blockFormat()
        assert (quoted.leftMargin(), quoted.rightMargin()) == (0, 16)

    play(theme, scene)


LURE = (
    b"From: Bank <info@bank.example>\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n"
    b"<p><a href='https://evil.example/login'>https://bank.example</a> "
    b"<a href='https://bank.example/help'>Help</a> <a href='http://203.0.113.9/'>here</a></p>"
)


def test_a_link_that_hides_where_it_leads_is_followed_only_after_a_question(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(LURE, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        pane = window.reading
        bars = [it.accessibleName() for it in pane.findChildren(NoticeBar) if not it.isHidden()]
        assert any("leads elsewhere than its text says" in it for it in bars)
        assert any("bare number" in it for it in bars)
        followed: list[str] = []
        pane.link_clicked.disconnect(window.open_link)
        pane.link_clicked.connect(followed.append)
        pane._follow("https://bank.example/help")
        assert followed == ["https://bank.example/help"]
        pane._follow("https://evil.example/login")
        assert len(followed) == 1
        box = window.findChild(QMessageBox)
        assert box is not None
        assert box.text() == "This link leads to evil.example."
        assert "https://bank.example" in box.informativeText()
        next(it for it in box.buttons() if it.text() == "Open Anyway").click()
        assert followed[-1] == "https://evil.example/login"

    play(theme, scene)


def letter_of(text: bytes, more: bytes = b"") -> bytes:
    return b"From: Bob <bob@example.org>\r\nSubject: large\r\n" + more + b"\r\n" + text


def files(count: int) -> bytes:
    parts = b"".join(
        b"--b\r\nContent-Type: application/pdf; name=file-%d.pdf\r\n\r\n%%PDF\r\n" % number
        for number in range(count)
    )
    return parts + b"--b--\r\n"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (b"Words of a line that goes on for a while.\r\n" * 100_000, b""),
        (b"> Words of a line that goes on for a while.\r\n" * 50_000, b""),
        (b"word " * 600_000, b""),
        (b"x" * 1_000_000, b""),
        (files(200), b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"),
    ],
    ids=["lines", "quotes", "one line", "one word", "attachments"],
)
def test_no_slot_blocks_while_a_message_of_any_size_is_shown(
    theme: Theme, text: bytes, more: bytes
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        box = store.box(Role.INBOX).id
        large = store.add_message(letter_of(text, more), box, date_s=int(NOW.timestamp()) + 60)
        store.tell(EverythingChanged())
        window.bridge.flush()

        async def open_large() -> None:
            await select(window, 1)
            await asyncio.sleep(0.1)
            window.list_pane.list.go_to_message(large.id)
            await until(
                lambda: window.reading.row is not None and window.reading.row.id == large.id
            )
            await asyncio.sleep(0.3)
            await until(lambda: window.reading.attachments.is_complete)
            window.resize(window.width() - 40, window.height())
            await asyncio.sleep(0.1)

        assert await longest_slot(open_large) < SLOT_LIMIT_S
        assert window.reading.plain.height() > window.reading.attachments.height()

    play(theme, scene)


def test_of_a_very_long_text_more_is_a_click_away(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        plain = window.reading.plain
        window.reading.show_letter(read_letter(letter_of(b"A line of words.\r\n" * 12_000)), None)
        plain.write_rest()
        assert plain.toPlainText().endswith("Show more of this very long text (154 kB are left)")
        plain.anchorClicked.emit(QUrl("more:"))
        plain.write_rest()
        assert plain.toPlainText().count("A line of words.") == 12_000
        assert "Show more" not in plain.toPlainText()

    play(theme, scene)


def test_of_very_long_html_without_chromium_more_is_a_click_away(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        head = b"From: a@example.org\r\nContent-Type: text/html\r\n\r\n"
        page = head + b"<p>A line of words.</p>\r\n" * 30_000 + b"<p>The end.</p>"
        window.reading.show_letter(read_letter(page), None)
        view = window.reading.body
        assert isinstance(view, FallbackView)
        followed: list[str] = []
        view.link_clicked.connect(followed.append)
        await until(lambda: view.is_ready, 20)
        last = view.toPlainText().rstrip().splitlines()[-1]
        assert re.search(r"Show more of this very long text \(\d+ kB are left\)$", last)
        assert "The end." not in view.toPlainText()
        view.anchorClicked.emit(QUrl("more:"))
        await until(lambda: view.is_ready, 20)
        assert view.toPlainText().rstrip().endswith("The end.")
        assert "Show more" not in view.toPlainText()
        assert followed == []

    play(theme, scene)


def test_words_far_down_in_a_long_text_are_found(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        text = b"A line of words.\r\n" * 2_500 + b"The needle.\r\n"
        window.reading.show_letter(read_letter(letter_of(text)), None)
        window.reading.find_words("needle")
        assert window.reading.plain.textCursor().selectedText() == "needle"

    play(theme, scene)
