"""Rich text as it is written: lists, quotes, pictures, and what is sent of it."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtTest import QTest

from desktopmail.mime import rich_read
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.composer.writing import Writing
from tests.gui.test_composer import sent, write
from tests.gui.test_window import play, select
from tests.gui.written import inner, picture
from tests.helpers.qt_loop import SLOT_LIMIT_S, Watchdog, longest_slot, until

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_words_without_looks_are_sent_as_flowed_plain_text(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        assert read.get_content_type() == "text/plain"
        assert read.get_param("format") == "flowed"

    play(theme, scene, send_delay_s=0)


def test_rich_text_is_sent_with_its_plain_alternative(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.activateWindow()
        await until(composer.isActiveWindow)
        composer.body.clear()
        QTest.keyClicks(composer.body, "Hi ")
        composer.format_bar.buttons["bold"].click()
        QTest.keyClicks(composer.body, "Bob")
        QTest.keyClick(composer.body, Qt.Key.Key_B, CONTROL)
        QTest.keyClicks(composer.body, ", see")
        assert inner(composer) == "<div>Hi <b>Bob</b>, see</div>"
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        assert read.get_content_type() == "multipart/alternative"
        plain, rich = read.iter_parts()
        assert plain.get_content().rstrip() == "Hi Bob, see"
        assert "<b>Bob</b>" in rich.get_content()

    play(theme, scene, send_delay_s=0)


def test_enter_ends_a_list_and_tab_indents_it(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        body = composer.body
        body.clear()
        body.looks.toggle_list("ul")
        QTest.keyClicks(body, "a")
        QTest.keyClick(body, Qt.Key.Key_Return)
        QTest.keyClick(body, Qt.Key.Key_Tab)
        QTest.keyClicks(body, "b")
        QTest.keyClick(body, Qt.Key.Key_Return)
        QTest.keyClick(body, Qt.Key.Key_Return)
        QTest.keyClicks(body, "c")
        QTest.keyClick(body, Qt.Key.Key_Return)
        QTest.keyClick(body, Qt.Key.Key_Return)
        QTest.keyClicks(body, "d")
        assert inner(composer) == "<ul><li>a<ul><li>b</ul><li>c</ul><div>d</div>"
        composer.finish()

    play(theme, scene)


def test_enter_within_a_quote_makes_room_for_an_answer(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        body = window.composers[-1].body
        body.show_text("> one two\n> three")
        cursor = body.textCursor()
        cursor.setPosition(4)
        body.setTextCursor(cursor)
        QTest.keyClick(body, Qt.Key.Key_Return)
        QTest.keyClicks(body, "No.")
        assert body.plain_text() == "> one \nNo.\n> two\n> three"
        QTest.keyClick(body, Qt.Key.Key_Z, CONTROL)
        window.composers[-1].finish()

    play(theme, scene)


def test_backspace_takes_a_quote_off(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        body = window.composers[-1].body
        body.show_text(">> one")
        body.moveCursor(QTextCursor.MoveOperation.Start)
        QTest.keyClick(body, Qt.Key.Key_Backspace)
        assert body.plain_text() == "> one"
        QTest.keyClick(body, Qt.Key.Key_Backspace)
        assert body.plain_text() == "one"
        window.composers[-1].finish()

    play(theme, scene)


def test_a_pasted_picture_stands_in_the_text(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        data = QMimeData()
        data.setImageData(QImage.fromData(picture()))
        composer.body.insertFromMimeData(data)
        assert composer.files.files == ()
        (content_id,) = composer.body.pictures()
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        related = read.get_payload()[1]
        assert related.get_content_type() == "multipart/related"
        page, part = related.iter_parts()
        assert f'src="cid:{content_id}"' in page.get_content()
        assert part["Content-ID"] == f"<{content_id}>"
        assert part.get_content_type() == "image/png"
        assert part.get_content()[:4] == b"\x89PNG"

    play(theme, scene, send_delay_s=0)


def test_a_picture_file_goes_into_the_text_and_other_files_are_attached(
    theme: Theme, tmp_path: Path
) -> None:
    (tmp_path / "lake.png").write_bytes(picture())
    (tmp_path / "plan.pdf").write_bytes(b"%PDF")

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = write(window)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / it)) for it in ("lake.png", "plan.pdf")])
        composer.body.insertFromMimeData(data)
        await until(lambda: composer.files.files and composer.body.pictures())
        assert [file.name for file in composer.files.files] == ["plan.pdf"]
        assert 'alt="lake"' in inner(composer)
        draft = composer.draft()
        assert [(file.name, bool(file.content_id)) for file in draft.files] == [
            ("lake.png", True),
            ("plan.pdf", False),
        ]
        composer.body.selectAll()
        QTest.keyClick(composer.body, Qt.Key.Key_Delete)
        assert [file.name for file in composer.draft().files] == ["plan.pdf"]
        composer.finish()

    play(theme, scene)


def test_plain_text_is_written_where_a_person_prefers_it(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = write(window)
        composer.body.show_items(
            rich_read.read("<div><b>Hello</b></div><blockquote>quoted</blockquote>"), {}
        )
        composer.body._keep_picture("p@x", picture())
        composer.plain_action.trigger()
        assert not composer.body.is_rich
        assert composer.body.toPlainText() == "Hello\n\n> quoted\n"
        assert composer.body.html() is None
        assert not composer.format_bar.isVisible()
        assert not composer.format_button.isEnabled()
        composer.plain_action.trigger()
        assert composer.body.plain_text().strip() == "Hello\n\n> quoted"
        composer.finish()

    play(theme, scene)


def test_html_is_pasted_as_rich_text_without_foreign_looks(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.clear()
        data = QMimeData()
        data.setHtml(
            '<p style="font-family:Papyrus;color:#fe0"><b>Hi</b> you'
            '<img src="file:///etc/passwd"><script>x()</script></p>'
        )
        data.setText("Hi you")
        composer.body.insertFromMimeData(data)
        assert inner(composer) == "<div><b>Hi</b> you</div>"
        composer.finish()

    play(theme, scene)


def test_who_answers_below_quotes_html_as_rich_text_to_write_into(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 2)
        assert window.reading.letter is not None
        assert window.reading.letter.html is not None
        await find_verb("reply").do(window)
        composer = window.composers[-1]
        html = inner(composer)
        assert html.startswith("<div><br></div><div><br></div><div>On ")
        assert "<b>quinces</b>" in html
        assert "tracker.example" not in html
        assert '<blockquote type="cite"' in html
        assert "\n> " in composer.body.plain_text()
        composer.finish()

    play(theme, scene, reply_below=True)


async def warmed(window: MainWindow) -> None:
    """Imports (made when idle) and first styles are not what is measured."""
    window.compose(Writing())
    await until(window.composers[-1].isVisible)
    window.composers[-1].finish()
    await asyncio.sleep(0.1)


def test_no_slot_blocks_while_a_long_quote_is_answered_and_sent(theme: Theme) -> None:
    html = "<p>Some <b>words</b> and <a href='https://a.test/'>a link</a></p>" * 1_500

    async def scene(window: MainWindow, store: FakeStore) -> None:
        await warmed(window)
        rich_read.read(html)  # done in a thread where a message is answered
        await asyncio.sleep(0.1)
        watch = Watchdog()
        to = (Mailbox("", "bob@example.org"),)
        window.compose(Writing(Draft(Mailbox("", ""), to=to, subject="x", html=html)))
        composer = window.composers[-1]
        await until(lambda: not composer.body._rest)
        for letter in "typed meanwhile":
            QTest.keyClick(composer.body, letter)
            await asyncio.sleep(0.05)
        assert composer.body.plain_text().startswith("typed meanwhile")
        assert inner(composer).count("<b>words</b>") == 1_500
        watch.forgive()  # what the test itself has just read
        composer.sending.send()
        await until(lambda: sent(store), 20)
        watch.stop()
        assert watch.longest_s < SLOT_LIMIT_S

    play(theme, scene, send_delay_s=0)


def test_no_slot_blocks_while_a_message_is_opened_to_write_in(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await warmed(window)
        people = tuple(Mailbox(f"Person {at}", f"p{at}@example.org") for at in range(1_000))

        async def write() -> None:
            window.compose(Writing(Draft(Mailbox("", ""), to=people, subject="x", text="y")))
            composer = window.composers[-1]
            await until(lambda: not composer.fields.to.more_button.isHidden())
            assert composer.format_bar.buttons["bold"].toolTip() == "Bold (Ctrl+B)"
            for letter in "bob":
                QTest.keyClick(composer.fields.to.edit, letter)
                await asyncio.sleep(0.05)
            composer.fields.to._popup.hide()

        assert await longest_slot(write) < SLOT_LIMIT_S
        for composer in list(window.composers):
            composer.finish()

    play(theme, scene)


@pytest.mark.parametrize(
    ("offer", "encodings"),
    [
        ((), ["quoted-printable", "quoted-printable"]),
        (("8BITMIME", "SMTPUTF8"), ["8bit", "8bit"]),
    ],
)
def test_what_is_written_is_encoded_for_the_server_that_takes_it(
    theme: Theme, offer: tuple[str, ...], encodings: list[str]
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.account_rows[0] = msgspec.structs.replace(store.account_rows[0], submission=offer)
        composer = write(window)
        composer.body.setPlainText("Grüße an alle, die das lesen")
        composer.body.selectAll()
        composer.body.looks.toggle("bold")
        composer.sending.send()
        await until(lambda: sent(store))
        octets = sent(store)[0].octets
        read = message_from_bytes(octets, policy=policy.default)
        parts = list(read.iter_parts())  # type: ignore[attr-defined]
        assert [part["content-transfer-encoding"] for part in parts] == encodings
        assert "Grüße an alle" in parts[0].get_content()
        assert "Grüße an alle" in parts[1].get_content()
        assert octets.isascii() == (not offer)
        assert max(map(len, octets.split(b"\r\n"))) <= 998

    play(theme, scene, send_delay_s=0)


def test_the_bar_beside_a_quote_goes_through_from_its_first_to_its_last_line(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        await find_verb("reply").do(window)
        body = window.composers[-1].body
        await until(lambda: "Herzliche" in body.toPlainText())
        picture = body.viewport().grab().toImage()
        across = round(body.document().documentMargin()) + 1
        accent = theme.colour("accent").rgb()
        inked = [y for y in range(picture.height()) if picture.pixel(across, y) == accent]
        assert len(inked) > 4 * body.fontMetrics().height()
        assert inked == list(range(inked[0], inked[-1] + 1))

    play(theme, scene)
