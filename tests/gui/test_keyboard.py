"""A person without a mouse: the palette, and the window to write in, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktopmail.mime.compose import File
from desktopmail.ui.chooser import Choice, Chooser
from desktopmail.ui.composer.writing import Writing
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore

Key = Qt.Key
CHOICES = [
    Choice("Undo", "Ctrl+Z", enabled=False),
    Choice("Archive", "A"),
    Choice("Reply", "R"),
    Choice("Rename Mailbox", enabled=False),
    Choice("Reply to All"),
]


async def palette(window: MainWindow) -> Chooser:
    window.activateWindow()
    await until(window.isActiveWindow)
    QTest.keyClick(window.focusWidget(), Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: bool(window.findChildren(Chooser)))
    return window.findChildren(Chooser)[-1]


def test_escape_leads_from_the_palette_back_to_where_one_was(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        chooser = await palette(window)
        assert chooser.field.hasFocus()
        QTest.keyClick(chooser.field, Key.Key_Escape)
        assert window.list_pane.list.hasFocus()

    play(theme, scene)


def test_enter_goes_from_a_mailbox_into_its_list_and_folds_an_account(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        tree, messages = window.sidebar, window.list_pane.list
        tree.setFocus()
        tree.choose(("account", 1))
        QTest.keyClick(tree, Qt.Key.Key_Return)
        assert not tree.isExpanded(tree.currentIndex())
        QTest.keyClick(tree, Qt.Key.Key_Return)
        assert tree.isExpanded(tree.currentIndex())
        QTest.keyClick(tree, Qt.Key.Key_Down)
        assert window.list_pane.title == "Inbox"
        QTest.keyClick(tree, Qt.Key.Key_Return)
        assert window.focusWidget() is messages
        assert messages.selected_rows() == [0]

    play(theme, scene)


def test_the_line_that_is_shown_is_marked_again_where_the_cursor_was_left_on_an_account(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        tree = window.sidebar
        window.activateWindow()
        tree.setFocus()
        await until(tree.hasFocus)
        tree.choose(("account", 1))
        window.list_pane.list.setFocus()
        node = tree.current()
        assert node is not None
        assert node.title == window.list_pane.title == "All Inboxes"
        tree.setFocus()
        tree.choose(("mailbox", 1))
        tree.choose(("account", 1))
        tree.setExpanded(tree.currentIndex(), False)
        window.list_pane.list.setFocus()
        assert not tree.isExpanded(tree.currentIndex())  # what was folded stays so

    play(theme, scene)


def test_the_cursor_is_seen_on_the_line_of_an_account(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        tree = window.sidebar
        window.activateWindow()
        tree.setFocus()
        await until(tree.hasFocus)
        line = tree.visualRect(tree.model().find(("account", 1)))
        without = tree.viewport().grab(line).toImage()
        tree.choose(("account", 1))
        assert tree.viewport().grab(line).toImage() != without

    play(theme, scene)


def test_the_palette_asked_for_again_is_one_palette(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 1)
        first = await palette(window)
        QTest.keyClicks(first.field, "reply")
        QTest.keyClick(first.field, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: [it.field.text() for it in window.findChildren(Chooser)] == [""])
        (second,) = window.findChildren(Chooser)
        QTest.keyClick(second.field, Key.Key_Escape)
        assert window.list_pane.list.hasFocus()

    play(theme, scene)


@pytest.fixture
def chosen() -> list[Choice | None]:
    return []


@pytest.fixture
def chooser(qtbot: QtBot, theme: Theme, chosen: list[Choice | None]) -> Iterator[Chooser]:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(700, 500)
    host.show()
    host.activateWindow()
    yield Chooser(host, theme, "What do you want to do?", CHOICES, chosen.append)
    QApplication.sendPostedEvents()


def title(chooser: Chooser) -> str:
    return str(chooser.list.currentIndex().data())


def test_the_arrows_and_tab_go_round_among_what_can_be_done_now(chooser: Chooser) -> None:
    assert title(chooser) == "Archive"
    went = []
    for key in (Key.Key_Down, Key.Key_Tab, Key.Key_Down, Key.Key_Up, Key.Key_Backtab):
        QTest.keyClick(chooser.field, key)
        went.append(title(chooser))
    assert went == ["Reply", "Reply to All", "Archive", "Reply to All", "Reply"]
    QTest.keyClick(chooser.field, Key.Key_PageDown)
    assert title(chooser) == "Reply to All"
    QTest.keyClick(chooser.field, Key.Key_PageUp)
    assert title(chooser) == "Archive"


def test_enter_chooses_nothing_that_cannot_be_done_now(
    chooser: Chooser, chosen: list[Choice | None]
) -> None:
    QTest.keyClicks(chooser.field, "undo")
    QTest.keyClick(chooser.field, Key.Key_Return)
    assert chosen == []
    chooser.field.clear()
    QTest.keyClicks(chooser.field, "re")
    QTest.keyClick(chooser.field, Key.Key_Return)
    assert chosen == [CHOICES[2]]


def test_the_palette_says_that_nothing_fits(chooser: Chooser) -> None:
    QTest.keyClicks(chooser.field, "zzz")
    assert chooser.shown == []
    assert chooser._nothing.isVisible()
    chooser.field.clear()
    assert not chooser._nothing.isVisible()


def test_who_listens_is_told_of_the_line_that_is_chosen(chooser: Chooser) -> None:
    QTest.keyClick(chooser.field, Key.Key_Down)
    lines = QAccessible.queryAccessibleInterface(chooser.list)
    told = [lines.child(at) for at in range(lines.childCount())]
    assert [it.text(QAccessible.Text.Name) for it in told if it.state().focused] == ["Reply, R"]


async def written(window: MainWindow) -> ComposeWindow:
    window.compose(Writing())
    composer = window.composers[-1]
    await until(composer.isVisible)
    composer.activateWindow()
    await until(composer.isActiveWindow)
    return composer


def test_escape_closes_the_people_on_offer_and_not_the_window(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = await written(window)
        to = composer.fields.to
        QTest.keyClicks(to.edit, "bo")
        assert to._is_offering
        QTest.keyClick(to._popup, Key.Key_Down)
        assert to._popup.currentIndex().isValid()  # one line: round to itself
        QTest.keyClick(to._popup, Key.Key_Escape)
        assert not to._is_offering
        assert composer.isVisible()
        assert to.edit.text() == "bo"
        composer.finish()

    play(theme, scene)


def test_files_are_taken_off_by_key_and_the_next_one_has_the_focus(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = await written(window)
        composer.files.add(*(File(f"{name}.txt", "text/plain", b"x") for name in "abc"))
        composer.files.chips[0].setFocus()
        QTest.keyClick(composer.focusWidget(), Key.Key_Right)
        QTest.keyClick(composer.focusWidget(), Key.Key_Delete)
        assert composer.focusWidget() is composer.files.chips[1]
        assert [it.name for it in composer.files.files] == ["a.txt", "c.txt"]
        QTest.keyClick(composer.focusWidget(), Key.Key_Backspace)
        assert composer.focusWidget() is composer.files.chips[0]
        QTest.keyClick(composer.focusWidget(), Key.Key_Delete)
        assert composer.body.hasFocus()
        composer.finish()

    play(theme, scene)


def test_who_listens_is_told_how_the_text_is_left(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = await written(window)
        told = QAccessible.queryAccessibleInterface(composer.body)
        assert told.text(QAccessible.Text.Description) == "Ctrl+Tab leaves the text."
        composer.body.setFocus()
        QTest.keyClick(composer.body, Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
        assert not composer.body.hasFocus()
        composer.finish()

    play(theme, scene)


def test_recipients_and_files_are_buttons_for_who_listens(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = await written(window)
        composer.fields.to.set_text("Bob <bob@example.org>")
        composer.files.add(File("a.txt", "text/plain", b"x"))
        for widget in (composer.fields.to.chips[0], composer.files.chips[0]):
            told = QAccessible.queryAccessibleInterface(widget)
            assert told.role() is QAccessible.Role.Button
            assert told.text(QAccessible.Text.Name)
        composer.fields.to.chips[0].click()
        assert composer.fields.to.edit.text() == "Bob <bob@example.org>"
        composer.finish()

    play(theme, scene)
