"""The address book, the identities, and the room that mail takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget
from shiboken6 import isValid

from desktopmail.door.commands import CompactStore, ImportContacts, RemoveIdentity, SetIdentity
from desktopmail.door.interface import DoorError
from desktopmail.ui.panels.address_book import AddressBookWindow
from desktopmail.ui.panels.disk_use import DiskUseDialog
from desktopmail.ui.panels.identities import IdentitiesDialog
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


async def question(form: QWidget) -> QMessageBox:
    """What is asked before a form is left."""
    await until(lambda: any(it.isVisible() for it in form.findChildren(QMessageBox)))
    return next(it for it in form.findChildren(QMessageBox) if it.isVisible())


async def answer(form: QWidget, words: str) -> None:
    box = await question(form)
    next(it for it in box.buttons() if it.text() == words).click()
    await until(lambda: not isValid(box))


def book(window: MainWindow) -> AddressBookWindow:
    window.show_view("address_book")
    (found,) = [it for it in window.extra_windows if isinstance(it, AddressBookWindow)]
    return found


async def add(panel: AddressBookWindow, name: str, addresses: str) -> None:
    panel.new_button.click()
    QTest.keyClicks(panel.name, name)
    panel.addresses.setPlainText(addresses)
    panel.keep_button.click()
    await until(lambda: name in [row[0] for row in panel.table.texts()])


def test_a_person_is_added_looked_up_and_changed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        panel = book(window)
        assert panel.table.texts() == []
        assert not panel.keep_button.isEnabled()
        await add(panel, "Carla Rossi", "carla@example.it\ncarla@home.example")
        await add(panel, "Dana", "dana@example.org")
        assert panel.table.texts() == [
            ["Carla Rossi", "carla@example.it"],
            ["Dana", "dana@example.org"],
        ]
        QTest.keyClicks(panel.search, "car")
        assert [row[0] for row in panel.table.texts()] == ["Carla Rossi"]
        panel.table.selectRow(0)
        assert panel.addresses.toPlainText() == "carla@example.it\ncarla@home.example"
        assert not panel.keep_button.isEnabled()
        panel.organisation.setText("Rossi e figli")
        panel.keep_button.click()
        await until(lambda: "Rossi e figli" in [row.organisation for row in store.contact_rows])

    play(theme, scene)


def test_what_is_no_address_is_named_and_not_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        panel = book(window)
        QTest.keyClicks(panel.name, "Carla")
        panel.addresses.setPlainText("carla at example")
        assert panel.problem.text() == "“carla at example” is no mail address."
        assert not panel.keep_button.isEnabled()

    play(theme, scene)


def test_a_person_is_removed_after_a_question(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        panel = book(window)
        await add(panel, "Dana", "dana@example.org")
        panel.table.selectRow(0)
        panel.remove_button.click()
        await until(lambda: panel.findChild(QMessageBox) is not None)
        box = panel.findChild(QMessageBox)
        next(it for it in box.buttons() if it.text() == "Remove").click()
        await until(lambda: panel.table.texts() == [])

    play(theme, scene)


def test_a_message_is_written_to_a_person_of_the_book(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        panel = book(window)
        await add(panel, "Dana", "dana@example.org")
        panel.table.selectRow(0)
        panel.write_button.click()
        await until(lambda: bool(window.composers))
        window.composers[-1].discard()
        await until(lambda: not window.composers)

    play(theme, scene)


def test_vcards_go_to_the_engine_as_a_path(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        panel = book(window)
        panel._do(ImportContacts(path="/tmp/people.vcf"))
        await until(lambda: ImportContacts(path="/tmp/people.vcf") in store.commands)

    play(theme, scene)


def test_an_identity_is_added_made_the_default_and_removed(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.show_view("identities")
        dialog = window.findChild(IdentitiesDialog)
        assert dialog.address.text() == "alice@example.org"
        assert not dialog.remove_button.isEnabled()
        dialog.new_button.click()
        QTest.keyClicks(dialog.name, "Alice of the garden club")
        QTest.keyClicks(dialog.address, "alice@garden.example")
        dialog.signature.setPlainText("Alice\nGarden club")
        dialog.default.setChecked(True)
        dialog.keep_button.click()
        await until(lambda: any(isinstance(it, SetIdentity) for it in store.commands))
        command = next(it for it in store.commands if isinstance(it, SetIdentity))
        assert (command.address, command.default) == ("alice@garden.example", True)
        assert command.signature_text == "Alice\nGarden club"
        dialog._do(RemoveIdentity(identity_id=1))  # type: ignore[arg-type] # an IdentityId
        await until(lambda: any(isinstance(it, RemoveIdentity) for it in store.commands))
        dialog.accept()

    play(theme, scene)


def test_what_was_typed_of_an_identity_is_kept_or_discarded_and_never_just_gone(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.show_view("identities")
        dialog = window.findChild(IdentitiesDialog)
        dialog.signature.setPlainText("Alice, in the garden")
        dialog.done_button.click()
        await answer(dialog, "Cancel")
        assert dialog.isVisible()
        assert dialog.signature.toPlainText() == "Alice, in the garden"
        dialog.accounts.setCurrentIndex(1)
        await answer(dialog, "Cancel")
        assert dialog.accounts.currentIndex() == 0
        assert dialog.signature.toPlainText() == "Alice, in the garden"
        store.refuse = DoorError("The disk is full.")
        dialog.reject()
        await answer(dialog, "Keep")
        await until(lambda: dialog.problem.text() == "The disk is full.")
        assert dialog.isVisible()
        dialog.accounts.setCurrentIndex(1)
        await answer(dialog, "Keep")
        await until(lambda: dialog.address.text() == "bob@example.org")
        (command,) = [it for it in store.commands if isinstance(it, SetIdentity)][1:]
        assert (command.account_id, command.signature_text) == (1, "Alice, in the garden")
        dialog.new_button.click()
        QTest.keyClicks(dialog.address, "bob at")
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        box = await question(dialog)
        assert box.text() == "Discard what you have typed?"
        assert box.informativeText() == "As it is, it cannot be kept."
        await answer(dialog, "Discard")
        await until(lambda: not window.findChildren(IdentitiesDialog))

    play(theme, scene)


def test_another_identity_is_shown_once_it_is_said_what_becomes_of_the_first(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        (first,) = store.identities(window.accounts()[0].id)
        other = msgspec.structs.replace(first, id=7, address="alice@garden.example", default=False)
        store.identity_rows = [first, other]
        window.show_view("identities")
        dialog = window.findChild(IdentitiesDialog)
        dialog.name.setText("Alice in Wonderland")
        dialog.table.selectRow(1)
        await answer(dialog, "Cancel")
        assert dialog.table.key() == first.id
        assert dialog.name.text() == "Alice in Wonderland"
        dialog.table.selectRow(1)
        await answer(dialog, "Discard")
        assert dialog.address.text() == "alice@garden.example"
        dialog.done_button.click()
        assert not dialog.isVisible()

    play(theme, scene)


def test_what_was_typed_of_a_person_is_kept_or_discarded_and_never_just_gone(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        panel = book(window)
        await add(panel, "Carla", "carla@example.it")
        await add(panel, "Dana", "dana@example.org")
        panel.table.selectRow(0)
        panel.note.setPlainText("likes quinces")
        panel.table.selectRow(1)
        await answer(panel, "Cancel")
        assert panel.note.toPlainText() == "likes quinces"
        assert panel.table.texts()[0][0] == "Carla"
        panel.table.selectRow(1)
        await answer(panel, "Keep")
        await until(lambda: panel.name.text() == "Dana")
        assert "likes quinces" in [row.note for row in store.contact_rows]
        assert not panel.keep_button.isEnabled()
        panel.note.setPlainText("plays the flute")
        panel.close()
        await answer(panel, "Cancel")
        assert panel.isVisible()
        panel.new_button.click()
        await answer(panel, "Discard")
        QTest.keyClicks(panel.name, "Erik")
        panel.close()
        await answer(panel, "Discard")
        await until(lambda: not window.extra_windows)
        assert {row.name for row in store.contact_rows} == {"Carla", "Dana"}

    play(theme, scene)


def test_what_was_typed_of_a_person_is_kept_when_the_program_ends(theme: Theme) -> None:
    engines: list[FakeStore] = []

    async def scene(window: MainWindow, store: FakeStore) -> None:
        engines.append(store)
        QTest.keyClicks(book(window).name, "Erik")

    play(theme, scene)
    assert [row.name for row in engines[0].contact_rows] == ["Erik"]


def test_the_room_that_mail_takes_is_shown_and_given_back(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.show_view("disk_use")
        dialog = window.findChild(DiskUseDialog)
        await until(lambda: len(dialog.table.texts()) == 2)
        assert dialog.table.texts()[0][0] == "Alice"
        assert "Compacting gives" in dialog.words.text()
        dialog.compact_button.click()
        await until(lambda: CompactStore() in store.commands)
        await until(dialog.compact_button.isEnabled)
        dialog.accept()

    play(theme, scene)
