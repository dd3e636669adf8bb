"""A mailbox as the loop knows it after each commit, and who wants to be told of changes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

# How many changes are remembered for the sessions that have the mailbox open; a session that fell
# further behind looks at all its messages.
_MOST_CHANGES = 512


@dataclass(frozen=True, slots=True)
class FlagChange:
    """Flags that changed in one commit."""

    modseq: int
    uids: frozenset[int]


@dataclass(slots=True, eq=False)
class Mailbox:
    r"""One mailbox.

    Attributes:
        number: Its key in the database; never used again, so it is the MAILBOXID too.
        name: In Unicode.
        uidvalidity: Of this mailbox for ever.
        uidnext: The least UID a new message can get.
        modseq: HIGHESTMODSEQ.
        special_use: `\Sent` and its like, or "".
        messages: Count of messages.
        unseen: Count of those that are not \Seen.
        deleted: Count of those that are \Deleted.
        octets: Sum of their sizes.
        recent_from: The least UID that no session was shown as \Recent.
        uids: Every UID, ascending, while a session has the mailbox open; replaced, never changed in
            place, so that sessions can keep the one they know.
        exists: False once the mailbox was deleted.
    """

    number: int
    name: str
    uidvalidity: int
    uidnext: int
    modseq: int
    special_use: str
    messages: int
    unseen: int
    deleted: int
    octets: int
    recent_from: int
    uids: array[int] | None = None
    exists: bool = True
    _changes: deque[FlagChange] = field(default_factory=lambda: deque(maxlen=_MOST_CHANGES))
    _known_from: int = 0
    _told: list[Callable[[], None]] = field(default_factory=list)

    @property
    def mailbox_id(self) -> str:
        """The MAILBOXID (RFC 8474)."""
        return f"F{self.uidvalidity:x}-{self.number:x}"

    # ---- who is told

    def subscribe(self, told: Callable[[], None]) -> None:
        """Call `told` after every change, in the loop."""
        self._told.append(told)

    def unsubscribe(self, told: Callable[[], None]) -> None:
        """Stop telling; the list of UIDs goes when nobody listens."""
        self._told.remove(told)
        if not self._told:
            self.uids = None
            self._changes.clear()

    @property
    def watched(self) -> bool:
        """Whether any session has the mailbox open."""
        return bool(self._told)

    def load(self, uids: Sequence[int]) -> None:
        """Take the list of UIDs as the database has it."""
        self.uids = array("I", uids)
        self._known_from = self.modseq

    def announce(self) -> None:
        """Tell everybody who listens."""
        for told in tuple(self._told):
            told()

    # ---- what happened

    def appended(self, uids: Sequence[int], modseq: int) -> None:
        """Take new messages."""
        self.uidnext = max(self.uidnext, uids[-1] + 1)
        self.modseq = max(self.modseq, modseq)
        self.messages += len(uids)
        if self.uids is not None:
            # The list may have been read between the commit and this.
            last = self.uids[-1] if self.uids else 0
            new = array("I", [uid for uid in uids if uid > last])
            self.uids = self.uids + new  # a new array: sessions keep the one they know

    def flags_changed(self, uids: Sequence[int], modseq: int) -> None:
        """Take changed flags."""
        self.modseq = max(self.modseq, modseq)
        if self.uids is not None:
            if len(self._changes) == _MOST_CHANGES:
                self._known_from = self._changes[0].modseq
            self._changes.append(FlagChange(modseq, frozenset(uids)))

    def expunged(self, uids: Sequence[int], modseq: int) -> None:
        """Take that messages are gone."""
        self.modseq = max(self.modseq, modseq)
        self.messages -= len(uids)
        if self.uids is not None:
            gone = set(uids)
            self.uids = array("I", [uid for uid in self.uids if uid not in gone])

    def changed_since(self, modseq: int, own: Container[int] = ()) -> set[int] | None:
        """Return the UIDs whose flags changed after a MODSEQ; None when that is not remembered.

        Args:
            modseq: What the asker knows.
            own: MODSEQs of changes that the asker made and knows of.
        """
        if modseq < self._known_from:
            return None
        changed: set[int] = set()
        for change in reversed(self._changes):
            if change.modseq <= modseq:
                break
            if change.modseq not in own:
                changed |= change.uids
        return changed


def position(uids: array[int], uid: int) -> int | None:
    """Return the index of a UID in an ascending array, or None."""
    index = bisect_left(uids, uid)
    return index if index < len(uids) and uids[index] == uid else None
