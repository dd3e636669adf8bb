"""The reading pane: any message, without an exception and without a request."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray, Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QToolButton, QWidget

from desktopmail.door.changes import EverythingChanged
from desktopmail.door.commands import AnswerReceipt, SetContact, StoreFlags, Unsubscribe
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import RemoteImage
from desktopmail.door.rows import Flag, Role
from desktopmail.mime import charset
from desktopmail.mime.address import Mailbox
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.reading.charsets import CHARSETS
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.fallback_view import (
    FallbackView,
    cut_nested_tables,
    without_colours,
    without_remote_images,
)
from desktopmail.ui.reading.header_card import initials
from desktopmail.ui.reading.notice_bar import NoticeBar
from desktopmail.ui.reading.pane import ReadingPane
from desktopmail.ui.reading.people_line import PeopleLine
from desktopmail.ui.reading.saving import free_name, write_new
from tests.gui.test_window import play, select
from tests.helpers import corpora
from tests.helpers.fake_door import NOW, FakeStore, full_store
from tests.helpers.qt_loop import SLOT_LIMIT_S, Watchdog, until

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.rows import MessageRow
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


QUINCE, DOT = "https://market.example/quince.jpg", "https://tracker.example/open.gif?id=2"


def png(colour: str, width: int) -> RemoteImage:
    picture = QImage(width, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor(colour))
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    assert picture.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs want bytes
    return RemoteImage(octets=bytes(octets.data()), media_type="image/png")


def bars(window: MainWindow) -> list[NoticeBar]:
    found = window.reading._notices.findChildren(NoticeBar)
    return [bar for bar in found if not bar.isHidden() and bar.objectName() != "listBar"]


def list_bar(window: MainWindow) -> NoticeBar | None:
    found = window.reading._notices.findChildren(NoticeBar, "listBar")
    return next((bar for bar in found if not bar.isHidden()), None)


def leave_button(window: MainWindow) -> QPushButton:
    bar = list_bar(window)
    assert bar is not None
    return button(bar, "Unsubscribe")


def button(bar: NoticeBar, title: str) -> QPushButton:
    return next(one for one in bar.findChildren(QPushButton) if one.text() == title)


def test_remote_images_are_counted_and_not_asked_for(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 2)
        assert [bar.accessibleName() for bar in bars(window)] == ["2 remote images blocked"]
        assert store.asked_images == []
        assert "A basket of quinces" in window.reading.body.toPlainText()  # type: ignore[union-attr]

    play(theme, scene)


def test_remote_images_come_when_their_reader_loads_them(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.images = {QUINCE: png("#ff0000", 80), DOT: png("#00ff00", 1)}
        await select(window, 2)
        button(bars(window)[0], "Load").click()
        view = window.reading.body
        assert isinstance(view, FallbackView)
        await until(lambda: len(view._images) == 2 and not view._redrawing.isActive())
        assert sorted(store.asked_images) == sorted([QUINCE, DOT])
        assert bars(window) == []
        assert "A basket of quinces" not in view.toPlainText()
        shown = view.grab().toImage()
        assert any(
            shown.pixelColor(x, y) == QColor("#ff0000")
            for x in range(0, shown.width(), 10)
            for y in range(0, shown.height(), 10)
        )
        await select(window, 0)
        await select(window, 2)
        assert [bar.accessibleName() for bar in bars(window)] == ["2 remote images blocked"]

    play(theme, scene)


def test_images_that_do_not_come_are_told_in_one_sentence_and_tried_again(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.images = {DOT: png("#00ff00", 1)}
        await select(window, 2)
        button(bars(window)[0], "Load").click()
        sentence = "1 remote image could not be loaded: nothing came from market.example."
        await until(lambda: [bar.accessibleName() for bar in bars(window)] == [sentence])
        assert "market.example/quince.jpg is not shown" in bars(window)[0].toolTip()
        store.images[QUINCE] = png("#ff0000", 80)
        button(bars(window)[0], "Try Again").click()
        await until(lambda: store.asked_images.count(QUINCE) == 2 and bars(window) == [])

    play(theme, scene)


def test_images_of_a_sender_are_always_loaded_once_that_was_chosen(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.images = {QUINCE: png("#ff0000", 80), DOT: png("#00ff00", 1)}
        await select(window, 2)
        button(bars(window)[0], "Always for This Sender").click()
        assert window.settings.texts("remote_senders") == ["news@market.example"]
        await until(lambda: QUINCE in store.asked_images and bars(window) == [])
        await select(window, 0)
        store.asked_images.clear()
        await select(window, 2)
        await until(lambda: QUINCE in store.asked_images)
        assert bars(window) == []
        always = window.actions_by_name["always_images"]
        assert always.isChecked()
        await find_verb("always_images").do(window)  # and taken back
        await until(lambda: bool(bars(window)))
        assert bars(window)[0].accessibleName() == "2 remote images blocked"
        assert window.settings.texts("remote_senders") == []
        assert not always.isChecked()

    play(theme, scene)


def receive(store: FakeStore, results: str, *, by: str = "mx.example.org") -> None:
    """Put a message into the first Inbox that its server has looked at."""
    octets = (
        f"Authentication-Results: {by}; {results}\r\n"
        f"Received: from relay.bank.example by {by}; Mon, 23 Nov 2026 15:00:00 +0000\r\n"
        "From: The Bank <service@bank.example>\r\nTo: alice@example.org\r\n"
        "List-Unsubscribe: <mailto:leave@bank.example>\r\n"
        "Subject: Your account\r\nDate: Mon, 23 Nov 2026 15:00:00 +0000\r\n\r\nHello\r\n"
    )
    store.add_message(octets.encode(), store.box(Role.INBOX).id, date_s=2_000_000_000)


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        ("dmarc=pass", "mx.example.org confirms that this message comes from bank.example."),
        (
            "spf=pass smtp.mailfrom=a@mailer.example",
            "mx.example.org confirms mailer.example, which is not the sender’s domain.",
        ),
        (
            "spf=none",
            "bank.example gives mx.example.org no means to tell whether the sender’s address is "
            "genuine.",
        ),
    ],
)
def test_what_the_receiver_found_out_stands_under_the_sender(
    theme: Theme, results: str, sentence: str
) -> None:
    store = full_store(1)
    receive(store, results)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        assert window.reading.header._proof.text() == sentence
        assert window.reading.header._proof.isVisible()
        assert sentence in window.reading.header.accessibleDescription()
        assert bars(window) == []
        assert leave_button(window).isVisible()

    play(theme, scene, store)


def test_a_forged_sender_is_warned_about_and_is_not_answered(theme: Theme) -> None:
    store = full_store(1)
    receive(store, "dmarc=fail")

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        sentence = "mx.example.org could not confirm bank.example: the sender’s address may be"
        assert [bar.accessibleName() for bar in bars(window)] == [f"{sentence} forged."]
        assert not window.reading.header._proof.isVisible()
        assert list_bar(window) is None

    play(theme, scene, store)


@pytest.mark.parametrize("claimed", ["localhost", "mx.bank.example"])
def test_a_server_that_is_not_ours_proves_nothing(theme: Theme, claimed: str) -> None:
    store = full_store(1)
    receive(store, "dmarc=pass", by=claimed)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        header = window.reading.header
        assert not header._proof.isVisible()
        assert bars(window) == []
        header._more.click()
        details = [label.text() for label in header._details.findChildren(QLabel)]
        assert "Nobody we know checked whether the sender’s address is genuine." in details

    play(theme, scene, store)


def test_a_newsletter_is_left_by_a_message_that_is_seen_first(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 2)
        leave = leave_button(window)
        assert leave.isVisible()
        assert "before it is sent" in leave.toolTip()
        leave.click()
        await until(lambda: window.composers)
        composer = window.composers[-1]
        assert "leave@market.example" in composer.fields.to.text()
        assert composer.fields.subject.text() == "leave 2"
        assert not store.sending_rows
        composer.close()

    play(theme, scene)


def test_a_list_without_an_address_is_left_at_its_page(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        rows = window.reader.window(window.list_pane.view, 0, 50)
        await select(window, next(n for n, row in enumerate(rows) if "[garden]" in row.subject))
        await find_verb("unsubscribe").do(window)
        assert opened == ["https://gardenclub.example/leave"]
        assert "web page" in window.status_line.text
        await select(window, 0)
        assert list_bar(window) is None
        await find_verb("unsubscribe").do(window)
        assert window.status_line.text == "This message names no way to leave a list."
        assert not window.composers

    play(theme, scene)


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


@pytest.mark.parametrize(
    ("name", "address", "letters"),
    [
        ("Bob Ferreira", "b@x.org", "BF"),
        ("Dr. Käthe Müller", "k@x.org", "KM"),
        ("", "news@x.org", "N"),
        ("佐藤 花子", "h@x.jp", "佐"),
        ("", "", "?"),
    ],
)
def test_initials_stand_for_a_person(name: str, address: str, letters: str) -> None:
    assert initials(name, address) == letters


def test_a_file_is_never_written_over_another(tmp_path: Path) -> None:
    first = free_name(tmp_path, "a.txt")
    write_new(first, b"one")
    second = free_name(tmp_path, "a.txt")
    assert second.name == "a (2).txt"
    with pytest.raises(FileExistsError):
        write_new(first, b"two")
    assert first.read_bytes() == b"one"
    write_new(first, b"three", replace=True)
    assert first.read_bytes() == b"three"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


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


def test_every_charset_offered_is_one_that_can_be_read(theme: Theme) -> None:  # noqa: ARG001
    for labels in CHARSETS.values():
        for label in labels:
            assert charset.codec_of(label) is not None, label


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


NEWSLETTER = (
    b"From: Market <news@market.example>\r\nTo: alice@example.org\r\nSubject: News\r\n"
    b"List-Id: Market news <news.market.example>\r\n"
    b"List-Unsubscribe: <https://market.example/u?1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nQuinces.\r\n"
)


def test_a_newsletter_is_left_with_one_click(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(NEWSLETTER, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        assert "one click" in leave_button(window).toolTip()
        leave_button(window).click()
        await until(lambda: store.commands)
        assert store.commands == [Unsubscribe(placement_id=row.id)]
        assert not window.composers

    play(theme, scene)


def test_where_nothing_proves_the_list_a_person_is_asked_first(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(NEWSLETTER, store.box(Role.INBOX).id, date_s=1)
        store.refuse = DoorError("Nobody vouches for it.", code="unconfirmed")
        await window.reading.show_message(row)
        leave_button(window).click()
        await until(lambda: window.findChild(QMessageBox))
        box = window.findChild(QMessageBox)
        assert box is not None
        assert "market.example" in box.text()
        store.refuse = None
        next(it for it in box.buttons() if it.text() == "Unsubscribe").click()
        await until(lambda: len(store.commands) == 2)
        assert store.commands[-1] == Unsubscribe(placement_id=row.id, confirmed=True)

    play(theme, scene)


ASKING = (
    b"From: Bob <bob@example.net>\r\nTo: alice@example.org\r\nSubject: x\r\n"
    b"Disposition-Notification-To: bob@example.net\r\n\r\nHi.\r\n"
)


@pytest.mark.parametrize(("button", "send"), [("Send Receipt", True), ("Don’t Send", False)])
def test_a_receipt_is_offered_and_never_sent_unasked(theme: Theme, button: str, send: bool) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(ASKING, store.box(Role.INBOX).id, flags=Flag.SEEN, date_s=1)
        await window.reading.show_message(row)
        bars = [it for it in window.reading.findChildren(NoticeBar) if not it.isHidden()]
        (sentence,) = [it.accessibleName() for it in bars]
        assert sentence == "bob@example.net asks to be told that you read this."
        assert store.commands == []
        buttons = bars[0].findChildren(QPushButton)
        next(it for it in buttons if it.text() == button).click()
        await until(lambda: store.commands)
        assert store.commands == [AnswerReceipt(placement_id=row.id, send=send)]
        assert not [it for it in window.reading.findChildren(NoticeBar) if not it.isHidden()]

    play(theme, scene)


@pytest.mark.parametrize(
    ("flags", "sender"),
    [(Flag.RECEIPT_SENT, b"bob@example.net"), (Flag.SEEN, b"alice@example.org")],
)
def test_a_receipt_is_offered_once_and_not_for_ones_own_mail(
    theme: Theme, flags: Flag, sender: bytes
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        octets = ASKING.replace(b"Bob <bob@example.net>", sender)
        row = store.add_message(octets, store.box(Role.INBOX).id, flags=flags, date_s=1)
        await window.reading.show_message(row)
        assert not [it for it in window.reading.findChildren(NoticeBar) if not it.isHidden()]

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


async def newest(window: MainWindow, store: FakeStore, octets: bytes) -> MessageRow:
    """Have a message come, and select it."""
    row = store.add_message(octets, store.box(Role.INBOX).id, date_s=4e9)
    store.tell(EverythingChanged())
    messages = window.list_pane.list
    await until(lambda: (first := messages.model().message(0)) and first.id == row.id)
    await select(window, 0)
    return row


LIST = (
    b"From: Maren <maren@example.org>\r\nSubject: [mill] Wheel\r\n"
    b"List-Id: Mill developers <dev.mill.example>\r\nList-Post: <mailto:dev@mill.example>\r\n"
    b"List-Archive: <javascript:alert(1)>, <https://mill.example/archive>\r\n"
    b"List-Help: <file:///etc/passwd>\r\nList-Owner: <mailto:owner@mill.example> (Ada)\r\n\r\nx\r\n"
)


def test_a_list_says_where_to_write_and_where_its_archive_is(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))

    async def scene(window: MainWindow, store: FakeStore) -> None:
        await newest(window, store, LIST)
        bar = list_bar(window)
        assert bar is not None
        assert bar.accessibleName() == "Mailing list Mill developers"
        assert [it.text() for it in bar.buttons] == ["Reply to List", "Archive", "Write to Owner"]
        assert [it.toolTip() for it in bar.buttons] == [
            "dev@mill.example",
            "https://mill.example/archive",
            "owner@mill.example",
        ]
        button(bar, "Archive").click()
        assert opened == ["https://mill.example/archive"]
        button(bar, "Write to Owner").click()
        assert window.composers[-1].fields.to.text() == "owner@mill.example"
        button(bar, "Reply to List").click()
        await until(lambda: len(window.composers) == 2)
        assert window.composers[-1].fields.to.text() == "dev@mill.example"
        for composer in tuple(window.composers):
            composer.finish()

    play(theme, scene)


CROWD = (
    b"From: Maren <maren@example.org>\r\nTo: alice@example.org\r\nSubject: All\r\nCc: "
    + b", ".join(b"Person %d <p%d@example.org>" % (at, at) for at in range(1_000))
    + b"\r\n\r\nHello\r\n"
)


def test_a_thousand_recipients_are_shown_in_steps_and_leave_room_for_the_text(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        header = window.reading.header
        await select(window, 0)
        header._more.click()  # first styles are not what is measured
        await asyncio.sleep(0.2)
        header._more.click()
        await newest(window, store, CROWD)
        await asyncio.sleep(0.2)
        watch = Watchdog()
        header._more.click()
        lines = header._details.findChildren(PeopleLine)
        await until(lambda: not lines[2].more_button.isHidden())
        watch.stop()
        assert watch.longest_s < SLOT_LIMIT_S
        assert lines[2].more_button.text() == "and 976 more"
        lines[2].more_button.click()
        await until(lambda: len(lines[2].buttons) == 120)
        await until(lambda: window.reading._top.verticalScrollBar().maximum() > 0)
        assert window.reading.plain.height() > 100

    play(theme, scene)


def test_somebody_named_is_written_to_copied_and_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await newest(window, store, CROWD)
        window.reading.header._more.click()
        line = window.reading.header._details.findChildren(PeopleLine)[2]
        assert line.buttons[0].accessibleName() == "Person 0 <p0@example.org>"
        menu = line.menu_of(Mailbox("Person 0", "p0@example.org"))
        write, copy, keep = menu.actions()
        copy.trigger()
        assert QGuiApplication.clipboard().text() == "p0@example.org"
        keep.trigger()
        await until(lambda: any(isinstance(it, SetContact) for it in store.commands))
        write.trigger()
        assert window.composers[-1].fields.to.text() == "p0@example.org"
        window.composers[-1].finish()
        menu.deleteLater()

    play(theme, scene)


def test_tags_and_state_stand_in_the_header_and_a_tag_is_taken_off(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = await newest(window, store, LIST)
        marks = window.reading.header.marks
        assert not marks.isVisible()
        await window.carry_out(
            StoreFlags(placement_ids=(row.id,), add=Flag.FLAGGED, add_tags=("$label2",))
        )
        await until(lambda: len(marks.findChildren(QWidget, "markChip")) == 2)
        chips = marks.findChildren(QWidget, "markChip")
        assert [chip.accessibleName() for chip in chips] == ["Tag Work", "Starred"]
        remove = marks.findChildren(QToolButton, "markRemove")[0]
        assert remove.accessibleName() == "Take Work off"
        remove.click()
        await until(lambda: store.messages[row.id].tags == ())
        await until(lambda: len(marks.findChildren(QWidget, "markChip")) == 1)

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
        await select(window, 1)
        watch = Watchdog()
        await asyncio.sleep(0.1)
        watch.forgive()
        window.list_pane.list.go_to_message(large.id)
        await until(lambda: window.reading.row is not None and window.reading.row.id == large.id)
        await asyncio.sleep(0.3)
        await until(lambda: window.reading.attachments.is_complete)
        window.resize(window.width() - 80, window.height())
        await asyncio.sleep(0.1)
        watch.stop()
        assert watch.longest_s < SLOT_LIMIT_S
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


def test_words_far_down_in_a_long_text_are_found(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        text = b"A line of words.\r\n" * 2_500 + b"The needle.\r\n"
        window.reading.show_letter(read_letter(letter_of(text)), None)
        window.reading.find_words("needle")
        assert window.reading.plain.textCursor().selectedText() == "needle"

    play(theme, scene)
