from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from desktopmail.door.ids import MailboxId
from desktopmail.door.rows import Flag, Role
from desktopmail.ui.models.mailboxes import MailboxTreeModel, NodeKind
from desktopmail.ui.models.message_drag import write_placements
from tests.helpers.fake_door import full_store

pytestmark = pytest.mark.usefixtures("qapp")


def titles(model: MailboxTreeModel, parent: QModelIndex) -> list[str]:
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]


def test_the_tree_begins_with_the_joined_inbox_and_orders_special_mailboxes() -> None:
    model = MailboxTreeModel(full_store())
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert titles(model, QModelIndex()) == ["All Inboxes", "Flagged", "Alice", "Bob (POP3)"]
    assert titles(model, model.index(2, 0)) == [
        "Inbox", "Drafts", "Sent", "Archive", "Garden club", "Invoices", "Junk", "Trash",
    ]  # fmt: skip
    assert tester.model() is model


def test_counts_change_without_a_reset() -> None:
    store = full_store()
    model = MailboxTreeModel(store)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    index = model.find(("unified", 0))
    before = model.node(index)
    assert before is not None
    unread = before.unread
    number, row = next((n, r) for n, r in store.messages.items() if not r.flags & Flag.SEEN)
    store.messages[number] = msgspec.structs.replace(row, flags=Flag.SEEN)
    model.refresh()
    after = model.node(index)
    assert after is not None
    assert after.unread == unread - 1
    assert resets == []


def test_a_mailbox_that_comes_is_there_after_a_reset_with_tester() -> None:
    store = full_store()
    model = MailboxTreeModel(store)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    parent = store.mailbox_rows[6]
    child = msgspec.structs.replace(
        parent, id=MailboxId(99), name="Minutes", path="Garden club/Minutes", parent_id=parent.id
    )
    store.mailbox_rows.append(child)
    model.refresh()
    assert titles(model, model.find(("mailbox", parent.id))) == ["Minutes"]
    assert tester.model() is model


def test_messages_dropped_on_a_mailbox_are_moved_there() -> None:
    store = full_store()
    model = MailboxTreeModel(store)
    dropped: list[tuple[object, object, bool]] = []
    model.dropped.connect(lambda *values: dropped.append(values))
    archive = store.box(Role.ARCHIVE)
    packed = write_placements([row.id for row in list(store.messages.values())[:2]])
    target = model.find(("mailbox", archive.id))
    model.dropMimeData(packed, Qt.DropAction.MoveAction, -1, -1, target)
    assert dropped == [([1, 2], archive.id, False)]
    account = model.index(2, 0)
    assert not model.canDropMimeData(packed, Qt.DropAction.MoveAction, -1, -1, account)


def test_only_accounts_hold_no_rows_of_their_own() -> None:
    model = MailboxTreeModel(full_store())
    for row in range(model.rowCount()):
        node = model.node(model.index(row, 0))
        assert node is not None
        assert (model.view_of(node) is None) == (node.kind is NodeKind.ACCOUNT)


def test_a_mailbox_dropped_on_another_is_renamed_into_it() -> None:
    store = full_store()
    own = next(row for row in store.mailbox_rows if row.role is Role.NONE)
    own = msgspec.structs.replace(own, delimiter="/")
    child = msgspec.structs.replace(
        own, id=MailboxId(99), name="Minutes", path=f"{own.path}/Minutes", parent_id=own.id
    )
    store.mailbox_rows = [
        *(own if row.id == own.id else row for row in store.mailbox_rows),
        child,
    ]
    model = MailboxTreeModel(store)
    dropped: list[tuple[object, str]] = []
    model.mailbox_dropped.connect(lambda *values: dropped.append(values))
    move = Qt.DropAction.MoveAction

    def drop(packed: QMimeData, key: tuple[str, int]) -> bool:
        target = model.find(key)
        if not model.canDropMimeData(packed, move, -1, -1, target):
            return False
        model.dropMimeData(packed, move, -1, -1, target)
        return True

    archive = next(
        row
        for row in store.mailbox_rows
        if row.role is Role.ARCHIVE and row.account_id == own.account_id
    )
    minutes = model.mimeData([model.find(("mailbox", child.id))])
    assert drop(minutes, ("mailbox", archive.id))
    assert drop(minutes, ("account", own.account_id))
    assert dropped == [(child.id, f"{archive.path}/Minutes"), (child.id, "Minutes")]
    # where it is already, in itself, in another account: nothing to drop it on
    parent = model.mimeData([model.find(("mailbox", own.id))])
    others = [row for row in store.mailbox_rows if row.account_id != own.account_id]
    assert not drop(minutes, ("mailbox", own.id))
    assert not drop(parent, ("mailbox", child.id))
    assert not drop(parent, ("mailbox", own.id))
    assert not drop(minutes, ("mailbox", others[0].id))
    assert len(dropped) == 2
    dragged = Qt.ItemFlag.ItemIsDragEnabled
    assert model.flags(model.find(("mailbox", own.id))) & dragged
    assert not model.flags(model.find(("mailbox", archive.id))) & dragged
