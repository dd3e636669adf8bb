"""The process that `test_xvfb` starts on a display: a window that opens its first HTML message.

It tells as JSON whether the window stayed the same one: on xcb a web view that is not kept apart
makes Qt create the window anew, and offscreen hides that.
"""

from __future__ import annotations

import asyncio
import json
import sys

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)


async def open_first_page(application: QApplication) -> dict[str, object]:
    from PySide6.QtWebEngineWidgets import QWebEngineView

    from desktopmail.ui import language
    from desktopmail.ui.settings import Settings
    from desktopmail.ui.theme.theme import Scheme, Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import full_store
    from tests.helpers.qt_loop import until

    language.choose_language("en")
    store = full_store()
    settings = Settings(None)
    settings.set("theme", "light")
    theme = Theme(application, Scheme.LIGHT)
    window = MainWindow(store, lambda: store, settings, theme, web=True)
    window.resize(1100, 760)
    window.show()
    hidden: list[bool] = []
    try:
        await until(lambda: window.windowHandle() is not None, 20)
        handle, number = window.windowHandle(), int(window.winId())
        handle.visibleChanged.connect(lambda shown: hidden.append(not shown))
        row = next(
            row
            for row, message in enumerate(window.list_pane.list.model().messages(range(20)))
            if message.subject.startswith("Quinces")
        )
        window.list_pane.list.go_to(row)
        await until(lambda: window.reading.findChild(QWebEngineView) is not None, 30)
        view = window.reading.findChild(QWebEngineView)
        await until(lambda: not view.page().isLoading() and view.isVisible(), 30)
        loaded: list[str] = []
        for _ in range(300):
            loaded.clear()
            view.page().toPlainText(lambda text: loaded.append(text))
            await until(lambda: bool(loaded), 20)
            if "quinces" in loaded[0]:
                break
            await asyncio.sleep(0.05)
        return {
            "platform": application.platformName(),
            "same_window": int(window.winId()) == number and window.windowHandle() is handle,
            "hidden": any(hidden),
            "text": loaded[0][:200],
        }
    finally:
        await window.aclose()
        window.deleteLater()


def main() -> None:
    from tests.helpers.qt_loop import run_qt

    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    told: dict[str, object] = {}

    async def run() -> None:
        told.update(await open_first_page(application))

    run_qt(run, 100)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
