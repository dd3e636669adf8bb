"""What is built at start: the application, its event loop, the engine's session, the window."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtWidgets import QApplication, QMessageBox
from qasync import QEventLoop  # type: ignore[import-untyped] # it ships no types

from desktopmail.door.attach import Session, attach, early_reader
from desktopmail.door.interface import DoorError
from desktopmail.door.late import LateDoor
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.ui import language
from desktopmail.ui.garbage import GuiThreadCollector
from desktopmail.ui.sentences import said_of
from desktopmail.ui.settings import Settings, SettingsError
from desktopmail.ui.single_instance import SingleInstance
from desktopmail.ui.theme.icons import application_icon
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow

_DEMO_SIZE = (1280, 800)
_TURNS_TO_SPAWN = 8  # of the loop, until attach() has found nobody and started the engine


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for.

    Attributes:
        profile: The folder that holds all state, or None for the user's own.
        demo: Open a fresh sandbox in a temporary profile.
        screenshot: Save a picture there and end.
        theme, language: In place of what the settings say; empty: as they say.
        size: Of the window.
        select: Words of the subject of the message to show in a picture.
        mailto: A link to write to.
    """

    profile: Path | None = None
    demo: bool = False
    screenshot: Path | None = None
    theme: str = ""
    language: str = ""
    size: tuple[int, int] | None = None
    select: str = ""
    mailto: str = ""


class StartError(Exception):
    """The program cannot start; the text is a sentence for the person who started it."""


def run(options: Options) -> int:
    """Run the graphical program and return its exit status."""
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
    application.setWindowIcon(application_icon())
    collector = GuiThreadCollector()
    loop = QEventLoop(application)
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ui")
    loop.set_default_executor(executor)
    program = Program(application, options)
    try:
        with loop:
            loop.run_until_complete(program.run())
    except StartError as failure:
        _tell(str(failure), shown=options.screenshot is None)
        return 1
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        asyncio.set_event_loop(None)
        program.remove_temporary_profile()
        collector.stop()
    return 0


class Program:
    """One run of the graphical program.

    Attributes:
        window: The main window, once it is there.
    """

    def __init__(self, application: QApplication, options: Options) -> None:
        self._application = application
        self._options = options
        self._temporary: Path | None = None
        if options.demo and options.profile is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="desktopmail-demo-"))
        self._profile = Profile.at(self._temporary or options.profile)
        self._ended = asyncio.Event()
        self._session: Session | None = None
        self._failure: StartError | None = None  # the engine did not start behind the window
        self.window: MainWindow | None = None

    async def run(self) -> None:
        """Run until the person quits.

        Raises:
            StartError: It cannot start.
        """
        instance = SingleInstance(self._profile.folder)
        alone = self._options.screenshot is not None
        if not alone and instance.hand_over(self._options.mailto):
            return
        settings = self._read_settings()
        language.choose_language(self._options.language or settings.text("language"))
        self._application.setLayoutDirection(language.direction())
        theme = Theme(self._application, Scheme(self._options.theme or settings.text("theme")))
        door = LateDoor()
        attaching = asyncio.get_running_loop().create_task(attach(self._profile))
        try:
            # The engine starts beside us; the window shows meanwhile what the store has already.
            for _ in range(_TURNS_TO_SPAWN):
                await asyncio.sleep(0)
            reader = early_reader(self._profile)
            if reader is not None:
                reader.close()
            if reader is None or alone:
                await self._open(door, attaching)
            await self._run_window(door, attaching, settings, theme, instance)
        finally:
            attaching.cancel()
            instance.close()
            await self._leave()

    async def _open(self, door: LateDoor, attaching: asyncio.Task[Session]) -> None:
        """Wait for the engine.

        Raises:
            StartError: It did not start.
        """
        if self._session is not None:
            return
        try:
            self._session = await attaching
        except DoorError as error:
            raise StartError(said_of(error)) from error
        door.open(self._session.door)

    async def _run_window(
        self,
        door: LateDoor,
        attaching: asyncio.Task[Session],
        settings: Settings,
        theme: Theme,
        instance: SingleInstance,
    ) -> None:
        from desktopmail.ui.window import MainWindow

        picture = self._options.screenshot
        window = MainWindow(
            door,
            partial(SqliteReader, self._profile),
            settings,
            theme,
            web=picture is None and web_engine_usable(),
            geometry=None if picture or self._temporary else _geometry(self._profile.folder),
        )
        if self._options.theme:
            theme.choose(Scheme(self._options.theme))
        self.window = window
        size = self._options.size or (_DEMO_SIZE if self._options.demo or picture else None)
        if size is not None:
            window.resize(QSize(*size))
        window.on_quit = self._ended.set
        window.show()
        # The person who starts the program again gets this window, not another one.
        instance.listen(lambda link: self._raise(window, link))
        watch = asyncio.get_running_loop().create_task(self._watch_engine(window, door, attaching))
        if picture is None:
            window.composers.restore()
        try:
            if picture is not None:
                await self._take_picture(window, picture)
            else:
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
        await self._ended.wait()

    async def _take_picture(self, window: MainWindow, file: Path) -> None:
        from desktopmail.ui.picture import PictureError, take

        try:
            await take(window, file, demo=self._options.demo, select=self._options.select)
        except (PictureError, DoorError) as error:
            raise StartError(str(error)) from error

    def _raise(self, window: MainWindow, link: str) -> None:
        window.come_forward()
        if link:
            window.open_link(link)

    async def _watch_engine(
        self, window: MainWindow, door: LateDoor, attaching: asyncio.Task[Session]
    ) -> None:
        """Say when the engine ended, and start it again; give up after three deaths in a minute."""
        try:
            await self._open(door, attaching)
        except StartError as error:
            self._failure = error
            self._ended.set()
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
    import fcntl
    import time

    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with profile.lock.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
        except FileNotFoundError:
            return
        except OSError:
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
