"""The graphical program: its application, its window on the store, then its loop and the engine.

The window is on the screen with its list before the event loop, the engine's session and most of
the window's own parts are even imported: see `fitting_out`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QSettings, QSize, Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from desktopmail.door.early import early_reader
from desktopmail.door.interface import DoorError
from desktopmail.door.late import LateDoor
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.file_lock import is_held
from desktopmail.ui import language
from desktopmail.ui.garbage import GuiThreadCollector
from desktopmail.ui.settings import Settings, SettingsError
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine
    from typing import Any

    from desktopmail.door.attach import Session
    from desktopmail.door.child import EngineProcess
    from desktopmail.ui.single_instance import SingleInstance
    from desktopmail.ui.start import Options
    from desktopmail.ui.window import MainWindow

_DEMO_SIZE = (1280, 800)
_EXPOSED_WITHIN_S = 0.5  # a display that does not show the window by then shows it later


class StartError(Exception):
    """The program cannot start; the text is a sentence for the person who started it."""


def run(options: Options, child: EngineProcess | None = None) -> int:
    """Run the graphical program and return its exit status.

    Args:
        options: What the command line asked for.
        child: The engine of the profile, where it was started already.
    """
    if sys.platform.startswith("linux"):
        # Offscreen pictures and Wayland show the right icon and name only with this set.
        QApplication.setDesktopFileName("desktopmail")
    # QtWebEngine is loaded with the first HTML message, and needs this set before the application.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError("Another kind of Qt application runs in this process.")
    application.setApplicationName("desktopmail")
    application.setOrganizationName("desktopmail")
    application.setQuitOnLastWindowClosed(False)  # the loop ends when the program says so
    collector = GuiThreadCollector()
    program = Program(application, options, child)
    try:
        if program.open():
            run_in_loop(application, program.run())
    except StartError as failure:
        _tell(str(failure), shown=options.screenshot is None)
        return 1
    finally:
        program.remove_temporary_profile()
        collector.stop()
    return 0


def run_in_loop(application: QApplication, work: Coroutine[Any, Any, None]) -> None:
    """Run it in an event loop of Qt's and asyncio's, to its end."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from qasync import QEventLoop as Loop  # type: ignore[import-untyped] # it ships no types

    loop = Loop(application)
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ui")
    loop.set_default_executor(executor)
    try:
        with loop:
            loop.run_until_complete(work)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        asyncio.set_event_loop(None)


class Program:
    """One run of the graphical program.

    Attributes:
        window: The main window, once it is there.
    """

    def __init__(
        self, application: QApplication, options: Options, child: EngineProcess | None = None
    ) -> None:
        self._application = application
        self._options = options
        self._child = child
        self._temporary: Path | None = None
        if options.demo and options.profile is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="desktopmail-demo-"))
        self._profile = Profile.at(self._temporary or options.profile)
        self._door = LateDoor()
        self._instance: SingleInstance | None = None
        self._session: Session | None = None
        self._failure: StartError | None = None  # the engine did not start behind the window
        self._is_over = False
        self._ended: asyncio.Event | None = None
        self.window: MainWindow | None = None

    def open(self) -> bool:
        """Show what the store has; False when another window has taken the link over.

        Raises:
            StartError: It cannot start.
        """
        if self._options.screenshot is None and self._is_handed_over():
            return False
        self._settings = self._read_settings()
        language.choose_language(self._options.language or self._settings.text("language"))
        self._application.setLayoutDirection(language.direction())
        if self._options.theme:
            self._settings.try_on("theme", self._options.theme)
        self._theme = Theme(self._application, Scheme(self._settings.text("theme")))
        if self._options.screenshot is None:
            reader = early_reader(self._profile)
            if reader is not None:
                reader.close()
                self.show_list()
        return True

    def show_list(self) -> None:
        """Show the window with what is in the store, and bring in the rest while it is seen."""
        self.window = window = self._make_window()
        window.show()
        self._paint(window)
        # Not in the loop: events that are let through there would enter its tasks.
        for _ in window.fit_out():
            self._paint(window)

    def _make_window(self) -> MainWindow:
        from desktopmail.ui.window import MainWindow

        picture = self._options.screenshot
        window = MainWindow(
            self._door,
            partial(SqliteReader, self._profile),
            self._settings,
            self._theme,
            web=web_engine_usable(),
            geometry=None if picture or self._temporary else _geometry(self._profile.folder),
            whole=False,
        )
        size = self._options.size or (_DEMO_SIZE if self._options.demo or picture else None)
        if size is not None:
            window.resize(QSize(*size))
            window.place.restore()
        window.on_quit = self._end
        return window

    def _paint(self, window: MainWindow) -> None:
        # What a person does before all is there waits in Qt's queue: nothing acts on half a window.
        deadline = time.monotonic() + _EXPOSED_WITHIN_S
        handle = window.windowHandle()
        while True:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            if handle is None or handle.isExposed() or time.monotonic() > deadline:
                return
            time.sleep(0.001)

    async def run(self) -> None:
        """Go on until the person quits.

        Raises:
            StartError: It cannot start.
        """
        import asyncio

        from desktopmail.door.attach import attach

        self._ended = asyncio.Event()
        attaching = asyncio.get_running_loop().create_task(attach(self._profile, child=self._child))
        try:
            if self.window is None:
                await self._attached(attaching)
                self.window = self._make_window()
                for _ in self.window.fit_out():
                    pass
                self.window.show()
            await self._run_window(self.window, attaching)
        finally:
            attaching.cancel()
            if self._instance is not None:
                self._instance.close()
            await asyncio.wait([attaching])
            await self._leave()

    async def _attached(self, attaching: asyncio.Task[Session]) -> None:
        """Wait for the engine.

        Raises:
            StartError: It did not start.
        """
        if self._session is not None:
            return
        try:
            self._session = await attaching
        except DoorError as error:
            from desktopmail.ui.sentences import said_of

            raise StartError(said_of(error)) from error
        self._door.open(self._session.door)

    async def _run_window(self, window: MainWindow, attaching: asyncio.Task[Session]) -> None:
        import asyncio
        import contextlib

        from desktopmail.ui.single_instance import SingleInstance
        from desktopmail.ui.theme.icons import application_icon

        window.begin()
        self._application.setWindowIcon(application_icon())
        # The person who starts the program again gets this window, not another one.
        self._instance = SingleInstance(self._profile.folder)
        self._instance.listen(lambda link: self._raise(window, link))
        watch = asyncio.get_running_loop().create_task(self._watch_engine(window, attaching))
        picture = self._options.screenshot
        try:
            if picture is not None:
                await self._take_picture(window, picture)
            else:
                window.composers.restore()
                await self._until_ended(window)
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):  # just asked for
                await watch
            await window.aclose()
            window.deleteLater()
        if self._failure is not None:
            raise self._failure

    async def _until_ended(self, window: MainWindow) -> None:
        if self._options.mailto:
            window.open_link(self._options.mailto)
        if self._options.demo and not window.accounts():
            window.show_view("sandbox")
        if self._ended is not None and not self._is_over:
            await self._ended.wait()

    def _end(self) -> None:
        """Somebody quits, perhaps before the loop runs."""
        self._is_over = True
        if self._ended is not None:
            self._ended.set()

    async def _take_picture(self, window: MainWindow, file: Path) -> None:
        from desktopmail.ui.picture import PictureError, take

        try:
            await take(window, file, demo=self._options.demo, select=self._options.select)
        except (PictureError, DoorError) as error:
            raise StartError(str(error)) from error

    def _is_handed_over(self) -> bool:
        from desktopmail.ui.instance_name import may_be_open

        if not may_be_open(self._profile.folder):
            return False
        from desktopmail.ui.single_instance import SingleInstance

        return SingleInstance(self._profile.folder).hand_over(self._options.mailto)

    def _raise(self, window: MainWindow, link: str) -> None:
        window.come_forward()
        if link:
            window.open_link(link)

    async def _watch_engine(self, window: MainWindow, attaching: asyncio.Task[Session]) -> None:
        """Say when the engine ended, and start it again; give up after three deaths in a minute."""
        from desktopmail.door.attach import attach

        try:
            await self._attached(attaching)
        except StartError as error:
            self._failure = error
            self._end()
            return
        while self._session is not None:
            await self._session.gone.wait()
            window.trouble.engine_gone()
            try:
                self._session = await attach(self._profile)
            except DoorError as error:
                window.trouble.engine_failed(error)
                return
            window.use_engine(self._session.door, self._session.reader)

    async def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    def _read_settings(self) -> Settings:
        try:
            return Settings.read(self._profile.folder / "window.toml")
        except SettingsError as error:
            raise StartError(str(error)) from error

    def remove_temporary_profile(self) -> None:
        """Remove the profile of a demonstration, once its engine has ended."""
        if self._temporary is None:
            return
        wait_for_end(self._profile)
        shutil.rmtree(self._temporary, ignore_errors=True)


def wait_for_end(profile: Profile, timeout_s: float = 10.0) -> None:
    """Wait until the engine of a profile has given up its lock.

    Args:
        profile: Whose engine.
        timeout_s: After that many seconds it is left to itself.
    """
    deadline = time.monotonic() + timeout_s
    while is_held(profile.lock) and time.monotonic() < deadline:
        time.sleep(0.05)


def web_engine_usable() -> bool:
    """Whether QtWebEngine is here and Chromium would start: as root it needs its sandbox off."""
    if importlib.util.find_spec("PySide6.QtWebEngineWidgets") is None:
        return False
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return not is_root or os.environ.get("QTWEBENGINE_DISABLE_SANDBOX") == "1"


def _geometry(folder: Path) -> QSettings:
    return QSettings(str(folder / "geometry.ini"), QSettings.Format.IniFormat)


def _tell(sentence: str, *, shown: bool) -> None:
    sys.stderr.write(f"desktopmail: {sentence}\n")
    if shown and QApplication.platformName() not in {"offscreen", "minimal"}:
        box = QMessageBox(QMessageBox.Icon.Critical, "desktopmail", sentence)
        box.exec()  # no coroutine runs any more: the loop is closed
