"""Rich text as it is written: looks, lists, quotes, links, pictures, and what is sent of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from desktopmail.door.ids import AccountId, IdentityId
from desktopmail.door.rows import IdentityRow, Role
from desktopmail.mime import answers, rich_read
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft
from desktopmail.mime.message import Message
from desktopmail.ui.commands.answering import answer_letter
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.composer.body import png_of
from desktopmail.ui.composer.link_dialog import LinkDialog, completed_url
from desktopmail.ui.composer.recovery import Recovery
from desktopmail.ui.composer.writing import Placed, Writing
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.gui.test_composer import saved, sent, write
from tests.gui.test_window import play, select
from tests.helpers.fake_door import full_store
from tests.helpers.qt_loop import SLOT_LIMIT_S, Watchdog, run_qt, until

if TYPE_CHECKING:
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.theme.theme import Theme
    from tests.helpers.fake_door import FakeStore

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def picture() -> bytes:
    image = QImage(40, 20, QImage.Format.Format_RGB32)
    image.fill(0xFF3366)
    return png_of(image)


def select_all(composer: ComposeWindow) -> None:
    composer.body.selectAll()


def inner(composer: ComposeWindow) -> str:
    html = composer.body.html() or ""
    return html.partition("<body>")[2].partition("</body>")[0]


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


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("bold", "<div><b>one</b></div>"),
        ("italic", "<div><i>one</i></div>"),
        ("underline", "<div><u>one</u></div>"),
        ("strike", "<div><s>one</s></div>"),
        ("bullets", "<ul><li>one</ul>"),
        ("numbers", "<ol><li>one</ol>"),
        ("clear", ""),
    ],
)
def test_each_button_does_what_it_says_and_takes_it_back(
    theme: Theme, name: str, html: str
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.setPlainText("one")
        select_all(composer)
        button = composer.format_bar.buttons[name]
        button.click()
        assert inner(composer) == html
        if button.isCheckable():
            assert button.isChecked()
            button.click()
            assert not button.isChecked()
            assert composer.body.html() is None
        composer.finish()

    play(theme, scene)


def test_colours_and_sizes_are_few_and_can_be_taken_off(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.setPlainText("one")
        select_all(composer)
        colours = composer.format_bar.buttons["colour"].menu().actions()
        sizes = composer.format_bar.buttons["size"].menu().actions()
        next(it for it in colours if it.text() == "Red").trigger()
        next(it for it in sizes if it.text() == "Large").trigger()
        assert inner(composer) == (
            '<div><span style="color:#d33a2c;font-size:large">one</span></div>'
        )
        composer.format_bar.buttons["clear"].click()
        assert composer.body.html() is None
        composer.finish()

    play(theme, scene)


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


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://a.test/x", "https://a.test/x"),
        ("a.test/x", "https://a.test/x"),
        ("anna@a.test", "mailto:anna@a.test"),
        ("tel:+4930", "tel:+4930"),
        ("javascript:alert(1)", ""),
        ("just words", ""),
        ("", ""),
    ],
)
def test_a_link_leads_to_the_web_or_to_an_address(typed: str, url: str) -> None:
    assert completed_url(typed) == url


def test_a_link_is_made_of_the_words_selected_and_taken_off_again(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.setPlainText("garden")
        select_all(composer)
        composer.format_bar.buttons["link"].click()
        dialog = composer.findChild(LinkDialog)
        assert dialog is not None
        assert dialog.words.text() == "garden"
        dialog.target.setText("no link")
        accept = dialog.findChild(QDialogButtonBox).buttons()[0]
        accept.click()
        assert dialog.isVisible()
        dialog.target.setText("garden.example")
        accept.click()
        assert inner(composer) == '<div><a href="https://garden.example">garden</a></div>'
        QTest.keyClicks(composer.body, " x")
        assert "</a> x" in inner(composer)
        cursor = composer.body.textCursor()
        cursor.setPosition(3)
        composer.body.setTextCursor(cursor)
        assert composer.body.looks.link_at_cursor() == ("https://garden.example", "garden")
        composer.body.looks.set_link("", "")
        assert composer.body.html() is None
        composer.finish()

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
        select_all(composer)
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


def test_a_rich_draft_is_opened_as_it_was_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.body.show_items(rich_read.read("<div><b>Hello</b></div>"), {})
        data = QMimeData()
        data.setImageData(QImage.fromData(picture()))
        composer.body.moveCursor(QTextCursor.MoveOperation.End)
        composer.body.insertFromMimeData(data)
        html = inner(composer)
        composer.keeper.save_now()
        await until(lambda: saved(store))
        draft = answers.edit_as_new(Message.parse(saved(store)[0].octets))
        composer.finish()
        window.compose(Writing(draft, Placed(replaces=saved(store)[0].replaces)))
        again = window.composers[-1]
        assert inner(again) == html
        assert again.files.files == ()
        assert len(again.draft().files) == 1
        again.finish()

    play(theme, scene)


def test_a_plain_draft_keeps_its_tabs_and_spaces(theme: Theme) -> None:
    text = "Patch:\n\n+\tif  x:\n+\t\treturn\n> quoted\n\n  end"

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing(Draft(Mailbox("", ""), text=text)))
        assert window.composers[-1].body.plain_text() == text
        assert window.composers[-1].body.html() is None
        window.composers[-1].finish()

    play(theme, scene)


def test_what_is_no_address_yet_does_not_keep_a_draft_from_being_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window, to="bob@example.org, mir")
        composer.keeper.save_now()
        await until(lambda: saved(store))
        draft = answers.edit_as_new(Message.parse(saved(store)[0].octets))
        assert [box.address for box in draft.to] == ["bob@example.org", "mir"]
        composer.finish()

    play(theme, scene)


def identity(number: int, address: str, **more: str) -> IdentityRow:
    fields = {"name": "Alice", "reply_to": "", "signature_text": "", "signature_html": ""} | more
    return IdentityRow(
        id=IdentityId(number),
        account_id=AccountId(1),
        address=address,
        default=number == 1,
        **fields,
    )


IDENTITIES = [
    identity(1, "alice@example.org", signature_text="Alice\nGarden club"),
    identity(2, "sales@example.org", reply_to="desk@example.org", signature_html="<b>Sales</b>"),
    identity(3, "silent@example.org"),
]


def test_the_signature_follows_the_sender_unless_it_was_changed(theme: Theme) -> None:
    store = full_store()
    store.identity_rows = list(IDENTITIES)

    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        body, box = composer.body, composer.fields.from_box
        assert body.plain_text() == "\n\n-- \nAlice\nGarden club"
        box.setCurrentIndex(1)
        assert body.plain_text().endswith("-- \nSales\n")
        assert "<b>Sales</b>" in inner(composer)
        box.setCurrentIndex(2)
        assert "-- " not in body.plain_text()
        box.setCurrentIndex(0)
        assert body.plain_text().endswith("-- \nAlice\nGarden club")
        cursor = body.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(", at home")
        box.setCurrentIndex(1)
        assert body.plain_text().endswith("-- \nAlice\nGarden club, at home")
        composer.finish()
        assert store.commands == []

    play(theme, scene, store)


def test_an_answer_comes_from_the_identity_it_was_written_to(theme: Theme) -> None:
    store = full_store()
    store.identity_rows = list(IDENTITIES)
    octets = b"From: b@x.test\r\nTo: sales@example.org\r\nSubject: Price?\r\n\r\nHow much?\r\n"

    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(octets, store.box(Role.INBOX).id, date_s=2_000_000_000)
        letter = read_letter(octets)
        await answer_letter(window, letter, "reply", account_id=row.account_id, placement_id=row.id)
        composer = window.composers[-1]
        assert composer.sent_by is not None
        assert composer.sent_by.mailbox == Mailbox("Alice", "sales@example.org")
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        assert read["From"] == "Alice <sales@example.org>"
        assert read["Reply-To"] == "desk@example.org"
        assert sent(store)[0].sender == "sales@example.org"
        assert sent(store)[0].answers == row.id

    play(theme, scene, store, send_delay_s=0)


def test_what_was_being_written_is_open_again_after_a_crash(theme: Theme, tmp_path: Path) -> None:
    file = tmp_path / "window.toml"

    async def crashed() -> None:
        store = full_store()
        window = MainWindow(store, lambda: store, Settings(file), theme, web=False)
        window.show()
        composer = write(window)
        composer.body.show_items(rich_read.read("<div>Half a <b>sent</b></div>"), {})
        QTest.keyClicks(composer.body, "x")
        await until(lambda: Recovery.of_profile(tmp_path).left())
        # The process is gone here: nothing is closed in order.
        composer.keeper._recovery = Recovery(None)
        composer.finish()
        await window.aclose()
        window.deleteLater()

    async def started_again() -> None:
        store = full_store()
        window = MainWindow(store, lambda: store, Settings(file), theme, web=False)
        window.show()
        window.composers.restore()
        await until(lambda: window.composers)
        composer = window.composers[-1]
        assert inner(composer) == "<div>xHalf a <b>sent</b></div>"
        assert composer.fields.to.text() == "bob@example.org"
        await until(lambda: "open again" in window.snack.text)
        composer.sending.send()
        await until(lambda: sent(store))
        await until(lambda: not Recovery.of_profile(tmp_path).left())
        await window.aclose()
        window.deleteLater()

    run_qt(crashed)
    run_qt(started_again)


KILLED = """
import os, signal, sys
from pathlib import Path
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from desktopmail.ui.composer.recovery import Recovery
from desktopmail.ui.composer.writing import Writing
from desktopmail.ui.settings import Settings
from desktopmail.ui.theme.theme import Scheme, Theme
from desktopmail.ui.window import MainWindow
from tests.helpers.fake_door import full_store
from tests.helpers.qt_loop import run_qt, until

profile = Path(sys.argv[1])
application = QApplication([])

async def type_and_die():
    store = full_store()
    theme = Theme(application, Scheme.LIGHT)
    window = MainWindow(store, lambda: store, Settings(profile / "window.toml"), theme, web=False)
    window.show()
    window.compose(Writing())
    QTest.keyClicks(window.composers[-1].body, "half a sent")
    await until(lambda: Recovery.of_profile(profile).left())
    os.kill(os.getpid(), signal.SIGKILL)

run_qt(type_and_die)
"""


def test_a_window_killed_while_typing_leaves_its_text_on_the_disk(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[2],
        timeout=60,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    (left,) = Recovery.of_profile(tmp_path).left()
    assert left.draft.text.startswith("half a sent")
    assert left.placed.account_id == 1


def test_the_state_of_a_draft_is_said(theme: Theme, tmp_path: Path) -> None:
    async def run() -> None:
        store = full_store()
        settings = Settings(tmp_path / "window.toml")
        window = MainWindow(store, lambda: store, settings, theme, web=False)
        window.show()
        composer = write(window)
        assert composer.state.text() == "Not saved yet"
        await until(lambda: composer.state.text() == "Kept on this computer")
        composer.keeper.save_now()
        await until(lambda: composer.state.text().startswith("Draft saved"))
        composer.finish()
        await window.aclose()
        window.deleteLater()

    run_qt(run)


def test_quitting_keeps_what_is_written_as_a_draft(theme: Theme) -> None:
    kept: list[FakeStore] = []

    async def scene(window: MainWindow, store: FakeStore) -> None:
        write(window)
        kept.append(store)

    play(theme, scene)
    assert len(saved(kept[0])) == 1


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
        watch = Watchdog()
        people = tuple(Mailbox(f"Person {at}", f"p{at}@example.org") for at in range(1_000))
        window.compose(Writing(Draft(Mailbox("", ""), to=people, subject="x", text="y")))
        composer = window.composers[-1]
        await until(lambda: not composer.fields.to.more_button.isHidden())
        assert composer.format_bar.buttons["bold"].toolTip() == "Bold (Ctrl+B)"
        for letter in "bob":
            QTest.keyClick(composer.fields.to.edit, letter)
            await asyncio.sleep(0.05)
        watch.stop()
        composer.fields.to._popup.hide()
        composer.finish()
        assert watch.longest_s < SLOT_LIMIT_S

    play(theme, scene)


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
