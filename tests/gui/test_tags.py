"""Tags: by key, by name, by menu; their dots, their dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from desktopmail.door.commands import ForgetTag
from desktopmail.ui.chooser import Chooser
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.models.tags import Tags
from desktopmail.ui.panels.tags import TagsDialog
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
