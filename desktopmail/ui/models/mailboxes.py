"""The tree on the left: the joined Inbox, the Outbox, then each account with its mailboxes."""

from __future__ import annotations

import enum
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from desktopmail.door.rows import AccountRow, ConnectionState, MailboxRow, Role, View
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models import outbox
from desktopmail.ui.models.mailbox_drag import (
    MAILBOX_MIME,
    can_be_dragged,
    path_at,
    read_mailbox,
    write_mailbox,
)
from desktopmail.ui.models.message_drag import PLACEMENTS_MIME, read_placements
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.door.interface import StoreReader

Index = QModelIndex | QPersistentModelIndex

ICONS = {
    Role.INBOX: "inbox",
    Role.DRAFTS: "drafts",
    Role.SENT: "sent",
    Role.ARCHIVE: "archive",
    Role.JUNK: "junk",
    Role.TRASH: "trash",
    Role.ALL: "mail",
    Role.OUTBOX: "outbox",
    Role.NONE: "folder",
}
_ORDER = {
    role: place
    for place, role in enumerate(
        (Role.INBOX, Role.DRAFTS, Role.SENT, Role.ARCHIVE, Role.NONE, Role.ALL, Role.JUNK)
    )
} | {Role.TRASH: 99}


class NodeKind(enum.Enum):
    """What a line of the tree stands for."""

    UNIFIED = enum.auto()
    FLAGGED = enum.auto()
    OUTBOX = enum.auto()
    ACCOUNT = enum.auto()
    MAILBOX = enum.auto()


@dataclass(slots=True, eq=False)
class Node:
    """One line of the tree."""

    kind: NodeKind
    title: str
    icon: str
    parent: Node | None = None
    row: int = 0
    unread: int = 0
    total: int = 0
    account: AccountRow | None = None
    mailbox: MailboxRow | None = None
    children: list[Node] = field(default_factory=list)
    number: int = 0  # what the indexes carry: a number cannot dangle as a pointer can

    @property
    def key(self) -> tuple[str, int]:
        """What stays the same when the tree is read again."""
        if self.mailbox is not None:
            return ("mailbox", self.mailbox.id)
        if self.account is not None:
            return ("account", self.account.id)
        return (self.kind.name.lower(), 0)

    def add(self, child: Node) -> None:
        """Append a child."""
        child.parent = self
        child.row = len(self.children)
        self.children.append(child)

    def shape(self) -> tuple[object, ...]:
        """What must be equal for the tree to keep its indexes."""
        return (self.key, tuple(child.shape() for child in self.children))


class MailboxTreeModel(QAbstractItemModel):
    """Accounts and mailboxes with their unread counts.

    Signals:
        dropped: Placements were dropped on a mailbox (placements, mailbox id, whether to copy).
        mailbox_dropped: A mailbox was dropped into another, or on the top (mailbox id, new path).

    Attributes:
        store_trouble: What keeps the store from being written now, in a sentence; else empty.
    """

    dropped = Signal(object, object, bool)
    mailbox_dropped = Signal(object, str)
    NodeRole = Qt.ItemDataRole.UserRole + 1

    def __init__(self, reader: StoreReader) -> None:
        super().__init__()
        self._reader = reader
        self._numbers = itertools.count(1)
        self._keeps_outbox = False
        self.store_trouble = ""
        self._by_number: dict[int, Node] = {}
        self._root = self._read()
        self._number_all()

    # ---- reading the store

    def replace_reader(self, reader: StoreReader) -> None:
        """Read from a new connection (after the engine was started again)."""
        self._reader = reader
        self.refresh()

    def keep_outbox(self, kept: bool) -> None:
        """Whether there is a line for the outbox also when nothing waits: while it is chosen."""
        self._keeps_outbox = kept

    def refresh(self) -> None:
        """Read accounts and counts again; indexes stay unless something came or went."""
        new_root = self._read()
        if new_root.shape() == self._root.shape():
            self._take_over(self._root, new_root)
            return
        self.beginResetModel()
        self._root = new_root
        self._number_all()
        self.endResetModel()

    def _number_all(self) -> None:
        self._by_number.clear()
        waiting = list(self._root.children)
        while waiting:
            node = waiting.pop()
            node.number = next(self._numbers)
            self._by_number[node.number] = node
            waiting.extend(node.children)

    def _take_over(self, old: Node, new: Node, parent: Index | None = None) -> None:
        parent = QModelIndex() if parent is None else parent
        for mine, fresh in zip(old.children, new.children, strict=True):
            mine.title, mine.unread, mine.total = fresh.title, fresh.unread, fresh.total
            mine.account, mine.mailbox, mine.icon = fresh.account, fresh.mailbox, fresh.icon
            self._take_over(mine, fresh, self.index(mine.row, 0, parent))
        if old.children:
            self.dataChanged.emit(
                self.index(0, 0, parent), self.index(len(old.children) - 1, 0, parent)
            )

    def _read(self) -> Node:
        accounts = [self._as_it_is(account) for account in self._reader.accounts()]
        mailboxes = self._reader.mailboxes()
        root = Node(NodeKind.ACCOUNT, "", "")
        inboxes = [mailbox for mailbox in mailboxes if mailbox.role is Role.INBOX]
        if len(accounts) > 1:
            root.add(
                Node(
                    NodeKind.UNIFIED,
                    tr("tree.all_inboxes"),
                    "unified",
                    unread=sum(mailbox.unread for mailbox in inboxes),
                    total=sum(mailbox.total for mailbox in inboxes),
                )
            )
        if accounts:
            root.add(Node(NodeKind.FLAGGED, tr("tree.flagged"), "star"))
            count = len(outbox.waiting(self._reader))
            if count or self._keeps_outbox:
                root.add(Node(NodeKind.OUTBOX, tr("tree.outbox"), "outbox", unread=count))
        for account in accounts:
            own = [mailbox for mailbox in mailboxes if mailbox.account_id == account.id]
            root.add(_account_node(account, own))
        return root

    def _as_it_is(self, account: AccountRow) -> AccountRow:
        """An account, with what cannot be written down: that nothing can be."""
        if not self.store_trouble or account.state is ConnectionState.OFFLINE:
            return account
        return msgspec.structs.replace(
            account, state=ConnectionState.FAILED, problem=self.store_trouble
        )

    # ---- asking the tree

    @property
    def accounts(self) -> list[AccountRow]:
        """The accounts as last read."""
        return [node.account for node in self._root.children if node.account is not None]

    def node(self, index: Index) -> Node | None:
        """The line at an index."""
        if not index.isValid():
            return None
        return self._by_number.get(index.internalId())

    def view_of(self, node: Node) -> View | None:
        """The rows a line stands for, or None where it has none of its own."""
        match node.kind:
            case NodeKind.UNIFIED:
                return View(mailbox_ids=self.inboxes())
            case NodeKind.FLAGGED:
                return View(flagged_only=True)
            case NodeKind.MAILBOX if node.mailbox is not None:
                return View(mailbox_ids=(node.mailbox.id,)) if node.mailbox.selectable else None
            case NodeKind.ACCOUNT | NodeKind.OUTBOX | NodeKind.MAILBOX:
                return None

    def inboxes(self) -> tuple[MailboxId, ...]:
        """The Inbox of each account."""
        return tuple(box.id for box in self._all_mailboxes() if box.role is Role.INBOX)

    def unread(self) -> int:
        """How many messages are unread in the Inboxes."""
        return sum(box.unread for box in self._all_mailboxes() if box.role is Role.INBOX)

    def find(self, key: tuple[str, int]) -> QModelIndex:
        """The index of a line by its key, invalid when it is gone."""

        def search(node: Node, parent: QModelIndex) -> QModelIndex:
            for child in node.children:
                index = self.index(child.row, 0, parent)
                if child.key == key:
                    return index
                found = search(child, index)
                if found.isValid():
                    return found
            return QModelIndex()

        return search(self._root, QModelIndex())

    def mailbox(self, mailbox_id: MailboxId) -> MailboxRow | None:
        """A mailbox by its id."""
        return next((box for box in self._all_mailboxes() if box.id == mailbox_id), None)

    def mailboxes_of(self, account_id: AccountId | None = None) -> list[MailboxRow]:
        """The selectable mailboxes of one account or of all, in the order of the tree."""
        return [
            box
            for box in self._all_mailboxes()
            if box.selectable and account_id in (None, box.account_id)
        ]

    def _all_mailboxes(self) -> list[MailboxRow]:
        found: list[MailboxRow] = []

        def collect(node: Node) -> None:
            if node.mailbox is not None:
                found.append(node.mailbox)
            for child in node.children:
                collect(child)

        collect(self._root)
        return found

    # ---- QAbstractItemModel

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        """See QAbstractItemModel."""
        node = self._root if parent is None else (self.node(parent) or self._root)
        if column != 0 or not 0 <= row < len(node.children):
            return QModelIndex()
        return self.createIndex(row, 0, node.children[row].number)

    def parent(self, index: Index | None = None) -> Any:  # noqa: ANN401 - Qt overloads it
        """See QAbstractItemModel; without an index, QObject's parent."""
        if index is None:
            return super().parent()
        node = self.node(index)
        if node is None or node.parent is None or node.parent is self._root:
            return QModelIndex()
        return self.createIndex(node.parent.row, 0, node.parent.number)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        if parent is not None and parent.isValid() and parent.column() > 0:
            return 0
        node = self._root if parent is None else (self.node(parent) or self._root)
        return len(node.children)

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: N802, ARG002 - Qt's name
        """See QAbstractItemModel."""
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - by role
        """See QAbstractItemModel."""
        node = self.node(index)
        if node is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return node.title
            case self.NodeRole:
                return node
            case Qt.ItemDataRole.ToolTipRole:
                return self._tool_tip(node)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{node.title}, {trn('tree.unread', node.unread)}"
            case _:
                return None

    def _tool_tip(self, node: Node) -> str:
        if node.kind is NodeKind.ACCOUNT and node.account is not None:
            return said(node.account.problem or "") or node.account.address
        if node.mailbox is not None:
            counts = trn("tree.unread", node.mailbox.unread)
            return f"{node.mailbox.path}\n{trn('tree.messages', node.mailbox.total)}, {counts}"
        return node.title

    def flags(self, index: Index) -> Qt.ItemFlag:
        """See QAbstractItemModel; account lines hold their mailboxes and are no place for mail."""
        node = self.node(index)
        if node is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if node.mailbox is not None and node.mailbox.selectable:
            flags |= Qt.ItemFlag.ItemIsDropEnabled
        if node.mailbox is not None and can_be_dragged(node.mailbox):
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        if node.kind is NodeKind.ACCOUNT:
            flags |= Qt.ItemFlag.ItemIsDropEnabled  # for mailboxes alone
        return flags

    # ---- drag and drop

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return [PLACEMENTS_MIME, MAILBOX_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """See QAbstractItemModel: one mailbox at a time is on its way."""
        nodes = [self.node(index) for index in indexes]
        boxes = [node.mailbox for node in nodes if node is not None and node.mailbox is not None]
        return write_mailbox(boxes[0]) if boxes else QMimeData()

    def supportedDragActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return Qt.DropAction.MoveAction

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def canDropMimeData(  # noqa: N802 - Qt's name
        self,
        data: QMimeData,
        action: Qt.DropAction,  # noqa: ARG002 - Qt's signature
        row: int,  # noqa: ARG002 - Qt's signature
        column: int,  # noqa: ARG002 - Qt's signature
        parent: Index,
    ) -> bool:
        """See QAbstractItemModel."""
        node = self.node(parent)
        if data.hasFormat(MAILBOX_MIME):
            return self._new_path(data, node) is not None
        return (
            data.hasFormat(PLACEMENTS_MIME)
            and node is not None
            and node.mailbox is not None
            and node.mailbox.selectable
        )

    def dropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """See QAbstractItemModel; the rows leave their list when the engine says so."""
        node = self.node(parent)
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        moved, path = read_mailbox(data), self._new_path(data, node)
        if moved is not None and path is not None:
            self.mailbox_dropped.emit(moved, path)
            return False
        if node is None or node.mailbox is None:
            return False
        placements: Sequence[PlacementId] = read_placements(data)
        self.dropped.emit(placements, node.mailbox.id, action == Qt.DropAction.CopyAction)
        return False  # True would let the view remove the rows itself

    def _new_path(self, data: QMimeData, node: Node | None) -> str | None:
        """What the mailbox that is dragged would be called there; None when it cannot be there."""
        moved = read_mailbox(data)
        box = self.mailbox(moved) if moved is not None else None
        if box is None or node is None:
            return None
        return path_at(box, node.mailbox, node.account)


def _account_node(account: AccountRow, mailboxes: list[MailboxRow]) -> Node:
    top = Node(NodeKind.ACCOUNT, account_title(account), "user", account=account)
    by_id = {
        mailbox.id: Node(
            NodeKind.MAILBOX,
            mailbox_title(mailbox),
            ICONS[mailbox.role],
            mailbox=mailbox,
            unread=mailbox.total if mailbox.role is Role.DRAFTS else mailbox.unread,
            total=mailbox.total,
        )
        for mailbox in mailboxes
    }
    ordered = sorted(mailboxes, key=lambda box: (_ORDER[box.role], box.name.casefold()))
    for mailbox in ordered:
        parent = by_id.get(mailbox.parent_id) if mailbox.parent_id is not None else None
        (parent or top).add(by_id[mailbox.id])
    return top


def account_title(account: AccountRow) -> str:
    """The name of an account as shown: the person's own, where they gave it no other."""
    is_made_up = account.name not in {account.address, account.address.partition("@")[0]}
    return account.name if is_made_up else (account.display_name or account.address)


def mailbox_title(mailbox: MailboxRow) -> str:
    """The name of a mailbox as shown: special ones in the language of the person."""
    if mailbox.role in {Role.NONE, Role.OUTBOX}:
        return mailbox.name
    return tr(f"role.{mailbox.role.value}")


def state_text(account: AccountRow) -> str:
    """What an account is doing, as a person would say it."""
    if account.state is ConnectionState.FAILED and account.problem:
        return said(account.problem)
    return tr(f"state.{account.state.value}")
