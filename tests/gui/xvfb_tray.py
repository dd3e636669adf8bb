"""The process that `test_tray` starts on a display with a session bus: a window that stays there.

It closes its window, and tells by lines of JSON what is seen until somebody quits by the tray.
"""

from __future__ import annotations

import asyncio
import json
import sys

from PySide6.QtWidgets import QApplication


def tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def stay(application: QApplication) -> None:
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
    settings.set("tray", value=True)
    window = MainWindow(store, lambda: store, settings, Theme(application, Scheme.LIGHT), web=False)
    ended: list[bool] = []
    window.on_quit = lambda: ended.append(True)
    window.show()
    await until(window.isVisible)
    tell(stays=window.notifications.keeps_running, unread=window.tree_model.unread())
    window.close()
    tell(visible=window.isVisible(), ended=bool(ended))
    await until(window.isVisible, 30)
    tell(visible=True)
    await until(lambda: ended, 30)
    tell(ended=True)
    await window.aclose()
    window.deleteLater()
    await asyncio.sleep(0)


def main() -> None:
    from tests.helpers.qt_loop import run_qt

    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    run_qt(lambda: stay(application), 100)


if __name__ == "__main__":
    main()
