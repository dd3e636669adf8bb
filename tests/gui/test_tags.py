"""Tags: by key, by name, by menu; their dots, their dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from desktopmail.door.changes import TagsChanged
from desktopmail.door.commands import ChangeTag, ForgetTag
from desktopmail.door.rows import TagRow
from desktopmail.ui.chooser import Chooser
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.models.tags import Tags
from desktopmail.ui.panels.tags import TagsDialog
from tests.gui.test_books import answer
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def tags_of(window: MainWindow) -> tuple[str, ...]:
    message = window.list_pane.list.current_message()
    assert message is not None
    return message.tags


def test_five_tags_are_there_before_anything_is_tagged() -> None:
    assert [tag.label for tag in Tags().numbered()] == [
        "Important", "Work", "Personal", "To Do", "Later",
    ]  # fmt: skip


def test_a_number_sets_its_tag_and_takes_it_away_again(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_2)
        await until(lambda: tags_of(window) == ("$label2",))
        assert window.snack.text == "1 message tagged “Work”"
        sentence = window.list_pane.list.model().sentence(window.list_pane.list.current_message())
        assert sentence.endswith("tags: Work")
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_2)
        await until(lambda: tags_of(window) == ())

    play(theme, scene)


def test_zero_takes_every_tag_away(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        for key in (Qt.Key.Key_1, Qt.Key.Key_3):
            QTest.keyClick(window.list_pane.list, key)
        await until(lambda: tags_of(window) == ("$label1", "$label3"))
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_0)
        await until(lambda: tags_of(window) == ())

    play(theme, scene)


def test_a_tag_is_made_by_typing_its_name(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_T)
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        QTest.keyClicks(chooser.field, "Tulips 2026")
        assert [choice.title for choice in chooser.shown] == ["New tag “Tulips 2026”"]
        QTest.keyClick(chooser.field, Qt.Key.Key_Return)
        await until(lambda: tags_of(window) == ("Tulips_2026",))

    play(theme, scene)


def test_an_existing_tag_is_not_offered_as_new(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        window.run(find_verb("tag"))
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        QTest.keyClicks(chooser.field, "work")
        assert [choice.title for choice in chooser.shown] == ["Work"]
        QTest.keyClick(chooser.field, Qt.Key.Key_Escape)

    play(theme, scene)


def test_the_menu_of_a_message_shows_which_tags_it_has(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_1)
        await until(lambda: tags_of(window) == ("$label1",))
        menu = QMenu()
        tags = window.menus._tag_menu(menu)
        checked = {line.text() for line in tags.actions() if line.isChecked()}
        assert checked == {"Important"}
        tags.actions()[1].trigger()
        await until(lambda: tags_of(window) == ("$label1", "$label2"))
        menu.deleteLater()

    play(theme, scene)


def test_the_verbs_of_the_numbers_say_which_tag_they_set(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        assert window.actions_by_name["tag_2"].text() == "Tag 2: Work"
        assert not window.actions_by_name["tag_9"].isVisible()

    play(theme, scene)


def test_the_list_shows_one_tag_alone(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        menu = window.list_pane.tag_button.menu()
        menu.aboutToShow.emit()
        next(line for line in menu.actions() if line.text() == "To Do").trigger()
        await until(lambda: window.list_pane.view.query == 'tag:"To Do"')

    play(theme, scene)


def test_labels_are_changed_and_tags_made_in_the_dialogue(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 1)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_1)
        await until(lambda: tags_of(window) == ("$label1",))
        window.show_view("tags")
        dialog = window.findChild(TagsDialog)
        assert dialog.fields["$label1"].text() == "Important"
        dialog.fields["$label1"].setText("Urgent")
        dialog.fields["$label1"].editingFinished.emit()
        await until(lambda: window.tags.numbered()[0].label == "Urgent")
        QTest.keyClicks(dialog.new_field, "Garden")
        dialog.new_button.click()
        await until(lambda: "Garden" in dialog.fields)
        dialog._do(ForgetTag(tag="Garden"))
        await until(lambda: ForgetTag(tag="Garden") in store.commands)
        dialog.accept()

    play(theme, scene)


def keep_only(store: FakeStore, *kept: str) -> None:
    """Have the servers of all mailboxes keep these tags alone."""
    store.mailbox_rows = [
        msgspec.structs.replace(box, kept_tags=kept) for box in store.mailbox_rows
    ]


def test_a_name_that_was_typed_is_kept_or_discarded_and_never_just_gone(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        window.show_view("tags")
        dialog = window.findChild(TagsDialog)
        dialog.activateWindow()
        field = dialog.fields["$label2"]
        field.setFocus()
        field.setText("Off")
        dialog.new_field.setText("garden")
        store.tag_rows["quince"] = TagRow(name="quince", label="Quince", colour="#aa0", total=1)
        store.tell(TagsChanged())
        window.bridge.flush()
        assert "quince" in dialog.fields
        field = dialog.fields["$label2"]
        assert field.text() == "Off"  # a change came meanwhile
        assert dialog.focusWidget() is field
        assert ChangeTag(tag="$label2", label="Off") not in store.commands
        QTest.keyClick(field, Qt.Key.Key_Escape)
        await answer(dialog, "Keep")
        await until(lambda: not window.findChildren(TagsDialog))
        assert ChangeTag(tag="garden") in store.commands
        await until(lambda: ChangeTag(tag="$label2", label="Off") in store.commands)

    play(theme, scene)


def test_who_gives_a_tag_that_the_server_does_not_keep_is_told(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        keep_only(store, "$label1")
        await select(window, 1)
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_2)
        await until(lambda: tags_of(window) == ("$label2",))
        assert window.snack.text == (
            "1 message tagged “Work”."
            " It stays on this computer: the mailbox's server does not keep this tag."
        )
        assert window.history.what == "1 message tagged “Work”"
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_1)
        await until(lambda: len(tags_of(window)) == 2)
        assert window.snack.text == "1 message tagged “Important”"
        QTest.keyClick(window.list_pane.list, Qt.Key.Key_2)  # nothing stays of what is taken away
        await until(lambda: tags_of(window) == ("$label1",))
        assert window.snack.text == "Tag “Work” taken from 1 message"

    play(theme, scene)


def test_tags_that_stay_here_are_known_where_they_are_chosen(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        keep_only(store, "$label1")
        await select(window, 1)
        window.run(find_verb("tag"))
        await until(lambda: window.findChild(Chooser) is not None)
        chooser = window.findChild(Chooser)
        hints = {choice.title: choice.hint for choice in chooser.shown}
        assert hints["Important"] == "1"
        assert hints["Work"] == "only here · 2"
        QTest.keyClicks(chooser.field, "Tulips")
        assert [choice.hint for choice in chooser.shown] == ["only here"]
        QTest.keyClick(chooser.field, Qt.Key.Key_Escape)
        menu = window.menus._tag_menu(QMenu(window))
        texts = [action.text() for action in menu.actions()]
        assert texts[:2] == ["Important", "Work\tonly here"]

    play(theme, scene)


def test_a_tag_that_stays_here_says_so_at_the_message(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        keep_only(store, "$label1")
        await select(window, 1)
        for key in (Qt.Key.Key_1, Qt.Key.Key_2):
            QTest.keyClick(window.list_pane.list, key)
        chips = {}
        await until(lambda: len(tags_of(window)) == 2)

        def shown() -> bool:
            found = window.reading.header.marks.findChildren(QWidget, "markChip")
            chips.update({it.accessibleName(): it for it in found if it.isVisible()})
            return len(chips) == 2

        await until(shown)
        top = window.reading._top
        await until(lambda: top.widget().height() == top.viewport().height())  # seen as a whole
        assert chips["Tag Important"].toolTip() == ""
        assert chips["Tag Work"].toolTip().startswith("It stays on this computer")
        assert chips["Tag Work"].accessibleDescription() == chips["Tag Work"].toolTip()

    play(theme, scene)
