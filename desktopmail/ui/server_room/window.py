"""The server room: start and stop the bundled server, see what it has, and make it misbehave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import StartSandbox
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import ReadSandbox, SandboxState
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.sentences import said_of
from desktopmail.ui.server_room.api import ApiError, Event, ServerApi
from desktopmail.ui.server_room.capabilities import Capabilities
from desktopmail.ui.server_room.faults import Faults
from desktopmail.ui.server_room.feed import Feed
from desktopmail.ui.server_room.mail import Mail
from desktopmail.ui.server_room.overview import Overview
from desktopmail.ui.server_room.people import People

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from desktopmail.ui.server_room.page import Page
    from desktopmail.ui.window import MainWindow

_GATHERED_MS = 150
_SAID_MS = 9_000
_PAGES: tuple[tuple[type[Page], str], ...] = (
    (Overview, "server"),
    (People, "user"),
    (Mail, "mail"),
    (Capabilities, "check"),
    (Faults, "alert"),
)


class ServerRoomWindow(QWidget):
    """A page for each noun of the server, and below them what happens there.

    Attributes:
        api: The way to the server, None while it does not run.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._window = window
        self.theme = window.theme
        self.api: ServerApi | None = None
        self.setWindowTitle(tr("verb.server_room").rstrip("…"))
        self.resize(window.theme.room(940, 700))
        self._build()
        self._late = QTimer(self)  # many events, one look
        self._late.setSingleShot(True)
        self._late.setInterval(_GATHERED_MS)
        self._late.timeout.connect(self._refresh)
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.timeout.connect(lambda: self.said.set_full_text(""))
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)
        self._show_state()
        window.scope.spawn(self._attach(), name=tr("verb.server_room"))

    # ---- building

    def _build(self) -> None:
        bar = QFrame(self)
        bar.setObjectName("toolbar")
        self.state = Label("", bar)
        self.state.setProperty("kind", "heading")
        self.said = ElidedLabel("", bar)
        self.said.setProperty("kind", "small")
        self.start_button = QPushButton(tr("room.start"), bar)
        self.start_button.setProperty("kind", "primary")
        self.start_button.clicked.connect(self._start)
        self.stop_button = QPushButton(tr("room.stop"), bar)
        self.stop_button.clicked.connect(self._stop)
        protocol = QPushButton(tr("verb.transcript").rstrip("…"), bar)
        protocol.clicked.connect(lambda: self._window.show_view("transcript"))
        row = QHBoxLayout(bar)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        row.addWidget(self.state)
        row.addWidget(self.said, 1)
        row.addWidget(protocol)
        row.addWidget(self.stop_button)
        row.addWidget(self.start_button)
        self.pages: list[Page] = [kind(self) for kind, _ in _PAGES]
        self.stack = QStackedWidget(self)
        self.stopped = Label(tr("room.start_it"), self)
        self.stopped.setProperty("kind", "muted")
        self.stopped.setWordWrap(True)
        self.stopped.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stopped.setContentsMargins(20, 16, 20, 16)
        side = QFrame(self)
        side.setObjectName("roomSide")
        side_lines = QVBoxLayout(side)
        side_lines.setContentsMargins(8, 12, 8, 12)
        side_lines.setSpacing(2)
        self.choice = QButtonGroup(self)
        for number, (page, (_, icon)) in enumerate(zip(self.pages, _PAGES, strict=True)):
            button = QToolButton(side)
            button.setProperty("kind", "page")
            button.setText(tr(f"page.{page.name}"))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setCheckable(True)
            button.setSizePolicy(
                button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed
            )
            self.theme.tint(button, icon)
            self.choice.addButton(button, number)
            side_lines.addWidget(button)
            self.stack.addWidget(page)
        side_lines.addStretch(1)
        self.choice.idClicked.connect(self.show_page)
        middle = QWidget(self)
        middle_row = QHBoxLayout(middle)
        middle_row.setContentsMargins(0, 0, 0, 0)
        middle_row.setSpacing(0)
        middle_row.addWidget(side)
        middle_row.addWidget(self.stack, 1)
        middle_row.addWidget(self.stopped, 1)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.setHandleWidth(1)
        parts.setChildrenCollapsible(False)
        parts.addWidget(middle)
        parts.addWidget(self._build_feed())
        parts.setSizes([500, 170])
        parts.setStretchFactor(0, 1)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(bar)
        lines.addWidget(parts, 1)
        self.choice.button(0).setChecked(True)

    def _build_feed(self) -> QWidget:
        host = QFrame(self)
        host.setObjectName("roomFeed")
        title = Label(tr("room.feed"), host)
        title.setProperty("kind", "heading")
        self.with_lines = QCheckBox(tr("room.with_lines"), host)
        self.feed = Feed(self.theme, host)
        row = QHBoxLayout()
        row.setContentsMargins(14, 8, 14, 2)
        row.addWidget(title, 1)
        row.addWidget(self.with_lines)
        lines = QVBoxLayout(host)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addLayout(row)
        lines.addWidget(self.feed, 1)
        return host

    # ---- what pages ask for

    def act(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something with the server, say what went wrong, and look at the page again."""
        self._window.scope.spawn(self._act(work), name=tr("verb.server_room"))

    async def _act(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ApiError as error:
            self.say(str(error))
        self._refresh()

    def say(self, sentence: str) -> None:
        """Show a sentence for some seconds."""
        self.said.set_full_text(sentence)
        self._silence.start(_SAID_MS)

    def show_octets(self, octets: bytes) -> None:
        """Show the source of a message in a window of its own."""
        from desktopmail.ui.panels.source import SourceWindow

        source = SourceWindow(self.theme, read_letter(octets))
        self._window.add_window(source)
        source.show()

    def show_page(self, number: int) -> None:
        """Go to a page."""
        self.choice.button(number).setChecked(True)
        self.stack.setCurrentIndex(number)
        self._refresh()

    # ---- the server comes and goes

    async def _attach(self) -> None:
        state = await self._window.door.query(ReadSandbox())
        if isinstance(state, SandboxState) and state.running and state.token is not None:
            self.use(ServerApi(state.api_port, state.token, self))

    def use(self, api: ServerApi) -> None:
        """Show and handle this server."""
        self._leave()
        self.api = api
        api.happened.connect(self._happened)
        api.gone.connect(self._gone)
        api.listen()
        self._show_state()
        self._refresh()

    def _leave(self) -> None:
        api, self.api = self.api, None
        if api is not None:
            api.gone.disconnect(self._gone)
            api.close()

    def _gone(self) -> None:
        self._leave()
        self._show_state()
        self.start_button.setFocus()

    def _start(self) -> None:
        self.start_button.setEnabled(False)
        self.say(tr("first.sandbox_starting"))
        self._window.scope.spawn(self._start_server(), name=tr("room.start"))

    async def _start_server(self) -> None:
        try:
            await self._window.door.command(StartSandbox())
            self.say("")
        except DoorError as error:
            self.say(said_of(error))
        await self._attach()
        self._show_state()

    def _stop(self) -> None:
        if self.api is not None:
            self.act(self.api.send("POST", "/api/server/stop"))

    def _show_state(self) -> None:
        runs = self.api is not None
        self.state.setText(tr("room.runs" if runs else "room.stopped"))
        self.start_button.setEnabled(not runs)
        self.start_button.setVisible(not runs)
        self.stop_button.setVisible(runs)
        self.stack.setVisible(runs)  # what a page showed is not true any more
        self.stopped.setVisible(not runs)
        for button in self.choice.buttons():
            button.setEnabled(runs)

    # ---- what happens

    def _happened(self, event: Event) -> None:
        if event.kind != "transcript" or self.with_lines.isChecked():
            self.feed.tell(event)
        page = self.pages[self.stack.currentIndex()]
        if event.kind in page.kinds and not self._late.isActive():
            self._late.start()

    def _refresh(self) -> None:
        if self.api is not None:
            page = self.pages[self.stack.currentIndex()]
            self._window.scope.spawn(self._look(page, self.api), name=tr("verb.server_room"))

    async def _look(self, page: Page, api: ServerApi) -> None:
        try:
            await page.refresh(api)
        except ApiError as error:
            if api is self.api:  # else it is gone, which is said already
                self.say(str(error))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Listen no longer; the server runs on."""
        self._leave()
        super().closeEvent(event)
