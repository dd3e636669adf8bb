"""A day with the program: the real window, the real engine process, the real bundled server."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from desktopmail.door.attach import attach
from desktopmail.door.profile import Profile
from desktopmail.door.rows import AccountRow, ConnectionState, Kind, MessageRow, Role
from desktopmail.ui.app import wait_for_end
from desktopmail.ui.asking import NewSecretDialog
from desktopmail.ui.chooser import Chooser
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.panels import views
from desktopmail.ui.panels.account import AccountDialog
from desktopmail.ui.panels.switch import SwitchDialog
from desktopmail.ui.server_room.window import ServerRoomWindow
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.ui.theme.theme import Theme

ADDRESS = "anna@sandbox.test"
PASSWORD = "tulips, thirty of them"


@pytest.fixture
def profile() -> Iterator[Profile]:
    folder = Path(tempfile.mkdtemp(prefix="desktopmail-test-"))
    yield Profile.at(folder)
    wait_for_end(Profile.at(folder), 20)
    shutil.rmtree(folder, ignore_errors=True)


class User:
    """What a person does with a window, in words."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def account(self) -> AccountRow:
        return next(row for row in self.window.reader.accounts() if row.address == ADDRESS)

    def inbox(self) -> list[MessageRow]:
        window = self.window
        boxes = window.reader.mailboxes(self.account().id)
        inbox = next(box.id for box in boxes if box.role is Role.INBOX)
        window.bridge.flush()
        assert window.sidebar.choose(("mailbox", inbox))
        return window.reader.window(window.list_pane.view, 0, 200)

    async def starts_the_sandbox(self) -> None:
        first = self.window.pages.first_run
        assert first is not None
        assert first.isVisible()
        first.sandbox_button.click()
        await until(lambda: len(self.window.accounts()) == 2, 40)
        await until(lambda: self.window.snack.text.startswith("The sandbox"), 40)

    async def changes_a_password_in_the_server_room(self) -> None:
        self.window.show_view("server_room")
        (room,) = [it for it in self.window.extra_windows if isinstance(it, ServerRoomWindow)]
        await until(lambda: room.api is not None)
        assert room.api is not None
        await room.api.send("PUT", "/api/users/anna", {"password": PASSWORD})
        room.close()

    async def removes_the_account(self) -> None:
        views.ask_to_remove(self.window, self.account())
        await until(lambda: self.window.findChild(QMessageBox) is not None, 20)
        box = self.window.findChild(QMessageBox)
        next(it for it in box.buttons() if it.text() == "Remove").click()
        await until(lambda: len(self.window.accounts()) == 1, 20)

    async def adds_it_by_the_wizard(self) -> None:
        self.window.show_view("account")
        dialog = self.window.findChild(AccountDialog)
        QTest.keyClicks(dialog.name, "Anna")
        QTest.keyClicks(dialog.address, ADDRESS)
        QTest.keyClicks(dialog.password, PASSWORD)
        dialog.address.editingFinished.emit()
        dialog.add_button.click()

        def is_over() -> bool:
            dialogs = self.window.findChildren(AccountDialog)
            return not dialogs or dialogs[0].problem.text()

        await until(lambda: is_over() or self.window.findChild(NewSecretDialog) is not None, 40)
        phrase = self.window.findChild(NewSecretDialog)  # where this machine has no keyring
        if phrase is not None:
            for field in (phrase.field, phrase.again):
                QTest.keyClicks(field, "a pass phrase of the test")
            phrase.do_button.click()
        await until(is_over, 40)
        assert [it.problem.text() for it in self.window.findChildren(AccountDialog)] == []
        await until(lambda: self.account().state is ConnectionState.READY, 40)
        await until(lambda: len(self.inbox()) > 3, 40)

    async def reads(self, row: MessageRow) -> None:
        window = self.window
        window.come_forward()  # a desktop does that when the window before it is closed
        await until(window.isActiveWindow)
        assert window.list_pane.list.go_to_message(row.id)
        window.list_pane.list.setFocus()
        await until(lambda: window.reading.row is not None and window.reading.row.id == row.id, 20)

    async def answers(self, text: str) -> str:
        """Answer the message shown; returns the subject of the answer."""
        window = self.window
        window.run(find_verb("reply"))
        await until(lambda: bool(window.composers) and window.composers[-1].isVisible(), 20)
        composer = window.composers[-1]
        subject = composer.fields.subject.text()
        composer.body.insertPlainText(text)
        composer.send_button.click()
        await until(lambda: not window.composers, 20)
        return subject

    async def moves(self, row: MessageRow, mailbox: str) -> None:
        await self.reads(row)
        window = self.window
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_M)
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        QTest.keyClicks(chooser.field, mailbox)
        QTest.keyClick(chooser.field, Qt.Key.Key_Return)
        await until(lambda: row.id not in {it.id for it in self.inbox()}, 20)

    async def undoes(self, row: MessageRow) -> None:
        # The row leaves the list before the engine has said how to take that back.
        await until(self.window.actions_by_name["undo"].isEnabled)
        self.window.list_pane.list.setFocus()
        QTest.keyClick(
            self.window.list_pane.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
        )
        await until(lambda: row.subject in {it.subject for it in self.inbox()}, 20)

    async def switches_to(self, kind: Kind) -> None:
        dialog = SwitchDialog(self.window, self.account())
        dialog.open()
        await dialog.scope.settled()
        assert dialog.kind() is kind
        dialog.submit()
        await until(lambda: dialog.outcome.isVisible() or bool(dialog.problem.text()), 40)
        assert dialog.problem.text() == ""
        dialog.close()
        assert self.account().kind is kind

    async def goes_offline(self) -> None:
        await find_verb("offline").do(self.window)
        await until(lambda: self.account().state is ConnectionState.OFFLINE, 20)

    async def comes_back(self) -> None:
        await find_verb("offline").do(self.window)
        await until(lambda: self.account().state is ConnectionState.READY, 40)
        await until(lambda: not self.window.reader.operations(), 40)


@pytest.mark.slow
def test_a_person_sets_up_reads_answers_moves_undoes_switches_and_goes_offline_and_back(
    theme: Theme, profile: Profile
) -> None:
    async def run() -> None:
        session = await attach(profile)
        settings = Settings(None)
        settings.set("theme", "light")
        settings.set("send_delay_s", 0)
        window = MainWindow(session.door, session.reader, settings, theme, web=False)
        window.show()
        user = User(window)
        try:
            await user.starts_the_sandbox()
            await user.changes_a_password_in_the_server_room()
            await user.removes_the_account()
            await user.adds_it_by_the_wizard()

            letter = next(row for row in user.inbox() if row.sender.address == "ben@sandbox.test")
            await user.reads(letter)
            assert window.reading.plain.toPlainText().strip()
            subject = await user.answers("Gladly.")
            await until(lambda: _is_sent(window, user.account()), 40)
            assert subject.startswith("Re: ")

            other = next(row for row in user.inbox() if row.id != letter.id)
            before = len(user.inbox())
            await user.moves(other, "Archive")
            await user.undoes(other)
            assert len(user.inbox()) == before

            await user.switches_to(Kind.POP3)
            await user.switches_to(Kind.IMAP)
            assert len(user.inbox()) == before

            await user.goes_offline()
            await user.reads(user.inbox()[0])
            gone = user.inbox()[0]
            window.list_pane.list.go_to_message(gone.id)
            QTest.keyClick(window.list_pane.list, Qt.Key.Key_A)
            await until(lambda: len(user.inbox()) == before - 1, 20)
            assert window.reader.operations()
            await user.comes_back()
            assert len(user.inbox()) == before - 1
        finally:
            await window.aclose()
            window.deleteLater()
            await session.aclose()

    run_qt(run, 170)


def _is_sent(window: MainWindow, account: AccountRow) -> bool:
    sendings = [row for row in window.reader.sendings() if row.account_id == account.id]
    return bool(sendings) and all(row.state.value == "done" for row in sendings)
