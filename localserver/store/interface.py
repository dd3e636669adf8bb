"""What sessions may ask of the store: deliver mail, and open, lock and read mailboxes.

Everything that writes is a coroutine that returns when the change is durable (a power cut after it
loses nothing) and raises a `StoreError` when nothing at all was changed. Everything that only
reads is a plain function: it takes well under a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from localserver.store.account import Account


@dataclass(frozen=True, slots=True)
class Delivery:
    r"""One message for one mailbox of one user.

    Attributes:
        user: `User.name` (not an address).
        octets: The message exactly as it is to be kept, trace fields included; any octets, NUL too.
        mailbox: Name in Unicode, levels divided by `/`; it is made when it does not exist.
        flags: IMAP flags and keywords (`\Seen`, `$Forwarded`).
        internal_date: Aware; None means now.
        sender: Envelope sender, for `wait_for` and the administration API.
        recipient: Envelope recipient that led here, for the same.
        is_crlf: Each CR and LF in it is known to be part of a CRLF, so that nobody has to look.
    """

    user: str
    octets: bytes
    mailbox: str = "INBOX"
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None
    sender: str | None = None
    recipient: str | None = None
    is_crlf: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where a message went; durable."""

    user: str
    mailbox: str
    uidvalidity: int
    uid: int
    email_id: str


@dataclass(frozen=True, slots=True)
class Captured:
    """A message for another place that the server kept instead of sending.

    Attributes:
        number: Grows with each captured message.
    """

    number: int
    sender: str
    recipients: tuple[str, ...]
    octets: bytes
    arrived: datetime


@dataclass(frozen=True, slots=True)
class MaildropMessage:
    """One message as POP3 lists it.

    Attributes:
        number: 1 and up, fixed while the maildrop is locked.
        size: Octets as POP3 sends them: bare CR and LF counted as CRLF, and a final CRLF.
        uidl: Unique for this user for ever (RFC 1939 section 7).
    """

    number: int
    size: int
    uidl: str


class Maildrop(Protocol):
    """The INBOX of one user, locked for one POP3 session.

    Messages that arrive meanwhile are not seen; messages that an IMAP session expunges meanwhile
    stay listed, and `octets` returns None for them.
    """

    @property
    def messages(self) -> Sequence[MaildropMessage]:
        """All messages as they were when the maildrop was locked."""

    def octets(self, number: int) -> bytes | None:
        """The exact octets of a message (not yet with CRLF line ends), None when it is gone."""

    async def octets_in_turns(self, number: int) -> bytes | None:
        """The same of a large message, piece by piece: others have their turn meanwhile."""

    async def commit(self, deletions: Collection[int]) -> None:
        """Remove the messages with these numbers, durably, in one transaction.

        Raises:
            StoreError: Nothing was removed.
        """

    def release(self) -> None:
        """Give the lock back; harmless when called again. Call it in a `finally`."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Told to those who wait for mail, after it became durable."""

    delivered: Delivered
    sender: str | None
    recipient: str | None


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What one user may fill.

    Attributes:
        quota_octets: Sum of all messages; None for no limit.
        max_message_octets: One message (APPENDLIMIT and SIZE).
        mailboxes: Count of mailboxes.
        name_octets: Length of a mailbox name in UTF-8.
        levels: Depth of the hierarchy.
    """

    quota_octets: int | None = None
    max_message_octets: int = 50 * 1024 * 1024
    mailboxes: int = 10_000
    name_octets: int = 1000
    levels: int = 100
    special_use: dict[str, str] = field(
        default_factory=lambda: {
            "Drafts": "\\Drafts",
            "Sent": "\\Sent",
            "Archive": "\\Archive",
            "Junk": "\\Junk",
            "Trash": "\\Trash",
        }
    )


class Store(Protocol):
    """All mail of all users."""

    async def deliver(self, deliveries: Sequence[Delivery]) -> list[Delivered]:
        """Store messages, in order of the arguments; durable when it returns.

        The messages of one user are stored in one transaction, together with those of other
        sessions that deliver at the same time.

        Raises:
            OverQuotaError: One user's quota would be passed (nothing of that user was stored; ask
                with one user per call to know who).
            DiskFullError: There is no room on the disk.
            NoSuchUserError: The store has no such user.
        """

    async def account(self, user: str) -> Account:
        """Open the mailboxes of a user (IMAP); the database is made when it does not exist."""

    async def lock_maildrop(self, user: str) -> Maildrop:
        """Lock a user's INBOX for POP3.

        Raises:
            InUseError: Another POP3 session holds it.
        """

    async def capture(self, sender: str, recipients: Sequence[str], octets: bytes) -> Captured:
        """Keep a message for elsewhere instead of sending it; durable when it returns."""

    def captured(self) -> list[Captured]:
        """Every captured message, oldest first."""

    def on_arrival(self, told: Callable[[Arrival], None]) -> Callable[[], None]:
        """Call `told` after each delivery or append; returns the function that stops it."""


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC, to the second, as INTERNALDATE keeps it."""
    return moment.astimezone(UTC).replace(microsecond=0)
