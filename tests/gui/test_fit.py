"""Fit and finish: every panel by keyboard and screen reader, mirrored, and with large letters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QFontMetrics, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from desktopmail.ui import language
from desktopmail.ui.dates import widest_dates
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.isolates import joined
from desktopmail.ui.models.messages import ListColumn
from desktopmail.ui.panels.shortcuts import ShortcutsDialog
from desktopmail.ui.panes.reading_order import draw_text, end_box, place, trim
from desktopmail.ui.panes.scope_bar import Scope
from desktopmail.ui.wrapped import WrappedLabel
from tests.gui.test_window import play, select
from tests.helpers.fake_door import FakeStore
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow

_MAX_LINKS = 3
PANELS = (
    "account", "switch", "settings", "activity", "transcript", "server_room", "tags",
    "address_book", "identities", "disk_use", "message", "source", "shortcuts", "proxy",
)  # fmt: skip


def opened(window: MainWindow) -> QWidget:
    """The dialogue or window that was opened last."""
    dialogs = [it for it in window.findChildren(QDialog) if it.isVisible()]
    extras = [it for it in window.extra_windows if it.isVisible()]
    return (dialogs or extras)[-1]


def focusable(panel: QWidget) -> list[QWidget]:
    """What the Tab key should reach."""
    return [
        widget
        for widget in panel.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisibleTo(panel)
        and widget.isEnabled()
        and not isinstance(widget, QScrollArea)
        and not isinstance(widget.parent(), (QAbstractSpinBox, QComboBox))
    ]


@pytest.mark.parametrize("name", PANELS)
def test_everything_in_a_panel_has_a_name_for_screen_readers(theme: Theme, name: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        window.show_view(name)
        await window.scope.settled()
        nameless = []
        for widget in focusable(opened(window)):
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface is not None
            said = interface.text(QAccessible.Text.Name)
            is_inner = widget.objectName().startswith("qt_")
            if not said.strip() and not is_inner:
                nameless.append(f"{type(widget).__name__} {widget.objectName()}")
        assert nameless == []
        opened(window).close()

    play(theme, scene)


@pytest.mark.parametrize("name", PANELS)
def test_the_tab_key_leaves_every_field_of_a_panel(theme: Theme, name: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        window.show_view(name)
        await window.scope.settled()
        panel = opened(window)
        panel.activateWindow()
        await until(panel.isActiveWindow)
        wanted = focusable(panel)
        if len(wanted) < 2:
            return
        wanted[0].setFocus(Qt.FocusReason.TabFocusReason)
        before = QApplication.focusWidget()
        stays = 0  # a text goes through its links first
        for _ in range(2 * len(wanted) + _MAX_LINKS):
            focus = QApplication.focusWidget()
            assert focus is not None
            QTest.keyClick(focus, Qt.Key.Key_Tab)
            after = QApplication.focusWidget()
            stays = stays + 1 if after is focus else 0
            assert stays <= _MAX_LINKS, f"{type(focus).__name__} {focus.accessibleName()}"
            if after is before:
                break
        panel.close()

    play(theme, scene)


def test_the_tab_key_reaches_everything_in_the_window_in_the_order_of_reading(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 2)  # with remote images, and a list
        window.activateWindow()
        await until(window.isActiveWindow)
        buttons = window.tool_bar.findChildren(QAbstractButton)
        first = next(it for it in buttons if it.accessibleName() == "Write a Message")
        first.setFocus(Qt.FocusReason.TabFocusReason)
        reached: list[QWidget] = []
        for _ in range(60):
            focus = QApplication.focusWidget()
            assert focus is not None
            if reached and focus is reached[0]:
                break
            if focus not in reached:  # a text goes through its links first
                reached.append(focus)
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        missed = [it.accessibleName() for it in focusable(window) if it not in reached]
        assert missed == []
        names = [it.accessibleName() or getattr(it, "text", str)() for it in reached]
        assert "" not in names
        order = ["Search messages", "Menu", "Mailboxes", "Show only unread", "Messages"]
        assert [name for name in names if name in order] == order
        assert names.index("Messages") < names.index("Show details") < names.index("Message text")

    play(theme, scene)


@pytest.fixture
def large_letters(qapp: QApplication, theme: Theme) -> Iterator[None]:
    """The desktop's letters at twice their size."""
    usual = qapp.font()
    large = qapp.font()
    large.setPointSizeF(usual.pointSizeF() * 2)
    qapp.setFont(large)
    theme.choose(theme.scheme)
    yield
    qapp.setFont(usual)
    theme.choose(theme.scheme)


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
@pytest.mark.parametrize("name", ["settings", "tags", "identities", "disk_use", "account"])
@pytest.mark.usefixtures("large_letters")
def test_no_word_is_cut_with_letters_of_twice_the_size(
    theme: Theme, name: str, tongue: str
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        language.choose_language(tongue)
        window.show_view(name)
        await window.scope.settled()
        panel = opened(window)
        panel.adjustSize()
        QApplication.processEvents()
        cut = [
            f"{widget.text()!r}: {widget.width()} of {needed(widget)}"
            for widget in panel.findChildren(QWidget)
            if isinstance(widget, (QLabel, QPushButton))
            and widget.isVisibleTo(panel)
            and widget.width() < needed(widget)
        ]
        assert cut == []
        low = [
            f"{type(widget).__name__} {widget.accessibleName()}"
            for widget in panel.findChildren(QWidget)
            if isinstance(widget, (QLineEdit, QAbstractButton))
            and widget.isVisibleTo(panel)
            and widget.height() < widget.fontMetrics().height()
            and not isinstance(widget.parent(), QAbstractScrollArea)
            and getattr(widget, "text", str)()
        ]
        assert low == []
        panel.close()

    play(theme, scene)


@pytest.mark.usefixtures("large_letters")
def test_icons_grow_with_the_letters(theme: Theme) -> None:
    assert round(theme.scale) == 2

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        side = theme.side(16).width()
        small = [
            f"{button.accessibleName()} {button.iconSize().width()}"
            for button in window.findChildren(QAbstractButton)
            if button.isVisible() and not button.icon().isNull()
            if button.iconSize().width() < side and button.objectName() != "markRemove"
        ]
        assert small == []
        avatar = window.reading.header._avatar
        assert avatar.width() == theme.px(38)
        cards = window.list_pane.list._cards
        assert cards.star_rect(QRect(0, 0, 300, 160)).width() >= theme.px(15)
        assert cards.text_left >= 13 + theme.px(4) + 8  # a dot for unread stands before it

    play(theme, scene)


def cut_words(panel: QWidget) -> list[str]:
    """What of labels and buttons has no room, by its width or its height."""
    found = []
    for widget in panel.findChildren(QWidget):
        if not isinstance(widget, (QLabel, QAbstractButton)) or not widget.isVisibleTo(panel):
            continue
        text = widget.full_text if isinstance(widget, ElidedLabel) else widget.text()
        is_bare = isinstance(widget, QToolButton) and not widget.icon().isNull()
        if not text or is_bare or widget.objectName().startswith("qt_"):
            continue
        wraps = isinstance(widget, QLabel) and widget.wordWrap()
        width = 0 if wraps else widget.fontMetrics().horizontalAdvance(text.replace("&", ""))
        high = widget.heightForWidth(widget.width()) if wraps else widget.fontMetrics().height()
        if widget.width() < width or widget.height() < high - 1:
            found.append(f"{text!r}: {widget.width()}x{widget.height()} of {width}x{high}")
    return found


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
@pytest.mark.parametrize("name", PANELS)
def test_no_word_of_a_panel_is_cut(theme: Theme, name: str, tongue: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.resize(1000, 700)
        await select(window, 0)
        window.show_view(name)
        await window.scope.settled()
        await until(lambda: cut_words(opened(window)) == [])
        opened(window).close()

    language.choose_language(tongue)
    play(theme, scene)


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
@pytest.mark.parametrize("layout", ["wide", "stacked"])
def test_no_word_of_the_window_is_cut(theme: Theme, layout: str, tongue: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.resize(1000, 700)
        window.place.restore()
        window.settings.set("layout", layout)
        window.apply_look()
        for row in range(6):
            await select(window, row)
            await until(lambda: cut_words(window) == [])

    language.choose_language(tongue)
    play(theme, scene)


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
def test_the_header_is_as_high_as_its_sentences(theme: Theme, tongue: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        language.choose_language(tongue)
        window.resize(1000, 700)
        window.reading.header.more_button.setChecked(True)
        header, area = window.reading.header, window.reading._top

        def words() -> list[WrappedLabel]:
            return [it for it in header.findChildren(WrappedLabel) if it.isVisible() and it.text()]

        for row in range(6):
            await select(window, row)
            await until(lambda: len(words()) > 1)
            await until(lambda: header.height() == header.heightForWidth(header.width()))
            for label in words():  # people come into the lines beside them in steps
                await until(lambda it=label: it.height() == it.heightForWidth(it.width()))
            await until(lambda: area.verticalScrollBar().maximum() == 0)

    play(theme, scene)


@pytest.mark.parametrize("layout", ["wide", "stacked"])
@pytest.mark.usefixtures("large_letters")
def test_a_message_never_makes_its_window_larger(theme: Theme, layout: str) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.settings.set("layout", layout)
        window.apply_look()
        window.resize(1000, 700)
        for row in range(6):
            await select(window, row)
            if not window.reading.header.more_button.isChecked():
                window.reading.header.more_button.click()
            await asyncio.sleep(0.05)
            assert (window.width(), window.height()) == (1000, 700)
            body = window.reading.body
            assert body is not None
            assert body.height() > 60

    play(theme, scene)


def test_the_name_of_a_mailbox_does_not_widen_what_offers_to_search_it(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        bar, name = (
            window.list_pane.scope_bar,
            "Projects & gardens of the whole neighbourhood, 2026",
        )
        bar.show_scope(Scope.MAILBOX, {Scope.MAILBOX: name, Scope.EVERYWHERE: "Everywhere"})
        bar.show()
        button = bar.buttons[Scope.MAILBOX]
        assert bar.minimumSizeHint().width() <= window.list_pane.minimumWidth()
        assert "…" in button.text()
        assert button.toolTip() == button.accessibleName() == name

    play(theme, scene)


def needed(widget: QLabel | QPushButton) -> int:
    """The width below which a text is cut."""
    if isinstance(widget, ElidedLabel) or (isinstance(widget, QLabel) and widget.wordWrap()):
        return 0
    if isinstance(widget, QLabel) and not widget.text():
        return 0
    return widget.fontMetrics().horizontalAdvance(widget.text().replace("&", ""))


def test_what_is_laid_out_from_the_left_is_mirrored_within_its_row() -> None:
    row = QRect(10, 0, 100, 20)
    box = QRect(12, 2, 16, 16)
    assert place(box, row, mirrored=False) == box
    assert place(box, row, mirrored=True) == QRect(92, 2, 16, 16)
    assert place(place(box, row, mirrored=True), row, mirrored=True) == box
    assert trim(row, 30, mirrored=True).left() == 40
    assert trim(row, 30, mirrored=False).right() == row.right() - 30
    assert end_box(row, 10, 10, mirrored=True).left() == row.left()
    assert end_box(row, 10, 10, mirrored=False).right() == row.right()


@pytest.mark.parametrize(("mirrored", "at_end", "is_left"), [
    (False, False, True), (False, True, False), (True, False, False), (True, True, True),
])  # fmt: skip
def test_a_text_stands_on_its_side_whatever_its_script(
    theme: Theme,  # noqa: ARG001 - the application has to be there
    mirrored: bool,
    at_end: bool,
    is_left: bool,
) -> None:
    for text in ("Walk?", "שלום?"):
        image = QImage(400, 40, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        draw_text(painter, image.rect(), text, mirrored=mirrored, at_end=at_end)
        painter.end()
        inked = [
            x
            for x in range(400)
            if any(image.pixelColor(x, y).lightness() < 128 for y in range(40))
        ]
        assert inked
        assert (max(inked) < 200) is is_left
        assert (min(inked) > 200) is not is_left


@pytest.mark.parametrize("mirrored", [False, True])
def test_names_in_a_row_follow_one_another_in_the_direction_of_the_window(
    theme: Theme,  # noqa: ARG001 - the application has to be there
    mirrored: bool,
) -> None:
    def inked(names: list[str]) -> int:
        image = QImage(400, 40, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        draw_text(painter, image.rect(), joined(names), mirrored=mirrored)
        painter.end()
        columns = range(399, -1, -1) if mirrored else range(400)
        ink = [[y for y in range(40) if image.pixelColor(x, y).lightness() < 128] for x in columns]
        first = next(number for number, column in enumerate(ink) if column)
        return hash(tuple(map(tuple, ink[first : first + 12])))

    for first, second in (("Iris", "שלום"), ("שלום", "Iris")):
        assert inked([first, second]) == inked([first])


def test_a_row_that_is_too_narrow_ends_with_an_ellipsis(theme: Theme) -> None:  # noqa: ARG001
    image = QImage(60, 40, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    shown = draw_text(painter, image.rect(), "A very long subject", mirrored=False)
    painter.end()
    assert shown.endswith("…")


def test_a_mirrored_window_has_its_sidebar_on_the_right(theme: Theme, qapp: QApplication) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        side = window.sidebar.mapTo(window, window.sidebar.rect().center()).x()
        messages = window.list_pane.mapTo(window, window.list_pane.rect().center()).x()
        reading = window.reading.mapTo(window, window.reading.rect().center()).x()
        assert reading < messages < side
        star = window.list_pane.list._cards.star_rect(QRect(0, 0, 300, 80))
        assert star.left() < 60
        header = window.list_pane.findChild(QFrame, "listHeader")
        assert header is not None
        lines = header.layout()
        assert lines is not None
        around = lines.contentsMargins()  # Qt does not mirror them
        assert (around.left(), around.right()) == (8, 16)

    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        play(theme, scene)
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_a_narrow_list_shows_its_title_and_hides_what_would_be_cut(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.resize(1000, 700)
        window.settings.set("list_style", "table")
        window.apply_look()
        window.messages.setSizes([270, 500])
        assert window.list_pane.width() < 320
        title = window.list_pane._title
        assert title.text() == title.full_text == "All Inboxes"
        messages = window.list_pane.list
        assert messages.isColumnHidden(ListColumn.DATE)
        assert messages.isColumnHidden(ListColumn.SIZE)
        assert not messages.isColumnHidden(ListColumn.SUBJECT)
        assert messages.horizontalScrollBar().maximum() == 0
        window.settings.set("layout", "stacked")
        window.apply_look()
        await until(lambda: messages.viewport().width() > 600)
        assert not any(messages.isColumnHidden(column) for column in ListColumn)

    play(theme, scene)


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
@pytest.mark.parametrize(("size", "subject"), [((1000, 700), 180), ((1600, 1000), 290)])
def test_a_table_beside_the_message_has_room_for_what_it_says(
    theme: Theme, size: tuple[int, int], subject: int, tongue: str
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.resize(*size)
        window.settings.set("list_style", "table")
        window.apply_look()
        window.place.restore()
        await until(lambda: window.messages.width() > size[0] - 260)
        messages = window.list_pane.list
        assert messages.columnWidth(ListColumn.SUBJECT) >= subject
        assert messages.columnWidth(ListColumn.SENDER) >= 100
        assert not messages.isColumnHidden(ListColumn.DATE)
        assert messages.isColumnHidden(ListColumn.SIZE) is (size[0] == 1000)
        metrics = messages.fontMetrics()
        dates = [metrics.horizontalAdvance(text) for text in widest_dates()]
        assert messages.columnWidth(ListColumn.DATE) > max(dates) + 16
        assert messages.horizontalScrollBar().maximum() == 0
        assert window.reading.width() >= 350

    language.choose_language(tongue)
    play(theme, scene)


def test_list_and_message_share_the_window_anew_until_a_person_has_them_share_it(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        async def resized(width: int) -> int:
            window.resize(width, 800)
            await until(lambda: abs(window.messages.width() - width) < 260)
            return window.list_pane.width()

        window.settings.set("list_style", "table")
        window.apply_look()
        assert await resized(1000) < await resized(1500) - 100
        handle = window.messages.handle(1)
        assert handle is not None
        start = handle.rect().center()
        QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(handle, start - QPoint(150, 0))
        QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=start)
        chosen = window.list_pane.width()
        assert chosen < 520
        assert await resized(1600) == chosen
        window.settings.set("list_style", "cards")
        window.apply_look()
        assert window.list_pane.width() == theme.px(372)
        window.settings.set("list_style", "table")
        window.apply_look()
        assert window.list_pane.width() == chosen

    play(theme, scene)


def test_a_list_above_the_message_has_its_part_of_a_high_window(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.settings.set("layout", "stacked")
        window.apply_look()
        for height in (700, 1000):
            window.resize(1000, height)
            await until(lambda height=height: abs(window.messages.height() - height) < 120)
            share = window.list_pane.height() / window.messages.height()
            assert 0.4 < share < 0.43

    play(theme, scene)


def test_what_is_shown_grows_when_the_desktop_shows_larger_letters(
    theme: Theme, qapp: QApplication
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        icon = window.tool_bar.menu_button.iconSize().width()
        avatar = window.reading.header._avatar.width()
        row = window.list_pane.list.rowHeight(0)
        usual, large = qapp.font(), qapp.font()
        large.setPointSizeF(usual.pointSizeF() * 2)
        try:
            qapp.setFont(large)
            QApplication.sendEvent(window, QEvent(QEvent.Type.ThemeChange))
            await until(lambda: window.tool_bar.menu_button.iconSize().width() >= 2 * icon)
            assert window.reading.header._avatar.width() == pytest.approx(2 * avatar, abs=1)
            assert window.list_pane.list.rowHeight(0) > 1.5 * row
            assert window.fontMetrics().height() == QFontMetrics(large).height()
        finally:
            qapp.setFont(usual)
            theme.follow_letters()
        assert window.tool_bar.menu_button.iconSize().width() == icon

    play(theme, scene)


def test_the_first_run_page_offers_an_account_to_the_keyboard(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        first = window.pages.first_run
        assert first is not None
        window.activateWindow()
        await until(lambda: QApplication.focusWidget() is first.account_button)
        assert "  " not in window.tool_bar.search.placeholderText()

    play(theme, scene, FakeStore())


@pytest.mark.parametrize("lang", sorted(language.LANGUAGES))
def test_a_key_that_is_not_there_is_asked_for_in_the_language_of_the_person(
    theme: Theme, lang: str
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        language.choose_language(lang)
        dialog = ShortcutsDialog(window)
        (field,) = dialog.edits["offline"].findChildren(QLineEdit)
        assert field.placeholderText() == language.tr("shortcuts.press") != "Press shortcut"
        dialog.deleteLater()

    play(theme, scene)
