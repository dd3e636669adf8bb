"""Every dialogue and panel opens, closes, and does what its buttons say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QSystemTrayIcon,
    QWidget,
)

from desktopmail.door.changes import AccountsChanged, ProblemsChanged, QuestionsChanged
from desktopmail.door.commands import (
    AnswerQuestion,
    CancelSending,
    OpenVault,
    Password,
    RemoveAccount,
    RetrySending,
    SetOffline,
    SetProxy,
)
from desktopmail.door.ids import AccountId, QuestionId, SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import OnlyHere, PasswordPlace, TranscriptRecord
from desktopmail.door.rows import (
    PASSWORDS_LOCKED,
    UNSURE_SENDING,
    ConnectionState,
    ProblemRow,
    QuestionRow,
    SendingRow,
    SendingState,
)
from desktopmail.ui import language
from desktopmail.ui.asking import NewSecretDialog, TextDialog
from desktopmail.ui.chooser import Chooser
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.panels import views
from desktopmail.ui.panels.account import AccountDialog
from desktopmail.ui.panels.account_edit import AccountEditDialog
from desktopmail.ui.panels.activity import ActivityWindow
from desktopmail.ui.panels.card import Card
from desktopmail.ui.panels.form_area import FormArea
from desktopmail.ui.panels.proxy import ProxyDialog
from desktopmail.ui.panels.settings import SettingsDialog
from desktopmail.ui.panels.shortcuts import ShortcutsDialog
from desktopmail.ui.panels.transcript import TranscriptWindow
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


@pytest.mark.parametrize("name", sorted(set(views._OPENERS) - {"sandbox", "print"}))
def test_everything_that_can_be_opened_opens_and_closes(theme: Theme, name: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        before = set(QApplication.topLevelWidgets()) | set(window.findChildren(QWidget))
        window.show_view(name)

        def opened() -> list[QWidget]:
            now = set(QApplication.topLevelWidgets()) | set(window.findChildren(QWidget))
            fresh = [widget for widget in now - before if widget.isVisible()]
            bar = window.reading.find_bar
            return [*fresh, bar] if bar.isVisible() else fresh

        await until(opened)
        assert window.snack.text == ""
        for widget in opened():
            if isinstance(widget, QDialog) or widget.isWindow():
                widget.close()

    play(theme, scene)


def test_what_is_done_stands_behind_cancel_in_every_dialogue(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        asked = TextDialog(window, "Unlock", "Pass phrase")
        asked.open()
        views.ask_to_remove(window, window.accounts()[0])
        await until(lambda: window.findChildren(QMessageBox))
        box = window.findChildren(QMessageBox)[0]
        for dialog, last in ((asked, "Unlock"), (box, language.tr("remove.do"))):
            buttons = [it for it in dialog.findChildren(QPushButton) if it.isVisible()]
            buttons.sort(key=lambda it: it.mapTo(dialog, it.rect().topLeft()).x())
            assert [it.text().replace("&", "") for it in buttons] == ["Cancel", last]
        asked.close()
        box.close()

    play(theme, scene)


def test_settings_are_found_by_typing_and_in_force_at_once(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        dialog = SettingsDialog(window)
        dialog.open()
        dialog.search.setText("draft")
        assert "save_draft_s" in dialog.shown()
        assert len(dialog.shown()) < 4
        dialog.search.clear()
        assert len(dialog.shown()) > 12
        window.settings.set("density", "comfortable")
        row = next(row for setting, row in dialog._rows if setting.name == "density")
        box = next(it for it in row.findChildren(QWidget) if it.accessibleName() == "Density")
        tall = window.list_pane.list.verticalHeader().defaultSectionSize()
        box.setCurrentIndex(1)  # type: ignore[attr-defined]
        assert window.settings.text("density") == "compact"
        assert window.list_pane.list.verticalHeader().defaultSectionSize() < tall
        dialog.close()

    play(theme, scene)


def test_a_shortcut_is_changed_and_one_that_is_taken_is_refused(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        dialog = ShortcutsDialog(window)
        dialog.open()
        edit = dialog.edits["archive"]
        edit.setKeySequence(QKeySequence("Ctrl+Y"))
        edit.editingFinished.emit()
        assert window.actions_by_name["archive"].shortcut() == QKeySequence("Ctrl+Y")
        assert window.settings.texts("shortcuts") == ["archive=Ctrl+Y"]
        edit.setKeySequence(QKeySequence("Ctrl+N"))
        edit.editingFinished.emit()
        assert "Write a Message" in dialog.problem.text()
        assert window.actions_by_name["archive"].shortcut() == QKeySequence("Ctrl+Y")
        dialog._reset()
        assert window.actions_by_name["archive"].shortcut() == QKeySequence("A")
        dialog.close()

    play(theme, scene)


def test_the_outbox_shows_its_states_and_a_message_can_be_cancelled(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.sending_rows.append(
            SendingRow(
                id=SendingId(5), account_id=AccountId(1), state=SendingState.FAILED,
                subject="Lunch", recipients=("bob@example.org",), queued_s=0, not_before_s=0,
                tries=3, problem="The server refused the recipient.",
            )
        )  # fmt: skip
        panel = ActivityWindow(window)
        panel.show()
        texts = " ".join(child.accessibleName() for child in panel.findChildren(QWidget))
        assert "Not sent · bob@example.org" in texts
        assert "The server refused the recipient." in texts
        buttons = panel.findChildren(QAbstractButton)
        next(button for button in buttons if button.text() == "Cancel").click()
        await until(lambda: store.commands)
        assert store.commands[-1] == CancelSending(sending_id=SendingId(5))
        panel.close()

    play(theme, scene)


def test_a_message_that_waits_for_another_try_is_tried_again_in_the_outbox(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        waits = SendingRow(
            id=SendingId(5), account_id=AccountId(1), state=SendingState.QUEUED,
            subject="Lunch", recipients=("bob@example.org",), queued_s=0, not_before_s=0,
            tries=1, problem="smtp.example.org refuses the connection.", retry_s=60,
        )  # fmt: skip
        fresh = msgspec.structs.replace(waits, id=SendingId(6), problem=None, retry_s=None)
        store.sending_rows += [waits, fresh]
        panel = ActivityWindow(window)
        panel.show()
        (again,) = (it for it in panel.findChildren(QPushButton) if it.text() == "Try Again")
        again.click()
        await until(lambda: store.commands)
        assert store.commands[-1] == RetrySending(sending_id=SendingId(5))
        panel.close()

    play(theme, scene)


def test_an_account_that_is_offline_offers_to_go_online_in_place_of_getting_mail(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await store.command(SetOffline(offline=True))
        panel = ActivityWindow(window)
        panel.show()
        offered = [it for it in panel.findChildren(QPushButton) if it.isVisibleTo(panel)]
        assert [it.text() for it in offered] == ["Go Online"] * 2
        offered[0].click()
        await until(lambda: store.commands[-1] == SetOffline(offline=False))
        panel.close()

    play(theme, scene)


def test_a_message_that_may_have_arrived_is_asked_about_in_the_outbox(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        sending = SendingRow(
            id=SendingId(5), account_id=AccountId(1), state=SendingState.UNSURE,
            subject="Lunch", recipients=("bob@example.org",), queued_s=0, not_before_s=0,
            tries=1, problem="The connection ended.",
        )  # fmt: skip
        other = msgspec.structs.replace(sending, id=SendingId(6), subject="Dinner")
        store.sending_rows += [sending, other]
        panel = ActivityWindow(window)
        panel.show()

        def card(subject: str) -> Card:
            shown = [it for it in panel.findChildren(Card) if it.isVisibleTo(panel)]
            (found,) = (it for it in shown if it.accessibleName().startswith(subject))
            return found

        assert "Not sure whether it arrived · bob@example.org" in card("Lunch").accessibleName()
        assert card("Lunch").findChildren(QPushButton) == []  # the engine looks for it first
        store.question_rows.append(
            QuestionRow(
                id=QuestionId(1), kind=UNSURE_SENDING, account_id=AccountId(1), subject_id=5,
                text="The connection to smtp.example.org ended before it said whether it took"
                " “Lunch”. Did it arrive?",
                choices=(("leave", "Leave it: look again later"),
                         ("sent", "It arrived: file it as sent"),
                         ("again", "Send it again"), ("drop", "Forget it")),
            )
        )  # fmt: skip
        store.tell(QuestionsChanged())
        window.bridge.flush()
        await until(lambda: any(it.isVisibleTo(panel) for it in panel.findChildren(Card)))
        assert "Did it arrive?" in card("Lunch").accessibleName()
        assert card("Dinner").findChildren(QPushButton) == []
        buttons = {it.text(): it for it in card("Lunch").findChildren(QPushButton)}
        assert list(buttons) == [
            "Leave it: look again later", "It arrived: file it as sent", "Send it again",
            "Forget it",
        ]  # fmt: skip
        buttons["Send it again"].click()
        await until(lambda: store.commands)
        assert store.commands[-1] == AnswerQuestion(question_id=QuestionId(1), choice="again")
        panel.close()

    play(theme, scene)


def test_the_transcript_groups_lines_by_action_and_explains_one(theme: Theme) -> None:
    said = (
        ("S", b"* OK ready\r\n"),
        ("C", b"A1 CAPABILITY\r\n"),
        ("S", b"* CAPABILITY IMAP4rev1 IDLE\r\nA1 OK done\r\n"),
        ("C", b"A2 SELECT INBOX\r\n"),
        ("S", b"* 3 EXISTS\r\nA2 OK [READ-WRITE] done\r\n"),
    )

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        panel = TranscriptWindow(window)
        panel.show()
        records = [
            TranscriptRecord(
                number=number, account_id=AccountId(1), connection="imap 1", at_s=float(number),
                sender=sender, octets=octets,
            )
            for number, (sender, octets) in enumerate(said)
        ]  # fmt: skip
        panel._records = list(records)
        panel.add(records)
        titles = [panel.model.item(row).text() for row in range(panel.model.rowCount())]
        assert len(titles) == 3
        assert "SELECT" in titles[2]
        assert "OK" in titles[2]
        action = panel.model.item(2)
        assert action.child(0).text() == "→ A2 SELECT INBOX"
        panel.tree.setCurrentIndex(action.child(0).index())
        assert "RFC" in panel.words.toPlainText()
        panel.field.setText("EXISTS")
        assert panel.tree.isRowHidden(0, panel.tree.rootIndex())
        assert not panel.tree.isRowHidden(2, panel.tree.rootIndex())
        assert "imap 1 C: A2 SELECT INBOX" in panel.text()
        panel.close()

    play(theme, scene)


def test_locked_passwords_are_said_once_and_unlocked_from_there(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.problem_rows = [
            ProblemRow(
                account_id=account.id,
                service=service,
                what="They are locked.",
                remedy="Do.",
                at_s=1,
                code=PASSWORDS_LOCKED,
            )
            for account in window.accounts()
            for service in ("imap", "smtp")
        ]
        store.tell(ProblemsChanged())
        window.bridge.flush()
        (card,) = [it for it in window.problems.findChildren(Card) if it.isVisible()]
        button = next(
            it for it in card.findChildren(QPushButton) if it.text() == "Unlock Passwords…"
        )
        button.click()
        await until(lambda: window.findChildren(TextDialog))
        asked = window.findChildren(TextDialog)[0]
        asked.field.setText("phrase")
        asked.accept()
        await until(lambda: OpenVault(pass_phrase=Password("phrase")) in store.commands)

    play(theme, scene)


def test_a_new_pass_phrase_is_given_twice_and_what_is_lost_with_it_is_said(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.password_place = PasswordPlace(in_vault=True, has_vault=False)
        window.run(find_verb("open_vault"))
        await until(lambda: window.findChildren(NewSecretDialog))
        (asked,) = window.findChildren(NewSecretDialog)
        assert any("forgets it" in it.text() for it in asked.findChildren(QLabel))
        asked.activateWindow()
        QTest.keyClicks(asked.field, "phrase")
        assert not asked.do_button.isEnabled()
        asked.again.setFocus()
        QTest.keyClicks(asked.again, "phra")
        assert asked.problem.text() == ""  # the rest may come
        asked.field.setFocus()
        assert asked.problem.text() == "These are two different pass phrases."
        QTest.keyClicks(asked.again, "st")
        assert asked.problem.text() == "These are two different pass phrases."
        QTest.keyClick(asked.again, Qt.Key.Key_Return)
        assert asked.isVisible()
        assert not asked.do_button.isEnabled()
        asked.again.setText("phrase")
        assert asked.problem.text() == ""
        QTest.keyClick(asked.again, Qt.Key.Key_Return)
        await until(lambda: OpenVault(pass_phrase=Password("phrase")) in store.commands)

    play(theme, scene)


def test_a_proxy_is_set_and_what_is_none_is_refused_where_it_was_typed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.show_view("proxy")
        (dialog,) = window.findChildren(ProxyDialog)
        dialog.address.setText("ftp://x")
        store.refuse = DoorError("“ftp://x” is no proxy.", remedy="Write socks5://HOST:PORT.")
        dialog.keep_button.click()
        await until(dialog.problem.text)
        assert "is no proxy" in dialog.problem.text()
        dialog.address.setText("socks5://anna@proxy.example.org:1080")
        dialog.password.setText("secret")
        dialog.keep_button.click()
        await until(lambda: not window.findChildren(ProxyDialog))
        command = store.commands[-1]
        assert isinstance(command, SetProxy)
        assert command.proxy == "socks5://anna@proxy.example.org:1080"
        assert command.password is not None
        assert "secret" not in repr(command)

    play(theme, scene)


def test_who_is_asked_for_another_password_gives_it_in_the_settings_of_the_account(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.question_rows.append(
            QuestionRow(
                id=QuestionId(1), kind="password-incoming", account_id=window.accounts()[0].id,
                text="imap.example.org refused the password. What waits for Alice is kept.",
                choices=(("later", "I will give another one"), ("retry", "Try it again as it is")),
            )
        )  # fmt: skip
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        buttons = {it.text(): it for it in window.problems.findChildren(QPushButton)}
        assert set(buttons) == {"Give Another Password…", "Try it again as it is"}
        buttons["Give Another Password…"].click()
        dialog = window.findChild(AccountEditDialog)
        assert dialog is not None
        assert dialog.focusWidget() is dialog.passwords.password
        assert store.commands == []  # the question goes when the password was taken
        dialog.reject()
        buttons["Try it again as it is"].click()
        await until(lambda: bool(store.commands))
        assert store.commands == [AnswerQuestion(question_id=QuestionId(1), choice="retry")]

    play(theme, scene)


def test_who_quits_while_an_account_is_being_checked_leaves_nothing_behind(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def scene(window: MainWindow, store: FakeStore) -> None:
        async def waits(_command: object) -> None:
            told.append("begun")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told.append("ended")
                raise

        monkeypatch.setattr(store, "command", waits)
        dialog = AccountDialog(window)
        dialog.open()
        dialog.address.setText("carla@example.it")
        for fields in (dialog.incoming, dialog.outgoing):
            fields.host.setText("mail.example.it")
            fields.host.textEdited.emit("mail.example.it")
        dialog.submit()
        await until(lambda: told)

    play(theme, scene)
    assert told == ["begun", "ended"]


def test_the_account_that_is_to_go_is_chosen_before_it_is_asked_about(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.run(find_verb("remove_account"))
        await until(lambda: window.findChildren(Chooser))
        (chooser,) = window.findChildren(Chooser)
        chooser.field.setText("bob")
        QTest.keyClick(chooser.field, Qt.Key.Key_Return)
        await until(lambda: window.findChildren(QMessageBox))
        (box,) = window.findChildren(QMessageBox)
        assert "Bob" in box.text()
        assert store.commands == []
        next(it for it in box.buttons() if it.text() == "Remove").click()
        await until(lambda: store.commands)
        assert store.commands == [RemoveAccount(account_id=window.accounts()[1].id)]

    play(theme, scene)


def test_mail_that_would_be_gone_with_its_account_is_told_before(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.only_here = OnlyHere(messages=3, unsent=1)
        account = window.accounts()[0]
        views.ask_to_remove(window, account)
        await until(lambda: window.findChildren(QMessageBox))
        (box,) = window.findChildren(QMessageBox)
        assert "3 messages exist only here" in box.informativeText()
        assert "not sent yet: 1" in box.informativeText()
        assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
        next(it for it in box.buttons() if it.text() == "Remove").click()
        await until(lambda: store.commands)
        assert store.commands == [RemoveAccount(account_id=account.id, with_its_mail=True)]

    play(theme, scene)


def test_a_question_with_long_answers_does_not_widen_the_window(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.resize(800, 700)
        lines = "\n".join(f"line {n}: words" for n in range(40))
        store.question_rows.append(
            QuestionRow(
                id=QuestionId(1), kind="certificate-incoming", account_id=None,
                text=f"The certificate is another one.\n{lines}",
                choices=(
                    ("stop", "Do not connect to this server"),
                    ("accept", "Accept this one certificate for a-long-name.example.org:993"),
                ),
            )
        )  # fmt: skip
        store.tell(AccountsChanged())
        await until(window.problems.isVisible)
        QApplication.processEvents()
        assert window.width() == 800
        assert window.problems.height() <= window.height() // 2
        card = window.problems.findChildren(QPushButton)[0]
        store.tell(AccountsChanged())  # nothing new of it: a button that is pressed stays
        window.bridge.flush()
        assert window.problems.findChildren(QPushButton)[0] is card

    play(theme, scene)


def test_what_is_told_again_and_again_leaves_the_buttons_of_activity_alone(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        panel = ActivityWindow(window)
        panel.show()
        button = panel.findChildren(QPushButton)[0]
        store.tell(AccountsChanged())
        window.bridge.flush()
        assert panel.findChildren(QPushButton)[0] is button
        store.account_rows[0] = msgspec.structs.replace(
            store.account_rows[0], state=ConnectionState.SYNCING
        )
        store.tell(AccountsChanged())
        window.bridge.flush()
        await until(lambda: "Getting mail…" in said(panel))
        panel.close()

    def said(panel: ActivityWindow) -> set[str]:
        labels = [label for label in panel.findChildren(QLabel) if label.isVisible()]
        return {label.text().partition(" · ")[0] for label in labels}

    play(theme, scene)


def test_a_form_that_says_more_gets_the_room_for_it(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        await dialog.scope.settled()
        QApplication.processEvents()
        before = dialog.height()
        for part in (dialog.incoming, dialog.outgoing):
            part.fields.host.setText("mail.example.org")
        dialog.incoming.fields.security.setCurrentIndex(2)
        await until(lambda: dialog.height() > before)
        QApplication.processEvents()
        area = dialog.findChild(FormArea)
        assert area is not None
        assert area.verticalScrollBar().maximum() == 0
        dialog.reject()

    play(theme, scene)


@pytest.mark.parametrize("has_tray", [False, True])
def test_who_has_no_tray_is_told_that_the_program_cannot_stay_in_it(
    theme: Theme, monkeypatch: pytest.MonkeyPatch, has_tray: bool
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: has_tray)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        dialog = SettingsDialog(window)
        dialog.show()
        (row,) = [row for setting, row in dialog._rows if setting.name == "tray"]
        (tick,) = row.findChildren(QCheckBox)
        assert tick.isEnabled() is has_tray
        said = [label.text() for label in row.findChildren(QLabel)]
        assert any("has no tray" in text for text in said) is not has_tray
        assert tick.accessibleDescription() in said
        dialog.close()

    play(theme, scene)
