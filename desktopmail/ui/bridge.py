"""Takes the engine's changes and tells the window of them, gathered for 100 ms.

A sync commits many times a second; a window that read the store after each would stutter
(measured: p99 of a frame 35 to 38 ms for each commit, 25 gathered).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktopmail.door.changes import (
    AccountsChanged,
    AnyChange,
    ContactsChanged,
    EverythingChanged,
    MailArrived,
    MailboxesChanged,
    MessagesChanged,
    OperationsChanged,
    OutboxChanged,
    ProblemsChanged,
    Progress,
    QuestionsChanged,
    StoreTrouble,
    TagsChanged,
)

if TYPE_CHECKING:
    from desktopmail.door.ids import MailboxId, MessageId
    from desktopmail.door.interface import Door

GATHERED_MS = 100


@dataclass(slots=True)
class Gathered:
    """What changed since the last time.

    Attributes:
        tree: Accounts or counts did.
        mailboxes: Rows of these did; None: of all.
        outbox, operations, questions, problems: Those did.
        arrived: New, unread messages in an Inbox.
        progress: The last word on each piece of work.
    """

    tree: bool = False
    mailboxes: set[MailboxId] | None = field(default_factory=set)
    outbox: bool = False
    operations: bool = False
    questions: bool = False
    problems: bool = False
    tags: bool = False
    contacts: bool = False
    arrived: list[MessageId] = field(default_factory=list)
    progress: dict[tuple[int, str], Progress] = field(default_factory=dict)

    def add(self, change: AnyChange) -> None:
        """Take one more change in."""
        match change:
            case AccountsChanged():
                self.tree = self.problems = True
            case TagsChanged():
                self.tags = True
            case ContactsChanged():
                self.contacts = True
            case MailboxesChanged():
                self.tree = True
            case MessagesChanged():
                if self.mailboxes is not None:
                    self.mailboxes.update(change.mailbox_ids)
            case MailArrived():
                self.arrived.extend(change.message_ids)
            case OutboxChanged():
                self.outbox = self.tree = True
            case OperationsChanged():
                self.operations = True
            case QuestionsChanged():
                self.questions = True
            case ProblemsChanged():
                self.problems = True
            case StoreTrouble():
                self.tree = self.problems = True
            case Progress():
                self.progress[change.account_id, change.work] = change
            case EverythingChanged():
                self.tree = self.outbox = self.operations = self.questions = self.problems = True
                self.tags = self.contacts = True
                self.mailboxes = None

    def touches(self, mailbox_ids: tuple[MailboxId, ...]) -> bool:
        """Whether rows of a view may have changed; no ids: a view of all mailboxes."""
        if self.mailboxes is None:
            return True
        return bool(self.mailboxes and (not mailbox_ids or self.mailboxes & set(mailbox_ids)))


class Bridge(QObject):
    """Gathers the changes of a door.

    Signals:
        changed: What changed (Gathered).

    Attributes:
        store_trouble: What keeps the store from being written now.
    """

    changed = Signal(object)

    def __init__(self, door: Door, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gathered = Gathered()
        self.store_trouble = StoreTrouble()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHERED_MS)
        self._timer.timeout.connect(self.flush)
        self._leave = door.subscribe(self._take)

    def use(self, door: Door) -> None:
        """Listen to another engine; everything may have changed meanwhile."""
        self._leave()
        self.store_trouble = StoreTrouble()
        self._leave = door.subscribe(self._take)
        self._take(EverythingChanged())

    def flush(self) -> None:
        """Tell what was gathered, now."""
        self._timer.stop()
        gathered, self._gathered = self._gathered, Gathered()
        self.changed.emit(gathered)

    def close(self) -> None:
        """Stop listening."""
        self._timer.stop()
        self._leave()

    def _take(self, change: AnyChange) -> None:
        if isinstance(change, StoreTrouble):
            self.store_trouble = change
        self._gathered.add(change)
        if not self._timer.isActive():
            self._timer.start()
