"""HTML that is laid out, quoted beside the editor."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from PySide6.QtTest import QTest

from desktopmail.door.ids import AccountId
from desktopmail.mime import answers
from desktopmail.mime.message import Message
from desktopmail.ui.commands.answering import answer_letter
from desktopmail.ui.composer.writing import Writing
from desktopmail.ui.reading.content import read_letter
from tests.gui.test_composer import saved, sent
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


LAID_OUT = (
    b"From: Shop <shop@example.org>\r\nTo: alice@example.org\r\nSubject: News\r\n"
    b"Message-ID: <n@shop>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b"<table bgcolor='#ffeedd'><tr><td><table><tr><td><img src='cid:l@shop' alt='Logo'>"
    b"<td><b>Quinces</b></table></table>\r\n--b\r\nContent-Type: image/png; name=l.png\r\n"
    b"Content-ID: <l@shop>\r\nContent-Disposition: inline\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
)


async def answered(window: MainWindow, way: str) -> ComposeWindow:
    await answer_letter(
        window, read_letter(LAID_OUT), way, account_id=AccountId(1), placement_id=None
    )
    await until(window.composers[-1].isVisible)
    return window.composers[-1]


def test_a_newsletter_is_quoted_as_it_is_laid_out(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = await answered(window, "reply")
        assert composer.quote.isVisible()
        assert "Quinces" not in composer.body.toPlainText()
        QTest.keyClicks(composer.body, "No, thanks.")
        composer.quote.show_button.click()
        await until(lambda: composer.quote.view is not None and composer.quote.view.isVisible())
        assert "Quinces" in composer.quote.view.toPlainText()  # type: ignore[union-attr]
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        related = read.get_body(("related",))  # type: ignore[attr-defined]
        rich, logo = related.iter_parts()
        source = rich.get_content()
        assert source.index("No, thanks.") < source.index("<blockquote") < source.index("ffeedd")
        assert logo["content-id"] == "<l@shop>"
        plain = read.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert plain.index("No, thanks.") < plain.index("> ")

    play(theme, scene, send_delay_s=0, remind_attachment=False)


def test_a_quoted_newsletter_is_edited_as_text_or_taken_off(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = await answered(window, "forward")
        composer.quote.edit_button.click()
        assert not composer.quote.isVisible()
        assert "Quinces" in composer.body.toPlainText()
        assert "<b>Quinces</b>" in (composer.body.html() or "")
        assert [file.content_id for file in composer.draft().files] == ["l@shop"]
        other = await answered(window, "reply")
        other.quote.remove_button.click()
        assert other.draft().quoted is None
        assert other.draft().files == ()
        assert other.has_words()
        plain = await answered(window, "reply")
        plain.write_rich(False)
        assert plain.draft().quoted is None
        assert "> Quinces" in plain.draft().text.replace("> Logo", ">")
        store.commands.clear()

    play(theme, scene)


def test_a_quoted_newsletter_survives_as_a_draft(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = await answered(window, "reply")
        QTest.keyClicks(composer.body, "No")
        await composer.keeper.save()
        kept = answers.edit_as_new(Message.parse(saved(store)[-1].octets))
        window.compose(Writing(kept))
        again = window.composers[-1]
        assert again.quote.quoted is not None
        assert "Quinces" not in again.body.toPlainText()
        assert [file.content_id for file in again.draft().files] == ["l@shop"]

    play(theme, scene)
