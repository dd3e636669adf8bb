"""The menus that open at a place of the window: of a mailbox, of a message, of the list's order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from desktopmail.door.commands import LeaveOnServer, SyncAccounts
from desktopmail.door.rows import Column, Kind, Role
from desktopmail.ui.commands.create_mailbox import create
from desktopmail.ui.commands.delete_mailbox import delete
from desktopmail.ui.commands.empty_mailbox import empty
from desktopmail.ui.commands.rename_mailbox import rename
from desktopmail.ui.commands.subscribe_mailbox import subscribe
from desktopmail.ui.commands.tag import homes, stays_here, switch
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.mailboxes import Node, NodeKind
from desktopmail.ui.suggestions import quoted
from desktopmail.ui.theme.icons import tag_icon

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from PySide6.QtGui import QAction

    from desktopmail.door.rows import AccountRow, MailboxRow
    from desktopmail.ui.window import MainWindow


# What an account cannot be without; its engine refuses to delete these.
_KEPT = {Role.INBOX, Role.DRAFTS, Role.SENT, Role.TRASH}


_POLICIES = {"forever": "forever", "days:14": "two_weeks", "until-deleted": "until_deleted"}


class ContextMenus(QObject):
    """Opens them where they are wanted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.sidebar.menu_wanted.connect(self._of_mailbox)
        window.list_pane.list.menu_wanted.connect(self._of_messages)
        window.reading.menu_wanted.connect(self._of_reading)
        self._fill_arrange_menu()
        window.list_pane.tag_button.setMenu(self._filter_menu())

    def _filter_menu(self) -> QMenu:
        """Which tag the list shows alone; filled when it opens."""
        menu = QMenu(self._window)

        def fill() -> None:
            menu.clear()
            for tag in self._window.tags.rows():
                line = menu.addAction(tag_icon(tag.colour), tag.label.replace("&", "&&"))
                line.triggered.connect(lambda _on=False, tag=tag: self._show_tagged(tag.label))

        menu.aboutToShow.connect(fill)
        return menu

    def _show_tagged(self, label: str) -> None:
        field = self._window.tool_bar.search
        field.setText(f"tag:{quoted(label)}")
        field.returnPressed.emit()

    def _of_messages(self, place: QPoint) -> None:
        menu = self._window.actions_by_name.context_menu(self._window)
        menu.addSeparator()
        menu.addMenu(self._tag_menu(menu))
        menu.popup(place)

    def _tag_menu(self, parent: QMenu) -> QMenu:
        """A line for each tag, checked where every selected message has it."""
        window = self._window
        menu = QMenu(tr("tag.menu"), parent)
        chosen, boxes = window.selection(), homes(window)
        for tag in window.tags.rows():
            # What stands behind a tab is shown where shortcuts are.
            here = f"\t{tr('tag.here')}" if stays_here(boxes, tag.name) else ""
            line = menu.addAction(tag_icon(tag.colour), tag.label.replace("&", "&&") + here)
            line.setCheckable(True)
            line.setChecked(bool(chosen) and all(tag.name in row.tags for row in chosen))
            line.setEnabled(bool(chosen))
            line.triggered.connect(
                lambda _on=False, tag=tag: window.scope.spawn(
                    switch(window, tag), name=tr("verb.tag").rstrip("…")
                )
            )
        menu.addSeparator()
        menu.addAction(window.actions_by_name["tag"])
        menu.addAction(window.actions_by_name["no_tags"])
        menu.addAction(window.actions_by_name["tags"])
        return menu

    def _of_reading(self, place: QPoint, link: str) -> None:
        from desktopmail.ui.panels import views

        menu = self._window.actions_by_name.context_menu(self._window)
        views.add_link_actions(self._window, menu, link)
        menu.popup(place)

    def _of_mailbox(self, node: Node, place: QPoint) -> None:
        window = self._window
        menu = QMenu(window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(window.actions_by_name["get_mail"])
        if node.kind is not NodeKind.ACCOUNT:
            menu.addAction(tr("tree.open"), lambda: window.sidebar.choose(node.key))
        if node.key == window.in_view.key:
            menu.addAction(window.actions_by_name["mark_all_read"])
        if node.mailbox is not None:
            self._add_mailbox_actions(menu, node.mailbox)
        elif node.account is not None:
            self._add_account_actions(menu, node.account)
        menu.popup(place)

    def _add_mailbox_actions(self, menu: QMenu, box: MailboxRow) -> None:
        window = self._window

        def add(verb: str, work: Callable[[], Coroutine[Any, Any, None]]) -> QAction:
            title = tr(f"verb.{verb}")
            name = title.rstrip("…")
            return menu.addAction(title, lambda: window.scope.spawn(work(), name=name))

        is_special = box.role in _KEPT
        menu.addSeparator()
        add("create_mailbox", lambda: create(window, box.account_id, box))
        add("rename_mailbox", lambda: rename(window, box)).setEnabled(box.role is not Role.INBOX)
        add("delete_mailbox", lambda: delete(window, box)).setEnabled(not is_special)
        add("empty_mailbox", lambda: empty(window, box)).setEnabled(box.total > 0)
        line = add("subscribe_mailbox", lambda: subscribe(window, box))
        line.setCheckable(True)
        line.setChecked(box.subscribed)

    def _add_account_actions(self, menu: QMenu, account: AccountRow) -> None:
        from desktopmail.ui.panels import views
        from desktopmail.ui.panels.switch import other_kind

        window = self._window
        menu.addAction(
            tr("verb.create_mailbox"),
            lambda: window.scope.spawn(
                create(window, account.id), name=tr("verb.create_mailbox").rstrip("…")
            ),
        )
        menu.addAction(
            tr("tree.sync"), lambda: window.scope.spawn(self._sync(account), name=tr("tree.sync"))
        )
        if account.kind is Kind.POP3:
            menu.addMenu(self._leave_menu(menu, account))
        menu.addAction(tr("verb.edit_account"), lambda: views.edit_account(window, account))
        protocol = other_kind(account.kind).value.upper()
        menu.addAction(
            tr("tree.switch", protocol=protocol), lambda: views.switch_account(window, account)
        )
        menu.addAction(tr("verb.remove_account"), lambda: views.ask_to_remove(window, account))

    def _leave_menu(self, parent: QMenu, account: AccountRow) -> QMenu:
        """How long messages stay at a POP3 server after they were fetched."""
        window = self._window
        menu = QMenu(tr("stays.title"), parent)
        known = {policy: tr(f"stays.{key}") for policy, key in _POLICIES.items()}
        if account.leave and account.leave not in known:
            days = account.leave.removeprefix("days:")
            known[account.leave] = trn("stays.some_days", int(days))
        for policy, title in known.items():
            line = menu.addAction(title)
            line.setCheckable(True)
            line.setChecked(policy == account.leave)
            command = LeaveOnServer(account_id=account.id, policy=policy)
            line.triggered.connect(
                lambda _on=False, command=command, title=title: window.scope.spawn(
                    window.carry_out(command, title), name=title
                )
            )
        return menu

    async def _sync(self, account: AccountRow) -> None:
        await self._window.door.command(SyncAccounts(account_ids=(account.id,), wait=False))

    def _fill_arrange_menu(self) -> None:
        pane = self._window.list_pane
        menu = QMenu(self._window)
        for column in Column:
            order = menu.addAction(tr(f"arrange.{column.value}"))
            order.triggered.connect(partial(self._arrange, column))
        menu.addSeparator()
        menu.addAction(
            tr("arrange.reverse"), lambda: pane.sort(pane.view.column, not pane.view.descending)
        )
        menu.addSeparator()
        for name in ("threads", "table", "compact", "reading_below"):
            menu.addAction(self._window.actions_by_name[name])
        pane.sort_button.setMenu(menu)

    def _arrange(self, column: Column, _checked: bool) -> None:
        self._window.list_pane.sort(column, column is Column.DATE)
