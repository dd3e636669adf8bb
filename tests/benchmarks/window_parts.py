"""The process that `bench_window` starts for frames and clicks; it tells them as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.attach import Session
    from desktopmail.ui.window import MainWindow

_PLACES = (0.0, 0.5, 0.9)  # of the list: from its begin, its middle, and far behind
_FRAMES = 130  # at each of them
_CLICKS = 15
_SCROLLED = 3_700  # pixels a frame: some fifty rows, so that every frame reads its rows
_WAIT_S = 30.0
_IMPORT_S = 100.0

_PLAIN = "From: Ben <ben@example.org>\r\nSubject: Plain {n}\r\nDate: {date}\r\n\r\n{body}\r\n"
_HTML = (
    "From: Market <market@example.org>\r\nSubject: Page {n}\r\nDate: {date}\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<h1>Offers {n}</h1><table>{body}</table>\r\n"
)


def frames(folder: Path, mbox: Path) -> None:
    """Frames at rest and with a busy engine, and clicks."""
    from PySide6.QtCore import QCoreApplication, Qt
    from PySide6.QtWidgets import QApplication

    from tests.helpers.qt_loop import run_qt

    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    run_qt(lambda: _frames(application, folder, mbox), 280)


async def _frames(application: object, folder: Path, mbox: Path) -> None:
    from desktopmail.door.attach import attach
    from desktopmail.door.profile import Profile
    from desktopmail.ui import language
    from desktopmail.ui.app import web_engine_usable
    from desktopmail.ui.settings import Settings
    from desktopmail.ui.theme.theme import Scheme, Theme
    from desktopmail.ui.window import MainWindow

    language.choose_language("en")
    session = await attach(Profile.at(folder))
    theme = Theme(application, Scheme.LIGHT)  # type: ignore[arg-type] # a QApplication
    settings = Settings(None)
    settings.set("theme", "light")
    settings.set("read_after_s", -1)
    window = MainWindow(session.door, session.reader, settings, theme, web=web_engine_usable())
    window.resize(1280, 800)
    window.show()
    told: dict[str, float] = {}
    try:
        await asyncio.sleep(1)
        if not window.list_pane.list.model().rowCount():
            raise RuntimeError("the large mailbox is empty")
        told["open_s"] = await _open(window)
        await _scroll(window)  # the first time everything is new: letters, icons, pages of the disk
        told["rest_p99_s"] = await _scroll(window)
        told |= await _clicks(window, session, folder)
        told["busy_p99_s"] = await _scroll_while_importing(window, session, mbox, "Trash")
        told["coming_p99_s"] = await _scroll_while_importing(window, session, mbox, "INBOX")
    finally:
        await window.aclose()
        await session.aclose()
    tell(told)


async def _open(window: MainWindow) -> float:
    """The median of opening the large mailbox from another one."""
    boxes = {box.path: box.id for box in window.reader.mailboxes()}
    times = []
    for _ in range(7):
        window.sidebar.choose(("mailbox", boxes["Sent"]))
        await asyncio.sleep(0.05)
        begin = time.perf_counter()
        window.sidebar.choose(("mailbox", boxes["INBOX"]))
        window.repaint()
        times.append(time.perf_counter() - begin)
    return sorted(times)[len(times) // 2]


async def _scroll(window: MainWindow) -> float:
    """The 99th percentile of a frame, with everything the loop does between two of them."""
    boxes = {box.path: box.id for box in window.reader.mailboxes()}
    window.sidebar.choose(("mailbox", boxes["INBOX"]))
    messages = window.list_pane.list
    bar = messages.verticalScrollBar()
    times = []
    for place in _PLACES:
        bar.setValue(int(bar.maximum() * place))
        await asyncio.sleep(0.2)
        first = bar.value()
        for _ in range(_FRAMES):
            begin = time.perf_counter()
            bar.setValue(bar.value() + _SCROLLED)
            messages.viewport().repaint()
            await asyncio.sleep(0)
            times.append(time.perf_counter() - begin)
            await asyncio.sleep(0.004)
        if bar.value() < first + _FRAMES * _SCROLLED:
            raise RuntimeError("the list that was scrolled has too few rows")
    return sorted(times)[int(len(times) * 0.99)]


async def _scroll_while_importing(
    window: MainWindow, session: Session, mbox: Path, into: str
) -> float:
    from desktopmail.door.commands import ImportMessages

    boxes = {box.path: box.id for box in window.reader.mailboxes()}
    done = asyncio.Event()

    async def work() -> None:
        await session.door.command(ImportMessages(path=str(mbox), mailbox_id=boxes[into]))
        done.set()

    window.scope.spawn(work(), name="import")
    await asyncio.sleep(0.5)
    seconds = await _scroll(window)
    if done.is_set():
        raise RuntimeError("the engine was done before the frames were: take a larger mbox")
    await asyncio.wait_for(done.wait(), _IMPORT_S)
    return seconds


async def _clicks(window: MainWindow, session: Session, folder: Path) -> dict[str, float]:
    """The medians of a click to the text, and to the page of an HTML message."""
    from desktopmail.door.commands import ImportMessages

    boxes = {box.path: box.id for box in window.reader.mailboxes()}
    letters = folder.parent / "letters"
    letters.mkdir(exist_ok=True)
    for n in range(_CLICKS * 2):
        source = _PLAIN if n < _CLICKS else _HTML
        body = (
            "This is a line of a letter.\r\n" * 60
            if n < _CLICKS
            else "<tr><td>Quinces</td><td>3.20</td></tr>" * 80
        )
        date = f"Mon, 02 Nov 2026 10:{59 - n:02}:00 +0000"
        text = source.format(n=n, date=date, body=body)
        (letters / f"{n:02}.eml").write_bytes(text.encode())
    await session.door.command(ImportMessages(path=str(letters), mailbox_id=boxes["Sent"]))
    window.bridge.flush()
    window.sidebar.choose(("mailbox", boxes["Sent"]))
    await _until(lambda: window.list_pane.list.model().rowCount() >= _CLICKS * 2)
    text = [await _click(window, row) for row in range(_CLICKS)]
    if window.uses_web:
        await _click_page(window, _CLICKS)
        html = [await _click_page(window, row) for row in range(_CLICKS + 1, _CLICKS * 2)]
    else:
        html = [0.0]
    return {"text_s": sorted(text)[len(text) // 2], "html_s": sorted(html)[len(html) // 2]}


async def _click(window: MainWindow, row: int) -> float:
    """From a press of the mouse to the message on the screen."""
    begin = time.perf_counter()
    wanted = _press(window, row)
    await _until(lambda: window.reading.row is not None and window.reading.row.id == wanted)
    window.reading.repaint()
    return time.perf_counter() - begin


async def _click_page(window: MainWindow, row: int) -> float:
    from PySide6.QtWebEngineWidgets import QWebEngineView

    begin = time.perf_counter()
    wanted = _press(window, row)
    await _until(lambda: window.reading.row is not None and window.reading.row.id == wanted)
    view = window.reading.findChild(QWebEngineView)
    loaded: list[bool] = []
    view.page().loadFinished.connect(loaded.append)
    await _until(lambda: bool(loaded) or not view.page().isLoading())
    view.page().loadFinished.disconnect(loaded.append)
    return time.perf_counter() - begin


def _press(window: MainWindow, row: int) -> int:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    messages = window.list_pane.list
    index = messages.model().index(row, 0)
    messages.scrollTo(index)
    QTest.mouseClick(
        messages.viewport(), Qt.MouseButton.LeftButton, pos=messages.visualRect(index).center()
    )
    message = messages.current_message()
    if message is None:
        raise RuntimeError(f"row {row} has no message")
    return message.id


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("what was waited for did not come")
        await asyncio.sleep(0.001)


def tell(values: dict[str, float]) -> None:
    """Tell what was measured."""
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    frames(*map(Path, sys.argv[1:]))
