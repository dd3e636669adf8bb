"""What the commands of an IMAP client bring back, gathered from untagged answers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from desktopmail.net.imap_running import Running
from desktopmail.wire.imap import limits
from desktopmail.wire.imap.codes import (
    Code,
    HighestModSeq,
    MailboxId,
    PermanentFlags,
    UidNext,
    UidValidity,
    Unseen,
)
from desktopmail.wire.imap.condition import Answer, Condition
from desktopmail.wire.imap.expunge import VanishedResponse
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.list import ListResponse
from desktopmail.wire.imap.select import ExistsResponse, FlagsResponse, RecentResponse
from desktopmail.wire.imap.sequence import Seq, Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.imap_sink import Sink
    from desktopmail.wire.imap.announced import Announced
    from desktopmail.wire.imap.condition import Tag, Tagged
    from desktopmail.wire.imap.fetch import Fetch
    from desktopmail.wire.imap.fetch_rows import FetchRows
    from desktopmail.wire.imap.flags import Flag
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.select import Select

# What may wait for the reader of a FETCH before the connection is not read any more.
_MAX_WAITING_ANSWERS: Final = 4096
_MAX_WAITING_OCTETS: Final = 1024 * 1024
_TOLD_UNASKED: Final = frozenset({Item.UID, Item.FLAGS, Item.MODSEQ})


@dataclass(frozen=True, slots=True)
class Selected:
    r"""A mailbox as it was when it was opened.

    Attributes:
        mailbox: Its name.
        readonly: Nothing can be changed in it (EXAMINE, or the server said READ-ONLY).
        exists: How many messages it holds.
        recent: How many were `\Recent`, when the server told.
        uid_validity: Its UIDVALIDITY; None when the server does not keep UIDs.
        uid_next: Its UIDNEXT, when the server told.
        highest_modseq: Its HIGHESTMODSEQ; None when it keeps none (NOMODSEQ, or no CONDSTORE).
        first_unseen: The first message without `\Seen`, when the server told.
        flags: Flags in use.
        permanent_flags: Flags that can be kept; None when the server did not say (all can).
        mailbox_id: MAILBOXID (OBJECTID), when the server told.
        vanished: What a QRESYNC found gone.
        changed: What a QRESYNC found changed or new.
        sticky: UIDs are kept (no UIDNOTSTICKY).
    """

    mailbox: str
    readonly: bool = False
    exists: int = 0
    recent: int | None = None
    uid_validity: int | None = None
    uid_next: Uid | None = None
    highest_modseq: int | None = None
    first_unseen: Seq | None = None
    flags: frozenset[Flag] = frozenset()
    permanent_flags: frozenset[Flag] | None = None
    mailbox_id: str | None = None
    vanished: UidSet = field(default_factory=UidSet)
    changed: tuple[FetchResponse, ...] = ()
    sticky: bool = True


class Selecting:
    """Gathers what a SELECT is answered with.

    Args:
        command: The SELECT.
        leaves: Another mailbox was open: until the server says CLOSED, news is of that one.
        begin: Called when what the server tells is of the mailbox of the SELECT.
    """

    def __init__(self, command: Select, *, leaves: bool, begin: Callable[[], None]) -> None:
        self._command = command
        self._waits_for_closed = leaves
        self._begin = begin
        self._vanished: list[tuple[int, int]] = []
        self._changed: list[FetchResponse] = []
        self._found: dict[str, object] = {}
        self._codes: dict[type, object] = {}

    def claim(self, value: UntaggedResponse, _tag: Tag) -> bool:
        """Keep an answer of the SELECT."""
        if self._waits_for_closed:
            return self._before_closed(value)
        match value:
            case ExistsResponse(count):
                self._found["exists"] = count
            case RecentResponse(count):
                self._found["recent"] = count
            case FlagsResponse(flags):
                self._found["flags"] = flags
            case VanishedResponse(uids, earlier):
                if not earlier:
                    return False
                self._vanished += uids.ranges
            case FetchResponse():
                self._changed.append(value)
            case Answer(Condition.OK, code) if code is not None:
                self._codes[type(code)] = code
                if code is Code.UIDNOTSTICKY:
                    self._found["sticky"] = False
            case ListResponse():
                # IMAP4rev2 tells the right spelling of the name (RFC 9051 section 6.3.2).
                return True
            case _:
                return False
        return True

    def _before_closed(self, value: UntaggedResponse) -> bool:
        if isinstance(value, Answer) and value.code is Code.CLOSED:
            self._closed()
            return True
        # Without CLOSED (RFC 7162 section 3.2.11 requires it of CONDSTORE servers alone), the new
        # mailbox begins with the FLAGS or EXISTS that every SELECT is answered with.
        if isinstance(value, FlagsResponse | ExistsResponse):
            self._closed()
            return self.claim(value, _NO_TAG)
        return False

    def _closed(self) -> None:
        self._waits_for_closed = False
        self._begin()

    def result(self, tagged: Tagged) -> Selected:
        """Return the mailbox, as it was told."""
        codes = self._codes
        readonly = tagged.code is Code.READ_ONLY or (
            self._command.readonly and tagged.code is not Code.READ_WRITE
        )
        validity, following = codes.get(UidValidity), codes.get(UidNext)
        modseq, unseen = codes.get(HighestModSeq), codes.get(Unseen)
        permanent, identity = codes.get(PermanentFlags), codes.get(MailboxId)
        return Selected(
            self._command.mailbox,
            readonly,
            uid_validity=validity.value if isinstance(validity, UidValidity) else None,
            uid_next=following.value if isinstance(following, UidNext) else None,
            highest_modseq=modseq.value if isinstance(modseq, HighestModSeq) else None,
            first_unseen=unseen.value if isinstance(unseen, Unseen) else None,
            permanent_flags=permanent.flags if isinstance(permanent, PermanentFlags) else None,
            mailbox_id=identity.value if isinstance(identity, MailboxId) else None,
            vanished=UidSet.from_ranges(self._vanished),
            changed=tuple(self._changed),
            **self._found,  # type: ignore[arg-type]  # filled by `claim` alone
        )


_NO_TAG: Tag = ""  # type: ignore[assignment]  # only in the place of one that is not looked at


class Fetching(Running):
    """A FETCH whose answers are taken one by one as they come.

    Args:
        command: The FETCH.
        sink: Makes a sink for a large literal.
        rows: Keep answers with an ENVELOPE unread.
    """

    def __init__(
        self,
        command: Fetch,
        sink: Callable[[Announced, int], Sink] | None = None,
        *,
        rows: bool = False,
    ) -> None:
        super().__init__(command, self._claim, sink, most=limits.MAX_FOUND)
        self.answers: deque[FetchResponse | VanishedResponse] = deque()
        self.rows: deque[FetchRows] = deque()
        self.keep_rows = self._keep_rows if rows else None
        self._waiting_octets = 0
        self._abandoned = False
        self._numbers = command.numbers
        self._is_uid = isinstance(command.numbers, UidSet)
        self._vanished = command.vanished
        self._telling = tuple(item for item in command.items if item not in _TOLD_UNASKED)

    @property
    def gathers(self) -> bool:
        """Whether its answers are kept until its end: they are taken as they come."""
        return False

    def is_full(self) -> bool:
        """Whether enough waits to stop reading."""
        return (
            len(self.answers) >= _MAX_WAITING_ANSWERS or self._waiting_octets >= _MAX_WAITING_OCTETS
        )

    def abandon(self) -> None:
        """Let go what waits and what is still to come: nobody takes it any more."""
        self._abandoned = True
        self.answers.clear()
        self.rows.clear()

    def take(self) -> FetchResponse | VanishedResponse:
        """Take the oldest answer."""
        answer = self.answers.popleft()
        if not self.answers:
            self._waiting_octets = 0
        return answer

    def take_rows(self) -> FetchRows:
        """Take the oldest answers that were kept unread."""
        rows = self.rows.popleft()
        if not self.rows:
            self._waiting_octets = 0
        return rows

    def _claim(self, value: UntaggedResponse, _tag: Tag) -> bool:
        if isinstance(value, FetchResponse):
            number: int | None = value.uid if self._is_uid else value.seq
            numbers = self._numbers
            # `7:*` brings the last message even when its UID is below 7.
            if number is None or not (number in numbers or numbers.is_open):
                return False
            if self._telling and not _tells_more_than_flags(value):
                return False
            self._keep(value)
            return True
        if self._vanished and isinstance(value, VanishedResponse) and value.earlier:
            self.answers.append(value)
            return True
        return False

    def _keep_rows(self, rows: FetchRows) -> None:
        if not self._abandoned:
            self.rows.append(rows)
            self._waiting_octets += len(rows.octets)

    def _keep(self, value: FetchResponse) -> None:
        if self._abandoned:
            return
        self.answers.append(value)
        for octets in [data.octets for data in value.sections]:
            if isinstance(octets, bytes):
                self._waiting_octets += len(octets)
        for octets in [data.octets for data in value.binary]:
            if isinstance(octets, bytes):
                self._waiting_octets += len(octets)


def _tells_more_than_flags(value: FetchResponse) -> bool:
    """Whether an answer holds what no server tells unasked."""
    return bool(value.sections) or any(part is not None and part != () for part in value[4:])


@dataclass(slots=True)
class Gathering:
    """Gathers the answers of one type.

    Attributes:
        wanted: Their type, or several.
        condition: What else they have to be.
        found: The answers.
    """

    wanted: type | tuple[type, ...]
    condition: Callable[[UntaggedResponse, Tag], bool] | None = None
    found: list[UntaggedResponse] = field(default_factory=list)

    def claim(self, value: UntaggedResponse, tag: Tag) -> bool:
        """Keep an answer of the type."""
        if not isinstance(value, self.wanted):
            return False
        if self.condition is not None and not self.condition(value, tag):
            return False
        self.found.append(value)
        return True
