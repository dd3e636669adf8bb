"""The processes whose start `bench_window` measures: they tell when they are painted.

Nothing is imported here that a bare window would not need itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.door.child import EngineProcess
    from desktopmail.ui.start import Options
    from desktopmail.ui.window import MainWindow

_SETTLE_S = 1.0


def bare(_folder: Path) -> None:
    """A window of PySide6 with nothing in it."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    class Window(QMainWindow):
        def paintEvent(self, event: object) -> None:  # noqa: N802, ARG002 - Qt's
            if not self.property("told"):
                self.setProperty("told", True)
                print("painted", flush=True)
                QTimer.singleShot(100, tell_end)

    def tell_end() -> None:
        print("settled", flush=True)
        QTimer.singleShot(500, application.quit)

    application = QApplication([])
    window = Window()
    window.resize(1180, 760)
    window.show()
    application.exec()


def start(folder: Path) -> None:
    """The program as a person starts it: its list is painted, then all is there and at rest."""
    from desktopmail.ui import start as starting

    def open_window(options: Options, child: EngineProcess | None) -> int:
        from desktopmail.ui import app

        class Started(app.Program):
            def _paint(self, window: MainWindow) -> None:
                super()._paint(window)
                if not self.__dict__.setdefault("told", False):
                    self.told = True
                    if not window.list_pane.list.model().rowCount():
                        raise RuntimeError("the window shows no list")
                    print("painted", flush=True)

            async def _until_ended(self, window: MainWindow) -> None:
                import asyncio

                from desktopmail.door.queries import ReadStatus

                window.warming.close()  # QtWebEngine comes in with an idle moment, and is 150 MB
                await window.door.query(ReadStatus())  # the engine is there as well
                await asyncio.sleep(_SETTLE_S)
                print("settled", flush=True)
                await asyncio.sleep(0.5)

        app.Program = Started  # type: ignore[misc] # the same, but for when it ends
        return app.run(options, child)

    starting.open_window = open_window
    starting.run(starting.Options(profile=folder))


if __name__ == "__main__":
    {"bare": bare, "start": start}[sys.argv[1]](Path(sys.argv[2]))
