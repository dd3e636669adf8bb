"""What a window or the command line reads of the store: rows, as frozen values."""

from __future__ import annotations

import enum

import msgspec

from desktopmail.door.ids import (
    AccountId,
    ContactId,
    IdentityId,
    MailboxId,
    MessageId,
    OperationId,
    PlacementId,
    QuestionId,
    SendingId,
)


class Kind(enum.StrEnum):
    """How an account fetches its mail."""

    IMAP = "imap"
    POP3 = "pop3"


class Security(enum.StrEnum):
    """How a connection is protected (RFC 8314)."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Auth(enum.StrEnum):
    """How a login proves itself; AUTO takes the one that exposes least."""

    AUTO = "auto"
    SCRAM = "scram"
    CRAM_MD5 = "cram-md5"
    PLAIN = "plain"
    APOP = "apop"


class Role(enum.StrEnum):
    """What a mailbox is for (RFC 6154); NONE for an ordinary one."""

    NONE = ""
    INBOX = "inbox"
    DRAFTS = "drafts"
    SENT = "sent"
    ARCHIVE = "archive"
    JUNK = "junk"
    TRASH = "trash"
    ALL = "all"
    OUTBOX = "outbox"


class Flag(enum.IntFlag):
    """The flags of a placement as a bit mask, as the store keeps them."""

    NONE = 0
    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16
    FORWARDED = 32
    RECEIPT_SENT = 64  # the wish for a read receipt was answered (RFC 8098)


class ConnectionState(enum.StrEnum):
    """What an account is doing."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    READY = "ready"
    FAILED = "failed"


class SendingState(enum.StrEnum):
    """The states of a message on its way out; each is stored before its step is taken."""

    QUEUED = "queued"
    CONNECTING = "connecting"
    TRANSMITTING = "transmitting"
    UNSURE = "unsure"  # the final dot was sent and no reply came
    ACCEPTED = "accepted"
    FILING = "filing"
    DONE = "done"
    FAILED = "failed"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all rows."""


class ServerRow(Row, frozen=True, kw_only=True):
    """Where and how one server is spoken to.

    Attributes:
        password_file: The file that the password is read from at each login, or None.
        ca_file: PEM file with authorities that are trusted beside those of the system, or None.
        proxy: `socks5://[USER@]HOST:PORT` for this server alone, "none" for no proxy, empty for
            that of the profile. Never with a password.
    """

    host: str
    port: int
    security: Security
    auth: Auth
    user: str
    password_file: str | None = None
    ca_file: str | None = None
    proxy: str = ""


class Quota(Row, frozen=True, kw_only=True):
    """How much the server lets an account keep.

    Attributes:
        root: What the server calls it; several mailboxes may share one.
        resource: "storage" (octets), "message", "mailbox" (pieces), or a name of the server's own.
    """

    root: str
    resource: str
    used: int
    limit: int


class AccountRow(Row, frozen=True, kw_only=True):
    """One account and what it is doing."""

    id: AccountId
    name: str
    address: str
    display_name: str
    kind: Kind
    incoming: ServerRow
    outgoing: ServerRow
    state: ConnectionState
    problem: str | None = None
    last_alive_s: float | None = None  # seconds since 1970, when a server last answered
    quota: tuple[Quota, ...] = ()  # as the server last told it (IMAP)
    leave: str = ""  # how long POP3 messages stay: "forever", "days:N", "until-deleted"
    submission: tuple[str, ...] = ()  # what its server offered last of 8BITMIME and SMTPUTF8


class MailboxRow(Row, frozen=True, kw_only=True):
    """One mailbox with its counts."""

    id: MailboxId
    account_id: AccountId
    name: str  # the last part, as shown
    path: str  # the whole name, decoded
    parent_id: MailboxId | None
    role: Role
    selectable: bool
    subscribed: bool
    total: int
    unread: int
    policy: str = "everything"  # as `door.policy.Policy` writes it
    delimiter: str = ""  # between the parts of its path; empty: it can hold no others
    kept_tags: tuple[str, ...] | None = None  # those its server keeps, in small letters; None: any

    def keeps(self, tag: str) -> bool:
        """Whether its server keeps a tag, by the tag's name; else it stays on this machine."""
        return self.kept_tags is None or tag.lower() in self.kept_tags


class Person(Row, frozen=True, kw_only=True):
    """A name and an address, as a header shows them; either may be empty."""

    name: str
    address: str


class TagRow(Row, frozen=True, kw_only=True):
    """One tag of the profile."""

    name: str  # as servers keep it, and as `MessageRow.tags` has it
    label: str  # as a person sees it
    colour: str  # "#rrggbb"
    total: int  # messages that have it, each mailbox counted


class IdentityRow(Row, frozen=True, kw_only=True):
    """A name and address that a person writes as."""

    id: IdentityId
    account_id: AccountId
    name: str
    address: str
    reply_to: str  # or empty
    signature_text: str
    signature_html: str  # or empty
    default: bool  # the one that the composer begins with


class ContactRow(Row, frozen=True, kw_only=True):
    """A contact of the address book."""

    id: ContactId
    name: str
    addresses: tuple[str, ...]  # the preferred one first
    organisation: str
    phones: tuple[str, ...]
    note: str


class MessageRow(Row, frozen=True, kw_only=True):
    """One line of a message list: one message in one mailbox."""

    id: PlacementId
    message_id: MessageId
    account_id: AccountId
    mailbox_id: MailboxId
    subject: str
    sender: Person
    recipients: str  # names, joined, for the lists of Sent and Drafts
    date_s: int  # the Date header, seconds since 1970; the arrival where it has none
    size_octets: int
    flags: Flag
    tags: tuple[str, ...]  # names; `StoreReader.tags` has their labels and colours
    has_attachment: bool
    preview: str
    has_octets: bool  # the whole message is here, not only its headers
    thread_id: int
    thread_size: int = 1  # messages of its thread in the view, where the view gathers threads
    thread_unread: int = 0  # those of them that are unread
    pending: bool = False  # an operation on it waits for the server

    @property
    def is_unread(self) -> bool:
        """Whether it, or a message of the thread that it stands for, is unread."""
        return not self.flags & Flag.SEEN or self.thread_unread > 0


class RecipientRow(Row, frozen=True, kw_only=True):
    """What became of a message for one recipient.

    Attributes:
        state: "waiting", "accepted" by our server, "refused" by it; and, where a report told it,
            "delivered", "relayed" (no report will follow), "expanded" (a list), "delayed", "failed"
            or "read".
        detail: What a server said, or empty.
    """

    address: str
    state: str
    detail: str = ""


class SendingRow(Row, frozen=True, kw_only=True):
    """One message on its way out."""

    id: SendingId
    account_id: AccountId
    state: SendingState
    subject: str
    recipients: tuple[str, ...]
    queued_s: float
    not_before_s: float  # it can be taken back until then
    tries: int
    problem: str | None = None
    results: tuple[RecipientRow, ...] = ()
    # When it is tried again; None: it has not failed, or a person has to do something first.
    retry_s: float | None = None

    @property
    def waits_for_retry(self) -> bool:
        """Whether it did not go out for now, and can be tried again before its time."""
        return self.state is SendingState.QUEUED and self.problem is not None


class OperationRow(Row, frozen=True, kw_only=True):
    """One change that a server has to hear of."""

    id: OperationId
    account_id: AccountId
    kind: str
    label: str  # as a person would say it: "Move 3 messages to Archive"
    state: str  # pending, running, failed
    tries: int
    problem: str | None = None


UNSURE_SENDING = "unsure-sending"  # the kind of question whether a message arrived


#: The code of what is wrong while nobody has opened the vault: a person gives its pass phrase.
PASSWORDS_LOCKED = "passwords-locked"
#: The codes of what is refused where there is no keyring, until the vault is made or opened.
NO_KEYRING = frozenset({"no-keyring", PASSWORDS_LOCKED})


class QuestionRow(Row, frozen=True, kw_only=True):
    """A decision that needs a person."""

    id: QuestionId
    kind: str
    account_id: AccountId | None
    text: str
    choices: tuple[tuple[str, str], ...]  # (key, label), the safe one first
    subject_id: int | None = None  # what it is about: of UNSURE_SENDING, a SendingId


class ProblemRow(Row, frozen=True, kw_only=True):
    """Something went wrong: what, why, and the one thing to do.

    Attributes:
        code: What it is, for programs, as `DoorError.code`; empty where none says it.
    """

    account_id: AccountId | None
    service: str  # imap, pop3, message, smtp, store, engine, journal, expunge
    what: str
    remedy: str
    at_s: float
    code: str = ""


class Column(enum.StrEnum):
    """The columns a message list can be sorted by."""

    DATE = "date"
    SENDER = "sender"
    SUBJECT = "subject"
    SIZE = "size"


class View(Row, frozen=True, kw_only=True):
    """Which rows a message list shows, and in which order.

    Attributes:
        mailbox_ids: The mailboxes, joined; empty for all of them.
        query: Words of the search language, or empty.
        unread_only, flagged_only, with_attachment: Quick filters.
        threads: One row a thread: its newest message in the view.
        thread_id: Only the messages of this thread; without a query.
        column, descending: The order; ties are broken by placement id.
        also: Beside what the words of the query find here: what a server found by them.
    """

    mailbox_ids: tuple[MailboxId, ...] = ()
    query: str = ""
    unread_only: bool = False
    flagged_only: bool = False
    with_attachment: bool = False
    threads: bool = False
    thread_id: int | None = None
    column: Column = Column.DATE
    descending: bool = True
    also: tuple[PlacementId, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the totals of its mailboxes count it: no filter but, at most, unread ones."""
        filtered = self.query.strip() or self.flagged_only or self.with_attachment
        return not (filtered or self.threads or self.thread_id is not None)
