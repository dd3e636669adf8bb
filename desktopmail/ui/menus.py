"""The menus that open at a place of the window: of a mailbox, of a message, of the list's order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from desktopmail.door.commands import SyncAccounts
from desktopmail.door.rows import Column
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import Node, NodeKind

if TYPE_CHECKING:
    from desktopmail.door.rows import AccountRow
    from desktopmail.ui.window import MainWindow


class ContextMenus(QObject):
    """Opens them where they are wanted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.sidebar.menu_wanted.connect(self._of_mailbox)
        window.list_pane.list.menu_wanted.connect(self._of_messages)
        window.reading.menu_wanted.connect(self._of_reading)
        self._fill_arrange_menu()

    def _of_messages(self, place: QPoint) -> None:
        self._window.actions_by_name.context_menu(self._window).popup(place)

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
            menu.addAction(window.actions_by_name["mark_all_read"])
        elif node.account is not None:
            self._add_account_actions(menu, node.account)
        menu.popup(place)

    def _add_account_actions(self, menu: QMenu, account: AccountRow) -> None:
        from desktopmail.ui.panels import views
        from desktopmail.ui.panels.switch import other_kind

        window = self._window
        menu.addAction(
            tr("tree.sync"), lambda: window.scope.spawn(self._sync(account), name=tr("tree.sync"))
        )
        protocol = other_kind(account.kind).value.upper()
        menu.addAction(
            tr("tree.switch", protocol=protocol), lambda: views.switch_account(window, account)
        )
        menu.addAction(tr("tree.remove"), lambda: views.ask_to_remove(window, account))

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
