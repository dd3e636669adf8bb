"""What the engine tells its clients: ids of what changed, never contents; read the store again."""

from __future__ import annotations

import msgspec

from desktopmail.door.ids import AccountId, MailboxId, MessageId


class Change(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base of all changes."""


class AccountsChanged(Change, frozen=True, kw_only=True):
    """Accounts were added or removed, or their state or problem changed."""


class MailboxesChanged(Change, frozen=True, kw_only=True):
    """Mailboxes came, went or changed their counts."""

    account_id: AccountId


class MessagesChanged(Change, frozen=True, kw_only=True):
    """Rows came, went or changed in these mailboxes.

    Attributes:
        message_ids: The messages concerned, or empty when they are too many to name.
    """

    mailbox_ids: tuple[MailboxId, ...]
    message_ids: tuple[MessageId, ...] = ()


class MailArrived(Change, frozen=True, kw_only=True):
    """New, unread mail is in an Inbox: what a notification shows."""

    account_id: AccountId
    message_ids: tuple[MessageId, ...]


class OutboxChanged(Change, frozen=True, kw_only=True):
    """A message on its way out changed its state."""


class OperationsChanged(Change, frozen=True, kw_only=True):
    """The journal changed."""


class QuestionsChanged(Change, frozen=True, kw_only=True):
    """A question was asked or answered."""


class ProblemsChanged(Change, frozen=True, kw_only=True):
    """A problem came or went."""


class ContactsChanged(Change, frozen=True, kw_only=True):
    """The address book changed."""


class TagsChanged(Change, frozen=True, kw_only=True):
    """A tag came, went, or got another label or colour."""


class Progress(Change, frozen=True, kw_only=True):
    """How far a piece of work is.

    Attributes:
        work: Names the work within the account: "sync INBOX".
        done, total: In messages; total 0 when unknown. `done == total > 0` or `finished` ends it.
        octets: What has come so far.
    """

    account_id: AccountId
    work: str
    label: str
    done: int
    total: int
    octets: int = 0
    finished: bool = False


class StoreTrouble(Change, frozen=True, kw_only=True):
    """The store cannot be written, or can be again; it cannot say so itself.

    While it lasts each new listener is told. Both are empty when it is over.

    Attributes:
        what: One sentence.
        remedy: What to do.
    """

    what: str = ""
    remedy: str = ""


class EverythingChanged(Change, frozen=True, kw_only=True):
    """Changes were lost on the way (a slow reader, a new engine): read everything again."""


AnyChange = (
    AccountsChanged
    | MailboxesChanged
    | MessagesChanged
    | MailArrived
    | OutboxChanged
    | OperationsChanged
    | QuestionsChanged
    | ProblemsChanged
    | TagsChanged
    | ContactsChanged
    | Progress
    | StoreTrouble
    | EverythingChanged
)
