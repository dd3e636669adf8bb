"""The main window: a layout of panes, and the desk that verbs act upon.

What follows the person around has a module of its own: `shown` (the message), `searching`, `undo`,
`menus`, `place`; they know the window, the window only holds them.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import (
    AnswerReceipt,
    AnyCommand,
    CopyMessages,
    MoveMessages,
    StoreFlags,
)
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.queries import FetchRemoteImage, RemoteImage
from desktopmail.door.rows import Flag, Role, TagRow, View
from desktopmail.ui import asking, choosing
from desktopmail.ui.actions import Actions, changed_keys
from desktopmail.ui.bridge import Bridge, Gathered
from desktopmail.ui.commands.unsubscribe import leave
from desktopmail.ui.commands.verb import Menu, Verb
from desktopmail.ui.dates import until_midnight
from desktopmail.ui.language import tr, trn
from desktopmail.ui.menus import ContextMenus
from desktopmail.ui.models.mailboxes import (
    MailboxTreeModel,
    Node,
    NodeKind,
    mailbox_title,
)
from desktopmail.ui.models.messages import MessageListModel
from desktopmail.ui.models.tags import Tags
from desktopmail.ui.notifications import Notifications
from desktopmail.ui.panels.problems import ProblemCards
from desktopmail.ui.panes.list_pane import ListPane
from desktopmail.ui.panes.sidebar import Sidebar
from desktopmail.ui.place import Place
from desktopmail.ui.privacy import Privacy
from desktopmail.ui.reading.pane import ReadingPane
from desktopmail.ui.reading.saving import AttachmentSaver
from desktopmail.ui.searching import Searching
from desktopmail.ui.sentences import said_of
from desktopmail.ui.session import SessionKeeper
from desktopmail.ui.shown import ShownMessage
from desktopmail.ui.snackbar import SnackBar
from desktopmail.ui.status import StatusLine
from desktopmail.ui.tasks import TaskScope
from desktopmail.ui.theme.theme import Scheme, Theme
from desktopmail.ui.toolbar import ToolBar
from desktopmail.ui.undo import UndoHistory
from desktopmail.ui.warming import Warming

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.door.interface import Door, StoreReader
    from desktopmail.door.rows import AccountRow, MailboxRow, MessageRow
    from desktopmail.mime.compose import Draft
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.panels.first_run import FirstRun
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.settings import Settings

_OUTGOING = {Role.SENT, Role.DRAFTS, Role.OUTBOX}


class MainWindow(QMainWindow):
    """Accounts and mailboxes, the message list, the message.

    Args:
        door: The engine.
        make_reader: Opens another connection to the store; searches count on one of their own.
        settings: What the person chose.
        theme: Colours.
        web: Whether QtWebEngine may be used.
        geometry: Where place and size are kept, or None to keep nothing.
    """

    def __init__(
        self,
        door: Door,
        make_reader: Callable[[], StoreReader],
        settings: Settings,
        theme: Theme,
        *,
        web: bool = True,
        geometry: QSettings | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("desktopmail")
        self.door = door
        self.settings = settings
        self.theme = theme
        self.reader = make_reader()
        self.uses_web = web
        self.privacy = Privacy(settings)
        self.scope = TaskScope(self._report)
        self.bridge = Bridge(door, self)
        self.bridge.changed.connect(self._store_changed)
        self._shown_node: Node | None = None
        self.composers: list[ComposeWindow] = []
        self.extra_windows: list[QWidget] = []
        self.on_quit: Callable[[], None] = lambda: None
        self._tree_model = MailboxTreeModel(self.reader)
        self._list_model = MessageListModel(self.reader)
        self.tags = Tags(self)
        self.tags.refresh(self.reader)
        self._list_model.tags = self.tags
        for model in (self._tree_model, self._list_model):
            model.setParent(self)  # a view must never outlive its model
        self._build()
        self.history = UndoHistory(self)
        self.shown = ShownMessage(self)
        self.searching = Searching(self, make_reader)
        self.menus = ContextMenus(self)
        self.place = Place(self, self._panes, self._messages, geometry)
        self.session = SessionKeeper(self, geometry)
        self.warming = Warming(self)
        self._connect()
        self.notifications = Notifications(self)
        self.apply_look()
        self.place.restore()
        self._accounts_changed()
        if not self.session.restore():
            self.choose_first()
        if self.uses_web:
            self.warming.begin()

    # ---- building

    def _build(self) -> None:
        theme = self.theme
        self.sidebar = Sidebar(self._tree_model, theme)
        self.list_pane = ListPane(self._list_model, theme)
        self.reading = ReadingPane(
            theme, self.reader, self.privacy, web=self.uses_web, fetch_image=self.fetch_image
        )
        self.actions_by_name = Actions(
            self, theme, self, self.run, changed_keys(self.settings.texts("shortcuts"))
        )
        self.tool_bar = ToolBar(self.actions_by_name, theme)
        self.status_line = StatusLine(theme)
        side = QFrame()
        side.setObjectName("sidebar")
        side_lines = QVBoxLayout(side)
        side_lines.setContentsMargins(0, 8, 0, 0)
        side_lines.addWidget(self.sidebar)
        side.setMinimumWidth(150)
        self._side = side
        self.problems = ProblemCards(theme)
        right = QWidget()
        right_lines = QVBoxLayout(right)
        right_lines.setContentsMargins(0, 0, 0, 0)
        right_lines.setSpacing(0)
        right_lines.addWidget(self.problems)
        self._messages = QSplitter(Qt.Orientation.Horizontal)
        self._messages.setHandleWidth(1)
        self._messages.setChildrenCollapsible(False)
        self._messages.addWidget(self.list_pane)
        self._messages.addWidget(self.reading)
        self._messages.setStretchFactor(0, 0)
        self._messages.setStretchFactor(1, 1)
        right_lines.addWidget(self._messages, 1)
        self._panes = QSplitter(Qt.Orientation.Horizontal)
        self._panes.setHandleWidth(1)
        self._panes.setChildrenCollapsible(False)
        self._panes.addWidget(side)
        self._panes.addWidget(right)
        self._panes.setStretchFactor(0, 0)
        self._panes.setStretchFactor(1, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._panes)
        self._first_run: FirstRun | None = None
        self.desk_top = central = QWidget()
        lines = QVBoxLayout(central)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        for part in (self.tool_bar, self._pages, self.status_line):
            lines.addWidget(part, 1 if part is self._pages else 0)
        self.setCentralWidget(central)
        self.snack = SnackBar(central)
        for which in Menu:
            self.menuBar().addMenu(self.actions_by_name.menu(which, self.menuBar()))
        self.setTabOrder(self.tool_bar.search, self.sidebar)
        self.setTabOrder(self.sidebar, self.list_pane.list)
        self.setTabOrder(self.list_pane.list, self.reading.plain)
        self.resize(QSize(1180, 760))

    def _connect(self) -> None:
        self.sidebar.chosen.connect(self._open_node)
        self._tree_model.dropped.connect(self._dropped)
        messages = self.list_pane.list
        messages.selection_changed.connect(self._update_actions)
        messages.star_clicked.connect(self._star_clicked)
        self.history.changed.connect(self._update_actions)
        self.tags.changed.connect(self._tags_changed)
        self._tags_changed()
        self.reading.link_hovered.connect(self.status_line.show_link)
        self.reading.link_clicked.connect(self.open_link)
        self.reading.shown.connect(self._update_actions)
        self.reading.leave_wanted.connect(self.leave_list)
        self.reading.receipt_answered.connect(self.answer_receipt)
        self._saver = AttachmentSaver(self, self)
        self._saver.serve(self.reading)
        self.status_line.activity_wanted.connect(lambda: self.show_view("activity"))
        self.problems.setup_wanted.connect(lambda: self.show_view("account"))
        self._midnight = QTimer(self)  # "today" is no longer true then
        self._midnight.setSingleShot(True)
        self._midnight.timeout.connect(self._new_day)
        self._new_day()

    # ---- the desk

    def accounts(self) -> Sequence[AccountRow]:
        """All accounts."""
        return self._tree_model.accounts

    def selection(self) -> list[MessageRow]:
        """The messages selected, up to some thousands."""
        rows = self.list_pane.list.selected_rows()[:5_000]
        return self._list_model.messages(rows)

    def selected_ids(self) -> tuple[PlacementId, ...]:
        """The placements selected, all of them."""
        return tuple(self.list_pane.list.selected_ids())

    async def letter(self) -> tuple[MessageRow, Letter] | None:
        """The one message selected, read whole; None when there is none."""
        return await self.shown.letter()

    async def carry_out(self, command: AnyCommand, done: str = "") -> None:
        """Give a command to the engine; show what was done and how to take it back."""
        await self.history.carry_out(command, done)

    async def undo(self) -> None:
        """Take the last command back."""
        await self.history.undo()

    def compose(
        self,
        draft: Draft | None = None,
        *,
        account: AccountRow | None = None,
        answers: PlacementId | None = None,
        forwards: bool = False,
        replaces: PlacementId | None = None,
        recovered: str = "",
    ) -> None:
        """Open a window to write in."""
        from desktopmail.ui.composer.window import ComposeWindow

        window = ComposeWindow(
            self,
            draft=draft,
            account=account or self.account_in_view(),
            answers=answers,
            forwards=forwards,
            replaces=replaces,
            recovered=recovered,
        )
        self.composers.append(window)
        window.closed.connect(lambda: self.composers.remove(window))
        window.show()

    def restore_unsent(self) -> None:
        """Open what was being written when the program ended without saying so."""
        if self.settings.folder is not None and (self.settings.folder / "unsent").is_dir():
            self.scope.spawn(self._restore_unsent(), name=tr("task.open_draft"))

    async def _restore_unsent(self) -> None:
        from desktopmail.ui.composer.recovery import Recovery

        recovery = Recovery.of_profile(self.settings.folder)
        left = await asyncio.get_running_loop().run_in_executor(None, recovery.left)
        for key, draft, placed in left:
            self.compose(
                draft,
                account=next((it for it in self.accounts() if it.id == placed.account_id), None),
                answers=placed.answers,
                forwards=placed.forwards,
                replaces=placed.replaces,
                recovered=key,
            )
        if left:
            self.snack.show_text(trn("say.restored", len(left)))

    async def fetch_image(self, url: str) -> tuple[bytes, str]:
        """Fetch a remote image through the engine: (octets, media type).

        Raises:
            DoorError: It did not come.
        """
        answer = await self.door.query(FetchRemoteImage(url=url))
        if not isinstance(answer, RemoteImage):
            raise TypeError(f"The engine answers a request for an image with {answer!r}.")
        return answer.octets, answer.media_type

    def account_in_view(self) -> AccountRow | None:
        """The account whose mailbox is open, else the first."""
        accounts = self.accounts()
        node = self._shown_node
        if node is not None and node.mailbox is not None:
            for account in accounts:
                if account.id == node.mailbox.account_id:
                    return account
        return accounts[0] if accounts else None

    async def choose_mailbox(self, title: str) -> MailboxRow | None:
        """Let a person choose a mailbox by typing."""
        return await choosing.choose_mailbox(self, title, self._tree_model.mailboxes_of())

    def mailbox_in_view(self) -> MailboxRow | None:
        """The mailbox that is open, None where several are joined."""
        node = self._shown_node
        if node is None or node.mailbox is None:
            return None
        return self._tree_model.mailbox(node.mailbox.id)

    async def choose_tag(self, title: str) -> TagRow | None:
        """Let a person choose a tag by typing, or make one."""
        return await choosing.choose_tag(self, title)

    async def ask_text(
        self, title: str, label: str, *, text: str = "", secret: bool = False
    ) -> str | None:
        """Ask for a line of text; None when the person changed their mind."""
        return await asking.ask_text(self, title, label, text=text, secret=secret)

    async def confirm(self, question: str, text: str, do: str) -> bool:
        """Ask before something that cannot be taken back."""
        return await asking.confirm(self, question, text, do)

    def mailbox_name(self, mailbox_id: MailboxId) -> str:
        """The name of a mailbox as shown."""
        box = self._tree_model.mailbox(mailbox_id)
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
        settings = self.settings
        scheme = Scheme(settings.text("theme"))
        if scheme is not self.theme.scheme:
            self.theme.choose(scheme)
        self.list_pane.list.show_as(
            cards=settings.text("list_style") == "cards",
            compact=settings.text("density") == "compact",
        )
        stacked = settings.text("layout") == "stacked"
        self.place.lay_out(Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal)
        self._side.setVisible(settings.flag("sidebar"))
        self.menuBar().setVisible(settings.flag("menu_bar"))
        self.reading.prefer_text(settings.flag("prefer_text"))
        self.reading.use_original_colours(settings.flag("original_colours"))
        self.reading.fold_quotes(settings.flag("fold_quotes"))
        if self.list_pane.threads != settings.flag("threads"):
            self.list_pane.set_threads(settings.flag("threads"))
        self.notifications.apply()
        self._update_actions()

    def quit(self) -> None:
        """End the program."""
        self.session.keep()
        self.on_quit()

    def run(self, verb: Verb) -> None:
        """Do what a verb does."""
        self.scope.spawn(self._run(verb), name=verb.title)

    async def _run(self, verb: Verb) -> None:
        await verb.do(self)
        self._update_actions()

    # ---- what is shown

    def choose_first(self) -> None:
        """Open the joined Inbox, else the first Inbox."""
        if self.sidebar.choose(("unified", 0)):
            return
        inboxes = self._tree_model.inboxes()
        if inboxes:
            self.sidebar.choose(("mailbox", inboxes[0]))

    def shown_view(self) -> View | None:
        """The rows of the line chosen in the tree, before any search."""
        return self._tree_model.view_of(self._shown_node) if self._shown_node is not None else None

    def sidebar_key(self) -> tuple[str, int]:
        """The key of the line chosen in the tree."""
        return self._shown_node.key if self._shown_node is not None else ("", 0)

    def shown_title(self) -> str:
        """What the line chosen in the tree is called."""
        return self._shown_node.title if self._shown_node is not None else ""

    def shown_account_id(self) -> AccountId | None:
        """The account whose mailbox is chosen in the tree; None where several are joined."""
        box = self._shown_node.mailbox if self._shown_node is not None else None
        return box.account_id if box is not None else None

    def open_shown_again(self) -> None:
        """Leave a search."""
        if self._shown_node is not None:
            self._open_node(self._shown_node)

    def _open_node(self, node: Node) -> None:
        if node.kind is NodeKind.OUTBOX:
            self.show_view("activity")
            return
        view = self._tree_model.view_of(node)
        if view is None:
            return
        self._shown_node = node
        outgoing = node.mailbox is not None and node.mailbox.role in _OUTGOING
        self.list_pane.show_view(node.title, view, outgoing=outgoing)
        self.setWindowTitle(f"{node.title} – desktopmail")
        self.searching.begin_at(node.title)
        self._update_actions()

    def _star_clicked(self, row: MessageRow) -> None:
        if row.flags & Flag.FLAGGED:
            command = StoreFlags(placement_ids=(row.id,), remove=Flag.FLAGGED)
        else:
            command = StoreFlags(placement_ids=(row.id,), add=Flag.FLAGGED)
        self.scope.spawn(self.carry_out(command), name=tr("verb.star"))

    def _dropped(self, ids: Sequence[PlacementId], mailbox_id: MailboxId, copy: bool) -> None:
        name = self.mailbox_name(mailbox_id)
        placements = tuple(ids)
        command: AnyCommand
        if copy:
            command = CopyMessages(placement_ids=placements, mailbox_id=mailbox_id)
        else:
            command = MoveMessages(placement_ids=placements, mailbox_id=mailbox_id)
        done = trn("done.copied" if copy else "done.moved", len(placements), mailbox=name)
        self.scope.spawn(self.carry_out(command, done), name=done)

    def open_link(self, target: str) -> None:
        """Follow a link: addresses open a window to write in, web pages the browser."""
        url = QUrl(target)
        if url.scheme() == "mailto":
            from desktopmail.mime import mailto

            self.compose(mailto.parse(target))
        elif url.scheme() in {"http", "https", "ftp"}:
            QDesktopServices.openUrl(url)
        else:
            self.say(tr("say.link_refused", scheme=url.scheme()))

    def leave_list(self, letter: Letter, row: MessageRow | None) -> None:
        """Leave the mailing list of a message that is shown here or in its own window."""
        self.scope.spawn(leave(self, letter.message, row), name=tr("leave.do"))

    def answer_receipt(self, row: MessageRow, send: bool) -> None:
        """Send the receipt that a sender asks for, or never; nothing is sent unasked."""
        command = AnswerReceipt(placement_id=row.id, send=send)
        self.scope.spawn(
            self.carry_out(command, tr("say.receipt" if send else "say.no_receipt")),
            name=tr("receipt.send"),
        )

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
        if self._first_run is not None:
            self._first_run.show_problem(None)
            self._first_run.setEnabled(False)

    def sandbox_started(self, problem: DoorError | None = None) -> None:
        """The sandbox is there, or could not be made: then the page says why, and what to do."""
        if self._first_run is not None:
            self._first_run.setEnabled(True)
            self._first_run.show_problem(problem)
        self._update_actions()

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

    # ---- keeping up

    def _store_changed(self, gathered: Gathered) -> None:
        if gathered.tree:
            self._tree_model.refresh()
            self._accounts_changed()
        if gathered.tags:
            self.tags.refresh(self.reader)
        if gathered.progress:
            self.status_line.show_progress(gathered.progress)
        if gathered.problems or gathered.questions or gathered.tree:
            self._show_problems()
        if gathered.mailboxes is None or gathered.touches(self.list_pane.view.mailbox_ids):
            self.list_pane.list.refresh()
            self.shown.forget_what_left()
        if gathered.arrived:
            self.notifications.tell(gathered.arrived)
        self._update_actions()

    def _tags_changed(self) -> None:
        self.actions_by_name.name_tags([tag.label for tag in self.tags.numbered()])
        self.list_pane.list.viewport().update()

    def _accounts_changed(self) -> None:
        accounts = self.accounts()
        self.status_line.show_accounts(accounts, datetime.now(UTC).astimezone())
        if not accounts and self._first_run is None:
            from desktopmail.ui.panels.first_run import FirstRun

            self._first_run = FirstRun(self.theme)
            self._first_run.account_wanted.connect(lambda: self.show_view("account"))
            self._first_run.sandbox_wanted.connect(lambda: self.show_view("sandbox"))
            self._pages.addWidget(self._first_run)
        page = self._first_run if not accounts and self._first_run is not None else self._panes
        if self._pages.currentWidget() is not page:
            self._pages.setCurrentWidget(page)
            if accounts:
                self.choose_first()
        self._update_actions()

    def _show_problems(self) -> None:
        problems, questions = self.reader.problems(), self.reader.questions()
        self.problems.show_them(problems, questions, self.door, self.scope)
        self.status_line.show_problems(len(problems))

    def _update_actions(self) -> None:
        self.actions_by_name.update(
            selected=self.list_pane.list.selected_count(),
            accounts=len(self.accounts()),
            mailbox=self.mailbox_in_view() is not None,
            undo=self.history.what,
        )

    def _new_day(self) -> None:
        self.list_pane.list.viewport().update()
        left = until_midnight(datetime.now(UTC).astimezone())
        self._midnight.start(max(int(left.total_seconds() * 1_000), 1_000))

    def _report(self, name: str, error: Exception) -> None:
        """Show the error of a task: one sentence, and what to do."""
        if isinstance(error, EngineGoneError):
            self.status_line.forget_progress()
            self.snack.show_text(tr("engine.gone_during", what=name))
        elif isinstance(error, DoorError):
            self.snack.show_text(said_of(error), shown_ms=12_000)
        else:
            self.snack.show_text(
                tr("error.unexpected", what=name, error=str(error)), shown_ms=15_000
            )
            loop = asyncio.get_running_loop()
            loop.call_exception_handler({"message": f"{name} failed", "exception": error})

    # ---- the engine's end

    def engine_gone(self) -> None:
        """Say that the engine ended and is started again."""
        self.status_line.forget_progress()
        self.snack.show_text(tr("engine.gone"), shown_ms=60_000)

    def engine_failed(self, error: DoorError) -> None:
        """Say that the engine cannot be started again; what is in the store can still be read."""
        self.snack.hide()
        self.problems.show_fixed(tr("engine.failed"), said_of(error))

    def use_engine(self, door: Door, make_reader: Callable[[], StoreReader]) -> None:
        """Go on with another engine."""
        self.door = door
        self.searching.make_reader = make_reader
        self.reader.close()
        self.reader = make_reader()
        self._tree_model.replace_reader(self.reader)
        self._list_model.replace_reader(self.reader)
        self.tags.refresh(self.reader)
        self.reading.replace_reader(self.reader)
        self.bridge.use(door)
        self.snack.show_text(tr("engine.back"), shown_ms=5_000)

    # ---- place and size, and the end

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Keep place and size; windows to write in stay open until they are closed."""
        self.session.keep()
        event.accept()
        if not self.notifications.keeps_running:
            self.on_quit()

    async def aclose(self) -> None:
        """End all tasks and leave the store."""
        self.bridge.close()
        self.notifications.close()
        self.warming.close()
        for pane in (self.reading, *self._extra_panes()):
            await pane.aclose()
        for composer in tuple(self.composers):
            await composer.aclose(at_once=True)
        for window in self.extra_windows:
            window.close()
        await self.scope.close()
        self.reader.close()

    def _extra_panes(self) -> list[ReadingPane]:
        return [pane for window in self.extra_windows for pane in window.findChildren(ReadingPane)]
