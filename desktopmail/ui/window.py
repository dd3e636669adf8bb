"""The main window: a layout of panes, and the desk that verbs act upon.

What follows the person around has a module of its own: `in_view` (the mailbox), `shown` (the
message), `searching`, `history`, `menus`, `place`, `composers`, `trouble`; they know the window,
the window only holds them. It comes in two steps: the tree and the list, which a start waits for,
and all the rest, which `fitting_out` brings in once the list is on the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, Qt, QTimer
from PySide6.QtWidgets import QDialog, QFrame, QMainWindow, QSplitter, QVBoxLayout, QWidget

from desktopmail.ui.language import tr
from desktopmail.ui.mailbox_in_view import MailboxInView
from desktopmail.ui.models.mailboxes import MailboxTreeModel, mailbox_title
from desktopmail.ui.models.messages import MessageListModel
from desktopmail.ui.models.tags import Tags
from desktopmail.ui.pages import Pages
from desktopmail.ui.panes.list_pane import ListPane
from desktopmail.ui.panes.sidebar import Sidebar
from desktopmail.ui.place import Place
from desktopmail.ui.session import SessionKeeper
from desktopmail.ui.status import StatusLine
from desktopmail.ui.toolbar import ToolBar
from desktopmail.ui.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PySide6.QtGui import QCloseEvent

    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.door.interface import Door, DoorError, StoreReader
    from desktopmail.door.rows import AccountRow, MailboxRow, MessageRow, TagRow
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.actions import Actions
    from desktopmail.ui.bridge import Bridge
    from desktopmail.ui.commands.verb import Verb
    from desktopmail.ui.composer.writing import Writing
    from desktopmail.ui.composers import Composers
    from desktopmail.ui.drops import Drops
    from desktopmail.ui.menus import ContextMenus
    from desktopmail.ui.notices.notifications import Notifications
    from desktopmail.ui.panels.outbox import OutboxPane
    from desktopmail.ui.panels.problems import ProblemCards
    from desktopmail.ui.privacy import Privacy
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.pane import ReadingPane
    from desktopmail.ui.reading.saving import AttachmentSaver
    from desktopmail.ui.searching import Searching
    from desktopmail.ui.settings import Settings
    from desktopmail.ui.shown import ShownMessage
    from desktopmail.ui.snackbar import SnackBar
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.trouble import Trouble
    from desktopmail.ui.undo import UndoHistory
    from desktopmail.ui.upkeep import Upkeep
    from desktopmail.ui.warming import Warming


class MainWindow(QMainWindow):
    """Accounts and mailboxes, the message list, the message.

    Args:
        door: The engine.
        make_reader: Opens another connection to the store; searches count on one of their own.
        settings: What the person chose.
        theme: Colours.
        web: Whether QtWebEngine may be used.
        geometry: Where place and size are kept, or None to keep nothing.
        whole: Whether everything is there at once; else who shows it calls `fit_out()` as soon as
            the list is painted, and `begin()` once a loop runs.
    """

    # What fitting_out brings in.
    privacy: Privacy
    trouble: Trouble
    scope: TaskScope
    bridge: Bridge
    composers: Composers
    problems: ProblemCards
    reading: ReadingPane
    actions_by_name: Actions
    snack: SnackBar
    history: UndoHistory
    shown: ShownMessage
    searching: Searching
    warming: Warming
    notifications: Notifications
    upkeep: Upkeep
    menus: ContextMenus
    drops: Drops
    saver: AttachmentSaver

    def __init__(
        self,
        door: Door,
        make_reader: Callable[[], StoreReader],
        settings: Settings,
        theme: Theme,
        *,
        web: bool = True,
        geometry: QSettings | None = None,
        whole: bool = True,
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("desktopmail")
        self.door = door
        self.make_reader = make_reader
        self.settings = settings
        self.theme = theme
        self.reader = make_reader()
        self.uses_web = web
        self.is_whole = False
        self.extra_windows: list[QWidget] = []
        self.outbox: OutboxPane | None = None  # made when it is wanted
        self.targets: list[MailboxId] = []  # where messages were moved or copied to last
        self.on_quit: Callable[[], None] = lambda: None
        self.tree_model = MailboxTreeModel(self.reader)
        self.list_model = MessageListModel(self.reader)
        self.tags = Tags(self)
        self.tags.refresh(self.reader)
        self.list_model.tags = self.tags
        for model in (self.tree_model, self.list_model):
            model.setParent(self)  # a view must never outlive its model
        self._build()
        self.place = Place(self, self._panes, self.messages, self.list_pane.list, geometry, theme)
        self.session = SessionKeeper(self, geometry)
        self._open(is_first=not self.accounts())
        if whole:
            for _ in self.fit_out():
                pass
            self.begin()

    # ---- building

    def _build(self) -> None:
        theme = self.theme
        self.sidebar = Sidebar(self.tree_model, theme)
        self.list_pane = ListPane(self.list_model, theme)
        self.in_view = MailboxInView(self.sidebar, self.tree_model, self.list_pane)
        self.unread = Unread(self)
        self.in_view.opened.connect(self.unread.show_title)
        self.tool_bar = ToolBar(theme)
        self.status_line = StatusLine(theme)
        self.side = side = QFrame()
        side.setObjectName("sidebar")
        side_lines = QVBoxLayout(side)
        side_lines.setContentsMargins(0, 8, 0, 0)
        side_lines.addWidget(self.sidebar)
        side.setMinimumWidth(150)
        right = QWidget()
        self.right_lines = right_lines = QVBoxLayout(right)
        right_lines.setContentsMargins(0, 0, 0, 0)
        right_lines.setSpacing(0)
        blank = QFrame()  # where the message will be
        blank.setObjectName("readingPane")
        self.messages = QSplitter(Qt.Orientation.Horizontal)
        self.messages.setHandleWidth(1)
        self.messages.setChildrenCollapsible(False)
        self.messages.addWidget(self.list_pane)
        self.messages.addWidget(blank)
        self.messages.setStretchFactor(0, 0)
        self.messages.setStretchFactor(1, 1)
        right_lines.addWidget(self.messages, 1)
        self._panes = QSplitter(Qt.Orientation.Horizontal)
        self._panes.setHandleWidth(1)
        self._panes.setChildrenCollapsible(False)
        self._panes.addWidget(side)
        self._panes.addWidget(right)
        self._panes.setStretchFactor(0, 0)
        self._panes.setStretchFactor(1, 1)
        self.pages = Pages(self._panes, theme)
        self.desk_top = central = QWidget()
        lines = QVBoxLayout(central)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        for part in (self.tool_bar, self.pages, self.status_line):
            lines.addWidget(part, 1 if part is self.pages else 0)
        self.setCentralWidget(central)
        self.resize(self.theme.room(1180, 760))

    def _open(self, *, is_first: bool) -> None:
        """Show the list as it was the last time."""
        from desktopmail.ui import look

        look.apply_to_list(self)
        self.place.restore()
        self.pages.follow(has_accounts=not is_first)
        if not self.session.restore():
            self.in_view.choose_first()
        if not is_first:
            self.list_pane.list.setFocus()

    def fit_out(self) -> Iterator[None]:
        """Bring in all the rest, step by step: between two of them the window may be painted."""
        from desktopmail.ui import fitting_out

        yield
        yield from fitting_out.fit_out(self)
        self.is_whole = True

    def begin(self) -> None:
        """The event loop runs: show the message that the cursor rests on."""
        self.shown.follow()
        self.warming.begin()

    # ---- the desk

    def accounts(self) -> Sequence[AccountRow]:
        """All accounts."""
        return self.tree_model.accounts

    def selection(self) -> list[MessageRow]:
        """The messages selected, up to some thousands; of a gathered conversation, all."""
        return self.list_pane.list.chosen()

    def selected_ids(self) -> tuple[PlacementId, ...]:
        """The placements selected, all of them; of a gathered conversation, those in the list."""
        return tuple(self.list_pane.list.chosen_ids())

    async def letter(self) -> tuple[MessageRow, Letter] | None:
        """The one message selected, read whole; None when there is none."""
        return await self.shown.letter()

    async def carry_out(self, command: AnyCommand, done: str = "", note: str = "") -> None:
        """Give a command to the engine; show what was done and how to take it back."""
        await self.history.carry_out(command, done, note)

    async def undo(self) -> None:
        """Take the last command back."""
        await self.history.undo()

    def compose(self, writing: Writing) -> None:
        """Open a window to write in."""
        self.composers.open(writing)

    async def fetch_image(self, url: str) -> tuple[bytes, str]:
        """Fetch a remote image through the engine: (octets, media type).

        Raises:
            DoorError: It did not come.
        """
        from desktopmail.door.queries import FetchRemoteImage, RemoteImage

        answer = await self.door.query(FetchRemoteImage(url=url))
        if not isinstance(answer, RemoteImage):
            raise TypeError(f"The engine answers a request for an image with {answer!r}.")
        return answer.octets, answer.media_type

    def account_in_view(self) -> AccountRow | None:
        """The account whose mailbox is open, else the first."""
        return self.in_view.account()

    async def choose_mailbox(self, title: str) -> MailboxRow | None:
        """Let a person choose a mailbox by typing."""
        from desktopmail.ui import choosing

        return await choosing.choose_mailbox(self, title, self.tree_model.mailboxes_of())

    async def choose_target(self, title: str, rows: Sequence[MessageRow]) -> MailboxRow | None:
        """Let a person choose by typing where messages go."""
        from desktopmail.ui import choosing

        return await choosing.choose_target(self, title, rows)

    def mailbox_in_view(self) -> MailboxRow | None:
        """The mailbox that is open, None where several are joined."""
        return self.in_view.mailbox

    async def choose_tag(self, title: str) -> TagRow | None:
        """Let a person choose a tag by typing, or make one."""
        from desktopmail.ui import choosing

        return await choosing.choose_tag(self, title)

    async def ask_text(
        self, title: str, label: str, *, text: str = "", secret: bool = False
    ) -> str | None:
        """Ask for a line of text; None when the person changed their mind."""
        from desktopmail.ui import asking

        return await asking.ask_text(self, title, label, text=text, secret=secret)

    async def ask_new_secret(self, title: str, label: str, loss: str) -> str | None:
        """Ask twice for a secret that is made; None when the person changed their mind."""
        from desktopmail.ui import asking

        return await asking.ask_new_secret(self, title, label, loss)

    async def confirm(self, question: str, text: str, do: str) -> bool:
        """Ask before something that cannot be taken back."""
        from desktopmail.ui import asking

        return await asking.confirm(self, question, text, do)

    def mailbox_name(self, mailbox_id: MailboxId) -> str:
        """The name of a mailbox as shown."""
        box = self.tree_model.mailbox(mailbox_id)
        return mailbox_title(box) if box is not None else ""

    def say(self, text: str) -> None:
        """Show a sentence in the status line."""
        self.status_line.say(text)

    def reading_is_decided(self) -> None:
        """Do not mark the message shown as read by the clock: a person decided."""
        self.shown.reading_is_decided()

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.tool_bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.tool_bar.search.selectAll()

    def show_view(self, name: str) -> None:
        """Open one of the window's dialogues or panels."""
        from desktopmail.ui.panels import views

        views.show(self, name)

    def apply_look(self) -> None:
        """Bring the window in line with the settings."""
        from desktopmail.ui import look

        look.apply(self)

    def quit(self) -> None:
        """End the program."""
        self.session.keep()
        self.on_quit()

    def run(self, verb: Verb) -> None:
        """Do what a verb does."""
        self.scope.spawn(self._run(verb), name=verb.title)

    async def _run(self, verb: Verb) -> None:
        await verb.do(self)
        self.update_actions()

    def open_link(self, target: str) -> None:
        """Follow a link: addresses open a window to write in, web pages the browser."""
        from desktopmail.ui import links

        links.follow(self, target)

    def leave_list(self, letter: Letter, row: MessageRow | None) -> None:
        """Leave the mailing list of a message that is shown here or in its own window."""
        from desktopmail.ui.commands.unsubscribe import leave

        self.scope.spawn(leave(self, letter.message, row), name=tr("leave.do"))

    def answer_receipt(self, row: MessageRow, send: bool) -> None:
        """Send the receipt that a sender asks for, or never; nothing is sent unasked."""
        from desktopmail.door.commands import AnswerReceipt

        command = AnswerReceipt(placement_id=row.id, send=send)
        self.scope.spawn(
            self.carry_out(command, tr("say.receipt" if send else "say.no_receipt")),
            name=tr("receipt.send"),
        )

    def give_password(self, account_id: int, outgoing: bool) -> None:
        """Let a person give another password for an account: the one that its server refused."""
        from desktopmail.ui.panels import views

        account = next((it for it in self.accounts() if it.id == account_id), None)
        if account is not None:
            dialog = views.edit_account(self, account)
            dialog.passwords.begin(outgoing=outgoing)

    def follow_outbox(self) -> None:
        """Show the outbox in the place of list and message while it is chosen, and no search."""
        wanted = self.in_view.is_outbox and not self.list_pane.is_search
        if wanted and self.outbox is None:
            from desktopmail.ui.panels.outbox import OutboxPane

            self.outbox = OutboxPane(self)
            self.right_lines.addWidget(self.outbox, 1)
        if self.outbox is not None:
            self.outbox.setVisible(wanted)
        self.messages.setVisible(not wanted)

    def send_again(self, account_id: int) -> None:
        """Try again now what waits to go out by an account."""
        self.scope.spawn(self._send_again(account_id), name=tr("problem.retry"))

    async def _send_again(self, account_id: int) -> None:
        from desktopmail.door.commands import RetrySending

        for row in self.reader.sendings():
            if row.account_id == account_id and row.waits_for_retry:
                await self.door.command(RetrySending(sending_id=row.id))

    def add_window(self, extra: QWidget) -> None:
        """Keep another window until it is closed."""
        extra.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.extra_windows.append(extra)
        extra.destroyed.connect(
            lambda: self.extra_windows.remove(extra) if extra in self.extra_windows else None
        )

    def sandbox_starts(self) -> None:
        """The sandbox is being made: do not offer it again."""
        self.actions_by_name["sandbox"].setEnabled(False)
        self.pages.sandbox_starts()

    def sandbox_started(self, problem: DoorError | None = None) -> None:
        """The sandbox is there, or could not be made: then the page says why, and what to do."""
        self.pages.sandbox_started(problem)
        self.update_actions()

    def come_forward(self) -> None:
        """Show the window, whatever it was hidden by."""
        self.show()
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()

    def go_to_message(self, row: MessageRow) -> None:
        """Show a message in its mailbox."""
        if self.list_pane.list.go_to_message(row.id):
            return
        self.sidebar.choose(("mailbox", row.mailbox_id))
        self.list_pane.list.go_to_message(row.id)

    def update_actions(self) -> None:
        """Offer the verbs that can be done now."""
        from desktopmail.ui.models.drafts import is_draft

        selected = self.list_pane.list.selected_count()
        row = self.list_pane.list.current_message() if selected == 1 else None
        self.actions_by_name.update(
            selected=selected,
            draft=row is not None and is_draft(self.reader, row),
            accounts=len(self.accounts()),
            mailbox=self.mailbox_in_view() is not None,
            undo=self.history.what,
        )

    def use_engine(self, door: Door, make_reader: Callable[[], StoreReader]) -> None:
        """Go on with another engine."""
        self.door = door
        self.searching.make_reader = make_reader
        self.reader.close()
        self.reader = make_reader()
        self.tree_model.replace_reader(self.reader)
        self.list_model.replace_reader(self.reader)
        self.tags.refresh(self.reader)
        self.reading.replace_reader(self.reader)
        self.bridge.use(door)
        self.snack.show_text(tr("engine.back"), shown_ms=5_000)

    # ---- place and size, and the end

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The desktop may show larger letters from now on."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.ThemeChange, QEvent.Type.FontChange}:
            QTimer.singleShot(0, self.theme, self.theme.follow_letters)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Keep place and size; windows to write in stay open until they are closed."""
        self.session.keep()
        event.accept()
        if not (self.is_whole and self.notifications.keeps_running):
            self.on_quit()

    async def aclose(self) -> None:
        """End all tasks and leave the store."""
        from desktopmail.tasks import TaskScope

        self.bridge.close()
        await self.notifications.aclose()
        self.warming.close()
        for pane in (self.reading, *self._extra_panes()):
            await pane.aclose()
        for extra in self.extra_windows:
            if (end := getattr(extra, "end", None)) is not None:
                end(self.composers.ends)
        await self.composers.aclose()
        for extra in self.extra_windows:
            extra.close()
        for dialog in self.findChildren(QDialog):
            # What a dialogue is still trying ends before the widgets that it shows it in.
            if isinstance(scope := getattr(dialog, "scope", None), TaskScope):
                await scope.close()
        await self.scope.close()
        self.reader.close()

    def _extra_panes(self) -> list[ReadingPane]:
        from desktopmail.ui.reading.pane import ReadingPane

        return [pane for window in self.extra_windows for pane in window.findChildren(ReadingPane)]
