"""Mailboxes made, renamed, emptied, deleted and subscribed to from the window."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QMessageBox

from desktopmail.door.commands import DeleteMailbox, EmptyMailbox, LeaveOnServer
from desktopmail.door.rows import Kind, Role
from desktopmail.ui.asking import TextDialog
from desktopmail.ui.commands.create_mailbox import create
from desktopmail.ui.commands.delete_mailbox import delete
from desktopmail.ui.commands.registry import find_verb
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


async def answer(window: MainWindow, text: str) -> None:
    await until(lambda: window.findChild(TextDialog) is not None)
    dialog = window.findChild(TextDialog)
    dialog.field.clear()
    assert not dialog.do_button.isEnabled()
    QTest.keyClicks(dialog.field, text)
    dialog.do_button.click()


async def press(window: MainWindow, word: str) -> None:
    await until(lambda: window.findChild(QMessageBox) is not None)
    box = window.findChild(QMessageBox)
    next(button for button in box.buttons() if button.text() == word).click()


def paths(store: FakeStore) -> list[str]:
    return [box.path for box in store.mailbox_rows]


def open_box(window: MainWindow, store: FakeStore, path: str) -> int:
    box = next(box for box in store.mailboxes() if box.path == path)
    assert window.sidebar.choose(("mailbox", box.id))
    return box.id


def test_a_mailbox_is_made_in_another_one(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        parent = next(box for box in store.mailboxes() if box.path == "Invoices")
        window.scope.spawn(create(window, parent.account_id, parent), name="New Mailbox")
        await answer(window, "2026")
        await until(lambda: "2026" in paths(store))
        made = next(box for box in store.mailbox_rows if box.path == "2026")
        assert made.parent_id == parent.id
        assert window.snack.text == "Mailbox 2026 created"
        await until(lambda: window.sidebar.choose(("mailbox", made.id)))

    play(theme, scene)


def test_a_mailbox_is_renamed_and_subscribed_to_no_longer(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        number = open_box(window, store, "Invoices")
        window.run(find_verb("rename_mailbox"))
        await answer(window, "Bills")
        await until(lambda: "Bills" in paths(store))
        await until(lambda: window.mailbox_name(number) == "Bills")
        assert window.actions_by_name["subscribe_mailbox"].isChecked()
        window.run(find_verb("subscribe_mailbox"))
        await until(lambda: not window.actions_by_name["subscribe_mailbox"].isChecked())

    play(theme, scene)


def test_emptying_asks_first_and_says_what_happens(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        open_box(window, store, "INBOX")
        window.run(find_verb("empty_mailbox"))
        await press(window, "Cancel")
        await window.scope.settled()
        assert not any(isinstance(it, EmptyMailbox) for it in store.commands)
        window.run(find_verb("empty_mailbox"))
        await press(window, "Empty")
        await until(lambda: window.list_pane.list.model().rowCount() == 0)
        assert store.box(Role.TRASH).total == 40

    play(theme, scene)


def test_a_mailbox_that_is_deleted_leaves_the_tree(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        number = open_box(window, store, "Garden club")
        window.run(find_verb("delete_mailbox"))
        await press(window, "Delete")
        await until(lambda: DeleteMailbox(mailbox_id=number) in store.commands)
        await until(lambda: not window.sidebar.choose(("mailbox", number)))

    play(theme, scene)


@pytest.mark.parametrize(("total", "said"), [(0, "It is empty"), (1, "Its message"), (7, "Its 7")])
async def test_who_deletes_a_mailbox_is_told_what_goes_to_the_trash(total: int, said: str) -> None:
    texts = []

    async def confirm(_question: str, text: str, _yes: str) -> bool:
        texts.append(text)
        return False

    desk = SimpleNamespace(confirm=confirm)
    box = SimpleNamespace(total=total, role=Role.NONE, name="Old")
    await delete(desk, box)  # type: ignore[arg-type]  # all of both that it looks at
    assert texts[0].startswith(said)


def test_mailbox_verbs_need_one_mailbox(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        assert window.list_pane.title == "All Inboxes"
        assert not window.actions_by_name["rename_mailbox"].isEnabled()
        open_box(window, store, "Invoices")
        assert window.actions_by_name["rename_mailbox"].isEnabled()

    play(theme, scene)


def test_how_long_messages_stay_at_a_pop3_server_is_chosen_in_its_menu(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        account = next(row for row in store.account_rows if row.kind is Kind.POP3)
        row = msgspec.structs.replace(account, leave="days:30")
        parent = QMenu()
        menu = window.menus._leave_menu(parent, row)
        lines = {line.text(): line for line in menu.actions()}
        assert [text for text, line in lines.items() if line.isChecked()] == [
            "Stay there for 30 days"
        ]
        lines["Stay there for 14 days"].trigger()
        wanted = LeaveOnServer(account_id=account.id, policy="days:14")
        await until(lambda: wanted in store.commands)
        parent.deleteLater()

    play(theme, scene)
