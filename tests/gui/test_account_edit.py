"""The settings of an account: what is changed is asked of the engine, and only that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.commands import EditAccount, Password, ServerChange
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import PasswordPlace
from desktopmail.door.rows import Auth, Kind, Security
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.panels.account import AccountDialog
from desktopmail.ui.panels.account_edit import AccountEditDialog
from desktopmail.ui.panels.password_fields import KeptIn
from tests.gui.test_books import answer
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def test_what_is_changed_is_checked_and_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.run(find_verb("edit_account"))
        await until(lambda: window.findChildren(AccountEditDialog))
        dialog = window.findChildren(AccountEditDialog)[0]
        account = dialog._account
        assert dialog.incoming.fields.host.text() == account.incoming.host
        assert dialog.incoming.fields.port.value() == account.incoming.port
        assert dialog.incoming.user.text() == account.incoming.user
        assert dialog.passwords.password.text() == ""
        dialog.incoming.fields.security.setCurrentIndex(
            dialog.incoming.fields.security.findData(Security.STARTTLS)
        )
        dialog.incoming.fields.host.setText("mail.example.org")
        dialog.passwords.password.setText("another")
        dialog.save_button.click()
        await until(lambda: bool(store.commands))
        assert store.commands == [
            EditAccount(
                account_id=account.id,
                incoming=ServerChange(
                    host="mail.example.org", port=143, security=Security.STARTTLS
                ),
                password=Password("another"),
            )
        ]
        await until(lambda: not window.findChildren(AccountEditDialog))

    play(theme, scene)


def test_a_certificate_is_accepted_besides_those_of_before(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        account = window.accounts()[0]
        dialog = AccountEditDialog(window, account)
        dialog.open()
        dialog.passwords.password.setText("another")
        store.refuse = DoorError(
            "The certificate is not to be trusted.",
            certificate=ShownCertificate(
                side="outgoing",
                host=account.outgoing.host,
                port=account.outgoing.port,
                text="subject: CN=mail",
                fingerprint="a" * 64,
            ),
        )
        dialog.save_button.click()
        await until(dialog.problem.accept_button.isVisible)
        dialog.problem.accept_button.click()
        await until(lambda: len(store.commands) == 2)
        assert store.commands[-1] == EditAccount(
            account_id=account.id,
            outgoing=ServerChange(pins=("a" * 64,)),
            password=Password("another"),
        )
        await until(lambda: not dialog.isVisible())

    play(theme, scene)


def test_what_a_server_refuses_is_said_and_nothing_is_lost(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.save_button.click()  # nothing was changed
        assert not dialog.isVisible()
        assert store.commands == []
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.incoming.fields.host.setText("mail.example.org")
        store.refuse = DoorError("mail.example.org cannot be reached.", code="unreachable")
        dialog.save_button.click()
        await until(dialog.problem.text)
        assert dialog.problem.text() == "mail.example.org cannot be reached."
        assert dialog.save_button.isEnabled()
        assert dialog.incoming.fields.host.text() == "mail.example.org"
        dialog.incoming.fields.host.clear()
        dialog.save_button.click()
        assert "server" in dialog.problem.text()
        dialog.close()

    play(theme, scene)


def test_escape_asks_before_it_drops_what_was_typed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)  # nothing was typed
        assert not dialog.isVisible()
        edit, wizard = AccountEditDialog(window, window.accounts()[0]), AccountDialog(window)
        for dialog, password in ((edit, edit.passwords.password), (wizard, wizard.password)):
            dialog.open()
            password.setText("another")
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            await answer(dialog, "Cancel")
            assert dialog.isVisible()
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            await answer(dialog, "Discard")
            await until(lambda it=dialog: not it.isVisible())
        assert store.commands == []

    play(theme, scene)


def test_sending_a_password_in_the_clear_needs_consent(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        del store
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        assert not dialog.consent.isVisible()
        dialog.incoming.fields.host.setText("mail.example.org")
        dialog.incoming.fields.security.setCurrentIndex(
            dialog.incoming.fields.security.findData(Security.NONE)
        )
        assert dialog.consent.isVisible()
        assert dialog.command().allow_cleartext is None
        dialog.consent.give()
        assert dialog.command().allow_cleartext is True
        dialog.incoming.auth.choose(Auth.SCRAM)  # a proof needs no consent
        assert not dialog.consent.isVisible()
        assert dialog.command().allow_cleartext is None
        dialog.close()

    play(theme, scene)


def test_another_way_to_log_in_says_what_it_gives_away(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        del store
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.incoming.fields.host.setText("mail.example.org")
        dialog.outgoing.fields.host.setText("mail.example.org")
        assert dialog.exposure.said == [
            ("The password travels encrypted; nobody on the way can read it.", False)
        ]
        dialog.incoming.auth.choose(Auth.CRAM_MD5)
        assert [text for text, _ in dialog.exposure.said] == [
            "Incoming server: The password is not sent, but a digest of it is, from which a weak"
            " password can be guessed.",
            "Outgoing server: The password travels encrypted; nobody on the way can read it.",
        ]
        dialog.outgoing.auth.choose(Auth.SCRAM)
        command = dialog.command()
        assert (command.incoming.auth, command.outgoing.auth) == (Auth.CRAM_MD5, Auth.SCRAM)
        dialog.incoming.auth.choose(Auth.AUTO)
        assert dialog.command().incoming.auth is None  # as it was
        dialog.close()

    play(theme, scene)


def test_apop_is_offered_for_pop3_alone(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        del store
        for account in window.accounts():
            dialog = AccountEditDialog(window, account)
            assert (dialog.incoming.auth.findData(Auth.APOP) >= 0) is (account.kind is Kind.POP3)
            assert dialog.outgoing.auth.findData(Auth.APOP) < 0
            dialog.reject()

    play(theme, scene)


def test_the_password_is_read_from_a_file_or_kept_again(theme: Theme, tmp_path: Path) -> None:
    file = tmp_path / "password"

    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.passwords.kept_in.setCurrentIndex(dialog.passwords.kept_in.findData(KeptIn.FILE))
        dialog.save_button.click()
        assert dialog.problem.text() == "Name the file that holds the password."
        dialog.passwords.file.line.setText(str(file))
        dialog.save_button.click()
        assert dialog.problem.text() == f"The password file {file} is not there."
        file.write_text("wonderland\n")
        dialog.save_button.click()
        await until(lambda: bool(store.commands))
        change = ServerChange(password_file=str(file))
        assert store.commands == [
            EditAccount(account_id=dialog._account.id, incoming=change, outgoing=change)
        ]
        account = store.account_rows[0]
        server = msgspec.structs.replace(account.incoming, password_file=str(file))
        account = msgspec.structs.replace(account, incoming=server, outgoing=server)
        dialog = AccountEditDialog(window, account)
        dialog.open()
        assert dialog.passwords.kept_in.currentData() == KeptIn.FILE
        assert dialog.passwords.file.line.text() == str(file)
        dialog.passwords.kept_in.setCurrentIndex(dialog.passwords.kept_in.findData(KeptIn.HERE))
        dialog.save_button.click()
        assert dialog.problem.text() == "Type the password: it was read from a file until now."
        dialog.passwords.password.setText("wonderland")
        none = ServerChange(password_file="")
        assert dialog.command() == EditAccount(
            account_id=account.id, incoming=none, outgoing=none, password=Password("wonderland")
        )
        dialog.close()

    play(theme, scene)


def test_where_the_password_is_kept_is_said(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        for in_vault, said in ((False, "Kept in the keyring"), (True, "Kept in an encrypted file")):
            store.password_place = PasswordPlace(in_vault=in_vault, has_vault=in_vault)
            dialog = AccountEditDialog(window, window.accounts()[0])
            dialog.open()
            await dialog.scope.settled()
            assert dialog.passwords.kept_in.currentText() == said
            dialog.close()

    play(theme, scene)


def test_another_password_for_sending_is_given_changed_and_taken_away(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        account = window.accounts()[0]
        dialog = AccountEditDialog(window, account)
        dialog.open()
        await dialog.scope.settled()
        passwords = dialog.passwords
        assert not passwords.another.isChecked()
        assert not passwords.outgoing.isVisible()
        passwords.another.setChecked(True)
        assert passwords.outgoing.isVisible()
        dialog.save_button.click()
        assert dialog.problem.text() == "Type the password for sending."
        passwords.outgoing.setText("for submission")
        dialog.save_button.click()
        await until(lambda: bool(store.commands))
        given = Password("for submission")
        assert store.commands == [EditAccount(account_id=account.id, outgoing_password=given)]
        store.password_place = PasswordPlace(in_vault=False, has_vault=False, has_own_outgoing=True)
        dialog = AccountEditDialog(window, account)
        dialog.open()
        await dialog.scope.settled()
        assert dialog.passwords.another.isChecked()
        assert dialog.passwords.outgoing.placeholderText() == "Leave empty to keep it"
        assert dialog.command() == EditAccount(account_id=account.id)
        dialog.passwords.another.setChecked(False)
        assert dialog.command() == EditAccount(
            account_id=account.id, outgoing_password=Password("")
        )
        dialog.close()

    play(theme, scene)


def test_a_file_serves_receiving_alone_where_sending_has_another_password(
    theme: Theme, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("wonderland\n")

    async def scene(window: MainWindow, store: FakeStore) -> None:
        account = store.account_rows[0]
        server = msgspec.structs.replace(account.incoming, password_file=str(file))
        account = msgspec.structs.replace(account, incoming=server)
        dialog = AccountEditDialog(window, account)
        dialog.open()
        await dialog.scope.settled()
        assert dialog.passwords.another.isChecked()
        assert dialog.command() == EditAccount(account_id=account.id)
        dialog.passwords.another.setChecked(False)
        assert dialog.command().outgoing == ServerChange(password_file=str(file))
        account = msgspec.structs.replace(account, outgoing=server)
        dialog.done(0)
        dialog = AccountEditDialog(window, account)
        dialog.open()
        dialog.passwords.another.setChecked(True)
        dialog.passwords.outgoing.setText("for submission")
        assert dialog.command() == EditAccount(
            account_id=account.id,
            outgoing=ServerChange(password_file=""),
            outgoing_password=Password("for submission"),
        )
        dialog.close()

    play(theme, scene)


def test_a_private_authority_is_named_shown_and_taken_away(theme: Theme, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"

    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        assert not dialog.incoming.ca_file.isVisible()
        dialog.advanced.setChecked(True)
        assert dialog.incoming.ca_file.isVisible()
        dialog.incoming.ca_file.line.setText(str(file))
        dialog.save_button.click()
        assert dialog.problem.text() == f"The CA file {file} is not there."
        file.write_text("-----BEGIN CERTIFICATE-----\n")
        dialog.save_button.click()
        await until(lambda: bool(store.commands))
        change = ServerChange(ca_file=str(file))
        assert store.commands == [EditAccount(account_id=dialog._account.id, incoming=change)]
        account = store.account_rows[0]
        server = msgspec.structs.replace(account.incoming, ca_file=str(file))
        dialog = AccountEditDialog(window, msgspec.structs.replace(account, incoming=server))
        dialog.open()
        assert dialog.incoming.ca_file.isVisible()
        assert dialog.incoming.ca_file.line.text() == str(file)
        dialog.advanced.setChecked(False)
        assert dialog.command().incoming == ServerChange(ca_file="")
        dialog.advanced.setChecked(True)
        assert dialog.command().incoming == ServerChange()
        dialog.incoming.ca_file.line.clear()
        assert dialog.command().incoming == ServerChange(ca_file="")
        dialog.close()

    play(theme, scene)


def test_a_file_is_chosen_where_the_last_one_was(theme: Theme, tmp_path: Path) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        del store
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.advanced.setChecked(True)
        field = dialog.outgoing.ca_file
        field.line.setText(str(tmp_path / "old.pem"))
        field.choose_button.click()
        await until(lambda: field.findChildren(QFileDialog))
        (chooser,) = field.findChildren(QFileDialog)
        assert Path(chooser.directory().absolutePath()) == tmp_path
        chooser.fileSelected.emit(str(tmp_path / "new.pem"))
        assert field.path() == str(tmp_path / "new.pem")
        chooser.close()
        dialog.close()

    play(theme, scene)
