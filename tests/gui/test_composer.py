"""Writing: what is sent, what is kept, what is asked."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from desktopmail.door.commands import CancelSending, DeleteMessages, SaveDraft, SendMessage
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.rows import Role
from desktopmail.mime import mailto
from desktopmail.mime.compose import File
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.composer.files import MAX_OCTETS, FileError, media_type_of, read_file
from desktopmail.ui.composer.writing import Writing
from tests.gui.message_bars import bars, button
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def write(window: MainWindow, to: str = "bob@example.org") -> ComposeWindow:
    window.compose(Writing())
    composer = window.composers[-1]
    composer.fields.to.set_text(to)
    composer.fields.subject.setText("Grüße aus der Mühle")
    composer.body.setPlainText("Hallo Bob,\n\nbis Sonntag!")
    return composer


def sent(store: FakeStore) -> list[SendMessage]:
    return [command for command in store.commands if isinstance(command, SendMessage)]


def saved(store: FakeStore) -> list[SaveDraft]:
    return [command for command in store.commands if isinstance(command, SaveDraft)]


def test_a_message_is_sent_as_it_was_written_and_never_shows_its_hidden_recipients(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.fields.bcc.set_text("secret@example.org")
        QTest.keyClick(composer, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        composer.sending.send()
        await until(lambda: sent(store))
        command = sent(store)[0]
        assert command.recipients == ("bob@example.org", "secret@example.org")
        assert b"secret@" not in command.octets
        read = message_from_bytes(command.octets, policy=policy.default)
        assert read["From"] == "Alice Example <alice@example.org>"
        assert read["Subject"] == "Grüße aus der Mühle"
        assert read.get_content().replace("\r\n", "\n").rstrip() == "Hallo Bob,\n\nbis Sonntag!"
        assert read["Message-ID"].endswith("@example.org>")

    play(theme, scene, send_delay_s=0)


def test_a_message_can_be_taken_back_and_is_open_again(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        await until(composer.isVisible)
        composer.sending.send()
        await until(lambda: not composer.isVisible())
        assert window.snack.text == "Sending in 10 seconds"
        window.snack._button.click()
        await until(composer.isVisible)
        assert any(isinstance(command, CancelSending) for command in store.commands)
        assert store.sending_rows == []
        assert composer.body.toPlainText() == "Hallo Bob,\n\nbis Sonntag!"
        composer.finish()

    play(theme, scene, send_delay_s=10)


def test_what_is_written_is_kept_as_a_draft_and_each_version_replaces_the_last(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.keeper.save_now()
        await until(lambda: len(saved(store)) == 1)
        composer.body.insertPlainText("Und: ")
        composer.keeper.save_now()
        await until(lambda: len(saved(store)) == 2)
        assert saved(store)[1].replaces == composer.keeper.saved_as or saved(store)[1].replaces
        await until(lambda: composer.state.text().startswith("Draft saved"))
        composer.close()
        await until(lambda: not window.composers)
        assert len(saved(store)) == 2

    play(theme, scene)


async def show_draft(window: MainWindow, store: FakeStore) -> None:
    """Keep what is written as a draft, and select that."""
    composer = write(window)
    composer.keeper.save_now()
    await until(lambda: len(saved(store)) == 1)
    composer.close()
    await until(lambda: not window.composers)
    window.bridge.flush()
    window.sidebar.choose(("mailbox", store.box(Role.DRAFTS, AccountId(1)).id))
    window.list_pane.list.go_to(0)


def test_a_draft_that_is_read_says_what_it_is_and_is_gone_on_with(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 1)
        assert bars(window) == []
        await show_draft(window, store)
        await until(lambda: bars(window))
        (bar,) = bars(window)
        assert bar.accessibleName() == "This is a draft: it has not been sent."
        button(bar, "Edit Draft").click()
        await until(lambda: window.composers)
        assert window.composers[-1].fields.subject.text() == "Grüße aus der Mühle"
        window.composers[-1].finish()
        window.run(find_verb("open_window"))
        await until(lambda: window.extra_windows)
        alone = window.extra_windows[-1]
        (button_there,) = [
            one for one in alone.findChildren(QPushButton) if one.text() == "Edit Draft"
        ]
        button_there.click()
        await until(lambda: window.composers)
        assert not alone.isVisible()
        window.composers[-1].finish()

    play(theme, scene)


def test_a_draft_is_gone_on_with_from_its_menus_and_no_other_message_is(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        action = window.actions_by_name["edit_draft"]
        await select(window, 1)
        assert (action.isVisible(), action.isEnabled()) == (False, False)
        await show_draft(window, store)
        row = window.list_pane.list.current_message()
        assert row is not None
        await until(lambda: action.isVisible() and action.isEnabled())
        assert window.actions_by_name.context_menu(window).actions()[0] is action
        action.trigger()
        await until(lambda: window.composers)
        again = window.composers[-1]
        assert again.fields.subject.text() == "Grüße aus der Mühle"
        again.body.insertPlainText("Und: ")
        again.keeper.save_now()
        await until(lambda: len(saved(store)) == 2)
        assert saved(store)[1].replaces == row.id
        again.finish()

    play(theme, scene)


def test_closing_keeps_what_was_written_without_a_question(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.close()
        await until(lambda: not window.composers)
        assert len(saved(store)) == 1

    play(theme, scene)


def test_closing_an_empty_window_keeps_nothing(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.compose(Writing())
        window.composers[-1].close()
        await until(lambda: not window.composers)
        assert store.commands == []

    play(theme, scene)


def test_discarding_removes_the_draft_and_can_be_undone(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.keeper.save_now()
        await until(lambda: composer.keeper.saved_as is not None)
        composer.discard()
        await until(lambda: not window.composers)
        await until(lambda: isinstance(store.commands[-1], DeleteMessages))
        assert window.history.what

    play(theme, scene)


@pytest.mark.parametrize("wrong", ["bob", "bob@", "@example.org"])
def test_what_is_no_address_is_named_and_nothing_is_sent(theme: Theme, wrong: str) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window, to=f"anna@example.org, {wrong}")
        composer.sending.send()
        box = composer.findChild(QMessageBox)
        assert box is not None
        assert "is not an address" in box.text()
        box.close()
        assert sent(store) == []
        composer.finish()

    play(theme, scene)


def test_a_message_that_the_engine_does_not_take_stays_and_its_window_says_why(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        await until(composer.isVisible)
        store.refuse = DoorError("The disk is full.", remedy="Make room.", code="disk-full")
        composer.sending.send()
        await until(lambda: composer.findChild(QMessageBox) is not None)
        box = composer.findChild(QMessageBox)
        assert box is not None
        assert box.text() == "The disk is full. Make room."
        box.close()
        assert composer.isVisible()
        assert composer.send_button.isEnabled()
        composer.sending.send()
        await until(lambda: len(store.sending_rows) == 1)

    play(theme, scene)


def test_what_an_engine_may_have_that_ended_before_it_answered_is_handed_over_as_the_same(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        await until(composer.isVisible)
        store.refuse = EngineGoneError("The engine ended while it was spoken to.")
        composer.sending.send()
        await until(lambda: composer.findChild(QMessageBox) is not None)
        box = composer.findChild(QMessageBox)
        assert box is not None
        box.close()
        composer.sending.send()
        await until(lambda: len(store.sending_rows) == 1)
        first, second = sent(store)
        assert first.octets == second.octets
        assert (first.again, second.again) == (False, True)

    play(theme, scene)


@pytest.mark.parametrize(
    ("subject", "text", "question"),
    [
        ("", "Hello", "Send without a subject?"),
        ("Photos", "The photos are attached.", "Did you mean to attach something?"),
    ],
)
def test_what_is_missing_is_asked_for_once(
    theme: Theme, subject: str, text: str, question: str
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.fields.subject.setText(subject)
        composer.body.setPlainText(text)
        composer.sending.send()
        await until(lambda: composer.findChild(QMessageBox) is not None)
        box = composer.findChild(QMessageBox)
        assert box is not None
        assert box.text() == question
        anyway = next(it for it in box.buttons() if it.text() == "Send Anyway")
        anyway.click()
        await until(lambda: sent(store))

    play(theme, scene, send_delay_s=0)


def test_people_are_offered_while_one_types(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        field = composer.fields.to
        QTest.keyClicks(field.edit, "kaeth")
        assert field._offers.stringList() == ['"Dr. Käthe Müller" <kaethe@example.org>']
        QTest.keyClick(field.edit, Qt.Key.Key_Return)
        assert field.text() == '"Dr. Käthe Müller" <kaethe@example.org>'
        assert field.edit.text() == ""
        QTest.keyClicks(field.edit, "bob")
        QTest.keyClick(field.edit, Qt.Key.Key_Tab)
        names = [box.address for box in composer.fields.to.mailboxes()]
        assert names == ["kaethe@example.org", "bob@example.org"]
        composer.finish()

    play(theme, scene)


def test_an_answer_quotes_and_goes_to_who_wrote(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        row = window.reading.row
        assert row is not None
        await find_verb("reply").do(window)
        composer = window.composers[-1]
        assert composer.fields.to.text() == "Bob Ferreira <bob@example.org>"
        assert composer.fields.subject.text() == "Re: Walk on Sunday?"
        assert "Bob Ferreira wrote:\n> Hi Alice," in composer.body.plain_text()
        composer.sending.send()
        await until(lambda: sent(store))
        assert sent(store)[0].answers == row.id
        assert not sent(store)[0].forwards

    play(theme, scene, send_delay_s=0)


def test_an_answer_to_all_names_everybody_else(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        await find_verb("reply_all").do(window)
        composer = window.composers[-1]
        await until(composer.isVisible)
        assert composer.fields.cc.isVisible()
        addresses = {
            box.address
            for box in (*composer.fields.to.mailboxes(), *composer.fields.cc.mailboxes())
        }
        assert addresses == {"bob@example.org", "team@example.org", "maren@example.org"}
        composer.finish()

    play(theme, scene)


def test_the_signature_stands_below_a_new_message(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.identity_rows = [
            msgspec.structs.replace(row, signature_text="Alice") for row in store.identities()
        ]
        window.compose(Writing())
        composer = window.composers[-1]
        assert composer.body.toPlainText() == "\n\n-- \nAlice"
        composer.close()
        await until(lambda: not window.composers)

    play(theme, scene)


def test_files_that_are_dropped_are_attached(theme: Theme, tmp_path: Path) -> None:
    file = tmp_path / "Bilanz 2026.pdf"
    file.write_bytes(b"%PDF-1.4 small")

    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file))])
        composer.body.insertFromMimeData(data)
        await until(lambda: composer.files.files)
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        part = next(iter(read.iter_attachments()))
        assert part.get_filename() == "Bilanz 2026.pdf"
        assert part.get_content_type() == "application/pdf"
        assert part.get_content() == b"%PDF-1.4 small"

    play(theme, scene, send_delay_s=0)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_file(tmp_path / "missing.txt")
    assert caught.value.key == "compose.not_readable"
    with pytest.raises(FileError):
        read_file(tmp_path)
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(MAX_OCTETS + 1)
    with pytest.raises(FileError) as caught:
        read_file(large)
    assert caught.value.key == "compose.too_large"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.eml", "message/rfc822"),
        ("a.txt", "text/plain"),
        ("a.tar.gz", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_media_type_of_a_file_goes_by_its_name(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type


def test_a_mailto_link_opens_a_window_with_what_it_says(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        link = "mailto:bob@example.org?subject=Hello&body=One%0ATwo&attach=/etc/passwd"
        assert mailto.parse(link) is not None
        window.open_link(link)
        composer = window.composers[-1]
        assert composer.fields.to.text() == "bob@example.org"
        assert composer.fields.subject.text() == "Hello"
        assert composer.body.toPlainText().strip() == "One\nTwo"
        assert composer.files.files == ()
        composer.finish()

    play(theme, scene)


def test_receipt_and_report_are_asked_for_only_where_that_was_chosen(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        assert "isposition-Notification" not in str(composer.draft().fields)
        composer.receipt_action.trigger()
        composer.report_action.trigger()
        composer.sending.send()
        await until(lambda: sent(store))
        read = message_from_bytes(sent(store)[0].octets, policy=policy.default)
        assert read["Disposition-Notification-To"] == "alice@example.org"
        assert sent(store)[0].report.notify == ("success", "failure", "delay")

    play(theme, scene, send_delay_s=0)


def test_everything_in_the_window_has_a_name_and_the_keyboard_reaches_it(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = write(window)
        await until(composer.isVisible)
        composer.fields.show_cc(shown=True)
        composer.format_button.setChecked(True)
        composer.files.add(File("a.txt", "text/plain", b"x"))
        assert composer.format_bar.isVisible()
        reached = [
            it
            for it in composer.findChildren(QWidget)
            if it.isVisible() and it.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        assert len(reached) > 15
        for widget in reached:
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface.text(QAccessible.Text.Name), widget
        composer.activateWindow()
        await until(composer.isActiveWindow)
        for way in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            composer.fields.to.edit.setFocus()
            walked = []
            while (focus := composer.focusWidget()) not in walked:
                walked.append(focus)
                step = Qt.KeyboardModifier.ControlModifier  # Tab itself is typed in the text
                is_typed = focus is composer.body and way == Qt.Key.Key_Tab
                QTest.keyClick(focus, way, step if is_typed else Qt.KeyboardModifier.NoModifier)
            assert set(walked) == set(reached)
            assert focus is composer.fields.to.edit
        composer.finish()

    play(theme, scene)


def test_an_address_beyond_ascii_is_handed_over_as_it_is(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window, to="jörg@münchen.example, anna@bücher.example")
        composer.keeper.save_now()
        await until(lambda: saved(store))
        composer.sending.send()
        await until(lambda: sent(store))
        assert sent(store)[0].recipients == ("jörg@münchen.example", "anna@bücher.example")
        assert "To: jörg@münchen.example".encode() in sent(store)[0].octets

    play(theme, scene, send_delay_s=0)
