"""The settings of an account: what is changed is asked of the engine, and only that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import EditAccount, Password, ServerChange
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Security
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.panels.account_edit import AccountEditDialog
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
        assert dialog.incoming.host.text() == account.incoming.host
        assert dialog.incoming.port.value() == account.incoming.port
        assert dialog.user.text() == account.incoming.user
        assert dialog.password.text() == ""
        dialog.incoming.security.setCurrentIndex(
            dialog.incoming.security.findData(Security.STARTTLS)
        )
        dialog.incoming.host.setText("mail.example.org")
        dialog.password.setText("another")
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


def test_what_a_server_refuses_is_said_and_nothing_is_lost(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.save_button.click()  # nothing was changed
        assert not dialog.isVisible()
        assert store.commands == []
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        dialog.incoming.host.setText("mail.example.org")
        store.refuse = DoorError("mail.example.org cannot be reached.", code="unreachable")
        dialog.save_button.click()
        await until(dialog.problem.isVisible)
        assert dialog.problem.text() == "mail.example.org cannot be reached."
        assert dialog.save_button.isEnabled()
        assert dialog.incoming.host.text() == "mail.example.org"
        dialog.incoming.host.clear()
        dialog.save_button.click()
        assert "server" in dialog.problem.text()
        dialog.close()

    play(theme, scene)


def test_sending_a_password_in_the_clear_needs_consent(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        del store
        dialog = AccountEditDialog(window, window.accounts()[0])
        dialog.open()
        assert not dialog.consent.isVisible()
        dialog.incoming.host.setText("mail.example.org")
        dialog.incoming.security.setCurrentIndex(dialog.incoming.security.findData(Security.NONE))
        assert dialog.consent.isVisible()
        assert dialog.command().allow_cleartext is None
        dialog.consent.setChecked(True)
        assert dialog.command().allow_cleartext is True
        dialog.close()

    play(theme, scene)
