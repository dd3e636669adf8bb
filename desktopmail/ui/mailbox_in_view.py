"""The line of the tree that is chosen: what the list shows, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktopmail.door.rows import Role, View
from desktopmail.ui.models.mailboxes import Node, NodeKind
from desktopmail.ui.panes.list_pane import NOWHERE

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.door.rows import AccountRow, MailboxRow
    from desktopmail.ui.models.mailboxes import MailboxTreeModel
    from desktopmail.ui.panes.list_pane import ListPane
    from desktopmail.ui.panes.sidebar import Sidebar

_OUTGOING = {Role.SENT, Role.DRAFTS, Role.OUTBOX}


class MailboxInView(QObject):
    """Has the list show what is chosen in the tree.

    Signals:
        opened: The title of the line that is shown now.
    """

    opened = Signal(str)

    def __init__(self, sidebar: Sidebar, model: MailboxTreeModel, list_pane: ListPane) -> None:
        super().__init__(sidebar)
        self._sidebar = sidebar
        self._model = model
        self._list_pane = list_pane
        self._node: Node | None = None
        sidebar.chosen.connect(self._open)
        sidebar.chosen_again.connect(self._come_back)

    def choose_first(self) -> None:
        """Open the joined Inbox, else the first Inbox."""
        if self._sidebar.choose(("unified", 0)):
            return
        inboxes = self._model.inboxes()
        if inboxes:
            self._sidebar.choose(("mailbox", inboxes[0]))

    def open_again(self) -> None:
        """Leave a search."""
        if self._node is not None:
            self._open(self._node)

    @property
    def is_outbox(self) -> bool:
        """Whether it is the outbox, which is no list of messages."""
        return self._node is not None and self._node.kind is NodeKind.OUTBOX

    @property
    def view(self) -> View | None:
        """The rows of the line, before any search; None where it has none of its own."""
        return self._model.view_of(self._node) if self._node is not None else None

    @property
    def key(self) -> tuple[str, int]:
        """The key of the line."""
        return self._node.key if self._node is not None else ("", 0)

    @property
    def title(self) -> str:
        """What the line is called."""
        return self._node.title if self._node is not None else ""

    @property
    def mailbox(self) -> MailboxRow | None:
        """The mailbox, as it is now; None where several are joined."""
        if self._node is None or self._node.mailbox is None:
            return None
        return self._model.mailbox(self._node.mailbox.id)

    @property
    def account_id(self) -> AccountId | None:
        """The account whose mailbox it is; None where several are joined."""
        box = self._node.mailbox if self._node is not None else None
        return box.account_id if box is not None else None

    def account(self) -> AccountRow | None:
        """The account whose mailbox it is, else the first."""
        accounts = self._model.accounts
        mine = self.account_id
        found = next((it for it in accounts if it.id == mine), None)
        return found or (accounts[0] if accounts else None)

    def _come_back(self, node: Node) -> None:
        """Leave a search or a conversation for the mailbox it began in."""
        pane = self._list_pane
        if pane.is_search or pane.is_conversation:
            self._open(node)

    def _open(self, node: Node) -> None:
        is_outbox, was_outbox = node.kind is NodeKind.OUTBOX, self.is_outbox
        view = self._model.view_of(node) or NOWHERE  # some hold other mailboxes alone
        self._node = node
        self._model.keep_outbox(is_outbox)
        if was_outbox and not is_outbox:  # its line goes when nothing waits, but not under a click
            QTimer.singleShot(0, self._model, self._model.refresh)
        outgoing = node.mailbox is not None and node.mailbox.role in _OUTGOING
        self._list_pane.show_view(node.title, view, outgoing=outgoing)
        self.opened.emit(node.title)
