"""Remote images in a window: counted, blocked, and loaded when somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray
from PySide6.QtGui import QColor, QImage

from desktopmail.door.queries import RemoteImage
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.reading.fallback_view import (
    FallbackView,
)
from tests.gui.message_bars import bars, button
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


QUINCE, DOT = "https://market.example/quince.jpg", "https://tracker.example/open.gif?id=2"


def png(colour: str, width: int) -> RemoteImage:
    picture = QImage(width, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor(colour))
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    assert picture.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs want bytes
    return RemoteImage(octets=bytes(octets.data()), media_type="image/png")


def test_remote_images_are_counted_and_not_asked_for(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 2)
        assert [bar.accessibleName() for bar in bars(window)] == ["2 remote images blocked"]
        assert store.asked_images == []
        assert "A basket of quinces" in window.reading.body.toPlainText()  # type: ignore[union-attr]

    play(theme, scene)


def test_remote_images_come_when_their_reader_loads_them(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.images = {QUINCE: png("#ff0000", 80), DOT: png("#00ff00", 1)}
        await select(window, 2)
        button(bars(window)[0], "Load").click()
        view = window.reading.body
        assert isinstance(view, FallbackView)
        await until(lambda: len(view._images) == 2 and not view._redrawing.isActive())
        assert sorted(store.asked_images) == sorted([QUINCE, DOT])
        assert bars(window) == []
        assert "A basket of quinces" not in view.toPlainText()
        shown = view.grab().toImage()
        assert any(
            shown.pixelColor(x, y) == QColor("#ff0000")
            for x in range(0, shown.width(), 10)
            for y in range(0, shown.height(), 10)
        )
        await select(window, 0)
        await select(window, 2)
        assert [bar.accessibleName() for bar in bars(window)] == ["2 remote images blocked"]

    play(theme, scene)


def test_images_that_do_not_come_are_told_in_one_sentence_and_tried_again(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.images = {DOT: png("#00ff00", 1)}
        await select(window, 2)
        button(bars(window)[0], "Load").click()
        sentence = "1 remote image could not be loaded: nothing came from market.example."
        await until(lambda: [bar.accessibleName() for bar in bars(window)] == [sentence])
        assert "market.example/quince.jpg is not shown" in bars(window)[0].toolTip()
        store.images[QUINCE] = png("#ff0000", 80)
        button(bars(window)[0], "Try Again").click()
        await until(lambda: store.asked_images.count(QUINCE) == 2 and bars(window) == [])

    play(theme, scene)


def test_images_of_a_sender_are_always_loaded_once_that_was_chosen(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        store.images = {QUINCE: png("#ff0000", 80), DOT: png("#00ff00", 1)}
        await select(window, 2)
        button(bars(window)[0], "Always for This Sender").click()
        assert window.settings.texts("remote_senders") == ["news@market.example"]
        await until(lambda: QUINCE in store.asked_images and bars(window) == [])
        await select(window, 0)
        store.asked_images.clear()
        await select(window, 2)
        await until(lambda: QUINCE in store.asked_images)
        assert bars(window) == []
        always = window.actions_by_name["always_images"]
        assert always.isChecked()
        await find_verb("always_images").do(window)  # and taken back
        await until(lambda: bool(bars(window)))
        assert bars(window)[0].accessibleName() == "2 remote images blocked"
        assert window.settings.texts("remote_senders") == []
        assert not always.isChecked()

    play(theme, scene)
