"""Brings in what a window needs beside its tree and its list, once these are on the screen.

It costs more than half of a start: verbs, menus, the message, what asks the engine. Each step takes
less than 50 ms; whoever shows the window lets it be painted between them, and hands it what a
person did meanwhile when all is there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.ui.window import MainWindow


def fit_out(window: MainWindow) -> Iterator[None]:
    """Make the window whole, one step for each `next()`."""
    _keep_up(window)
    yield
    yield from _bring_in_verbs()
    _offer_verbs(window)
    yield
    yield from _bring_in_message()
    _show_message(window)
    yield
    _serve(window)
    _connect(window)
    window.apply_look()
    window.upkeep.accounts_changed()
    window.unread.tell()


def _keep_up(window: MainWindow) -> None:
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.bridge import Bridge
    from desktopmail.ui.composers import Composers
    from desktopmail.ui.privacy import Privacy
    from desktopmail.ui.trouble import Trouble

    window.privacy = Privacy(window.settings)
    window.trouble = Trouble(window)
    window.scope = TaskScope(window.trouble.report)
    window.bridge = Bridge(window.door, window)
    window.composers = Composers(window)


def _bring_in_verbs() -> Iterator[None]:
    from desktopmail.ui import commands  # noqa: F401 - it is the import that takes time

    yield
    from desktopmail.ui import actions, menus  # noqa: F401

    yield


def _offer_verbs(window: MainWindow) -> None:
    from desktopmail.ui.actions import Actions, changed_keys
    from desktopmail.ui.commands.verb import Menu
    from desktopmail.ui.undo import UndoHistory

    window.actions_by_name = actions = Actions(
        window,
        window.theme,
        window,
        window.run,
        changed_keys(window.settings.texts("shortcuts")),
    )
    window.history = UndoHistory(window)
    window.tool_bar.fill(actions)
    for which in Menu:
        window.menuBar().addMenu(actions.menu(which, window.menuBar()))


def _bring_in_message() -> Iterator[None]:
    from desktopmail.ui.reading import content, plain_view  # noqa: F401

    yield
    from desktopmail.ui.reading import pane  # noqa: F401

    yield


def _show_message(window: MainWindow) -> None:
    from desktopmail.ui.panels.problems import ProblemCards
    from desktopmail.ui.reading.pane import ReadingPane
    from desktopmail.ui.snackbar import SnackBar

    window.reading = ReadingPane(
        window.theme,
        window.reader,
        window.privacy,
        web=window.uses_web,
        fetch_image=window.fetch_image,
    )
    blank = window.messages.replaceWidget(1, window.reading)
    window.messages.setStretchFactor(1, 1)
    if blank is not None:
        blank.deleteLater()
    window.problems = ProblemCards(window.theme)
    window.right_lines.insertWidget(0, window.problems)
    window.snack = SnackBar(window.desk_top)
    _order_stops(window)


def _order_stops(window: MainWindow) -> None:
    """Have the Tab key go as one reads: bar, tree, what is over the list, the list, the message."""
    bar, messages, reading = window.tool_bar, window.list_pane, window.reading
    stops = [bar.search, bar.menu_button, window.sidebar]
    stops += [*messages.buttons, *messages.scope_bar.stops]
    stops += [messages.conversation_bar.back, messages.list]
    stops += [reading.header.more_button, reading.plain]
    for before, after in pairwise(stops):
        window.setTabOrder(before, after)


def _serve(window: MainWindow) -> None:
    from desktopmail.ui.drops import Drops
    from desktopmail.ui.menus import ContextMenus
    from desktopmail.ui.notices.notifications import Notifications
    from desktopmail.ui.reading.saving import AttachmentSaver
    from desktopmail.ui.searching import Searching
    from desktopmail.ui.shown import ShownMessage
    from desktopmail.ui.upkeep import Upkeep
    from desktopmail.ui.warming import Warming

    window.shown = ShownMessage(window)
    window.searching = Searching(window, window.make_reader)
    window.menus = ContextMenus(window)
    window.warming = Warming(window)
    window.notifications = Notifications(window)
    window.upkeep = Upkeep(window)
    window.drops = Drops(window)
    window.saver = AttachmentSaver(window, window)
    window.saver.serve(window.reading)


def _connect(window: MainWindow) -> None:
    from desktopmail.ui.commands.answering import answer
    from desktopmail.ui.commands.registry import find_verb
    from desktopmail.ui.language import tr
    from desktopmail.ui.reading.marking import serve_marks

    in_view, reading = window.in_view, window.reading
    window.unread.changed.connect(window.notifications.tray.count)
    window.sidebar.entered.connect(window.list_pane.list.enter)
    in_view.opened.connect(window.searching.begin_at)
    in_view.opened.connect(window.update_actions)
    window.list_pane.view_changed.connect(window.follow_outbox)
    window.follow_outbox()
    if in_view.title:
        window.searching.begin_at(in_view.title)
    window.list_pane.list.selection_changed.connect(window.update_actions)
    window.history.changed.connect(window.update_actions)
    window.pages.account_wanted.connect(lambda: window.show_view("account"))
    window.pages.sandbox_wanted.connect(lambda: window.show_view("sandbox"))
    reading.link_hovered.connect(window.status_line.show_link)
    reading.link_clicked.connect(window.open_link)
    reading.shown.connect(window.update_actions)
    reading.leave_wanted.connect(window.leave_list)
    reading.receipt_answered.connect(window.answer_receipt)
    reading.list_reply_wanted.connect(
        lambda: window.scope.spawn(answer(window, "reply_list"), name=tr("verb.reply_list"))
    )
    reading.edit_wanted.connect(lambda: window.run(find_verb("edit_draft")))
    serve_marks(window, reading)
    window.status_line.activity_wanted.connect(lambda: window.show_view("activity"))
    window.problems.password_wanted.connect(window.give_password)
    window.problems.sending_wanted.connect(window.send_again)
    window.problems.unlocking_wanted.connect(lambda: window.run(find_verb("open_vault")))
