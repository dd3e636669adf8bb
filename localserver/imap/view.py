r"""A mailbox as one client knows it: its sequence numbers, and what the client must still be told.

A client's sequence numbers change only when it is told so, and EXPUNGE may be told only where RFC
9051 section 7.5.1 allows it. So each session keeps the list of UIDs it has told its client. The
list is shared with the store's until an EXPUNGE has to wait.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.wire.imap.sequence import STAR, UidSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.wire.imap.sequence import SeqSet
    from localserver.imap.items import Plan
    from localserver.store.account import Account
    from localserver.store.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class News:
    r"""What happened in a mailbox since its client was told.

    Attributes:
        expunged: (sequence number, UID) of messages that are gone, the last first, so that telling
            one changes no number of another.
        exists: The new count of messages, or None when none came.
        recent: The new count of \Recent messages, or None.
        changed: (sequence number, UID) of messages whose flags others changed.
    """

    expunged: list[tuple[int, int]]
    exists: int | None
    recent: int | None
    changed: list[tuple[int, int]]


class View:
    r"""The mailbox a session has selected.

    Attributes:
        mailbox: The store's.
        uids: As the client knows them: the sequence number is the place, from 1.
        readonly: It was opened by EXAMINE.
        recent: UIDs that are \Recent in this session.
        own: MODSEQs of changes that this session made and told, or was asked to keep silent about.
        saved: What the last SEARCH with SAVE found (RFC 5182).
        last_plan: The last FETCH's items and how they are answered.
        keywords_told: Revision of the keywords that the client was told last.
        room_told: The client was told that a further keyword can be made.
    """

    def __init__(
        self, account: Account, mailbox: Mailbox, told: Callable[[], None], *, readonly: bool
    ) -> None:
        self._account = account
        self._told = told
        self.mailbox = mailbox
        self.readonly = readonly
        account.open(mailbox, told)
        self._seen = mailbox.uids or array("I")
        self.uids = self._seen
        self.uidvalidity = mailbox.uidvalidity
        self.modseq = mailbox.modseq
        self.recent: set[int] = set()
        self.own: set[int] = set()
        self.saved: UidSet = UidSet()
        self.last_plan: tuple[object, Plan] | None = None
        self.keywords_told = -1
        self.room_told = False
        self._take_recent(self.uids)

    def close(self) -> None:
        """Leave the mailbox."""
        self.mailbox.unsubscribe(self._told)

    @property
    def is_stale(self) -> bool:
        """Whether UIDs do not mean what they meant: the session cannot go on."""
        return self.uidvalidity != self.mailbox.uidvalidity

    # ---- numbers

    def seq(self, uid: int) -> int | None:
        """Return the sequence number of a UID, or None."""
        place = bisect_left(self.uids, uid)
        return place + 1 if place < len(self.uids) and self.uids[place] == uid else None

    def places(self, numbers: SeqSet | UidSet) -> Sequence[int] | None:
        """Return the places (sequence number less one) that a set names, ascending.

        One range of numbers is a `range`, so that `1:*` costs nothing.

        Returns:
            None when a sequence number is named that does not exist; UIDs may name anything.
        """
        ranges = self.ranges(numbers)
        return None if ranges is None else _together(ranges)

    def ranges(self, numbers: SeqSet | UidSet) -> list[range] | None:
        """Return the places that a set names as ranges: no more of them than the set has.

        Returns:
            None when a sequence number is named that does not exist; UIDs may name anything.
        """
        if numbers.saved:
            return self._ranges_of_uids(self.saved)
        if isinstance(numbers, UidSet):
            return self._ranges_of_uids(numbers)
        count = len(self.uids)
        places: list[range] = []
        for low, high in numbers.ranges:
            first, last = (count if low == STAR else low), (count if high == STAR else high)
            if first > last:
                first, last = last, first
            if first < 1 or last > count:
                return None
            places.append(range(first - 1, last))
        return places

    def _ranges_of_uids(self, numbers: UidSet) -> list[range]:
        uids = self.uids
        if not uids:
            return []
        places: list[range] = []
        for low, high in numbers.resolve(uids[-1]).ranges:
            first = bisect_left(uids, low)
            places.append(range(first, bisect_right(uids, min(high, 0xFFFFFFFF), first)))
        return places

    # ---- what is new

    def has_news(self, *, expunges: bool) -> bool:
        """Whether anything happened that can be told now."""
        mailbox = self.mailbox
        if expunges and self.uids is not self._seen:
            return True
        return mailbox.uids is not self._seen or mailbox.modseq > self.modseq

    def news(self, *, expunges: bool) -> News:
        """Take what happened since the last time, and count it as told.

        Args:
            expunges: EXPUNGE may be told now; else it waits.
        """
        known = len(self.uids)
        expunged, arrived = self._compare(expunges=expunges)
        changed = self._changed(self.uids[: known - len(expunged)])
        recent = self._take_recent(arrived)
        if not arrived:
            return News(expunged, None, len(self.recent) if recent else None, changed)
        return News(expunged, len(self.uids), len(self.recent) if recent else None, changed)

    def _compare(self, *, expunges: bool) -> tuple[list[tuple[int, int]], array[int]]:
        current = self.mailbox.uids if self.mailbox.uids is not None else array("I")
        if current is self._seen and (not expunges or self.uids is self._seen):
            return [], array("I")
        last = self.uids[-1] if self.uids else 0
        arrived = current[bisect_right(current, last) :]
        expunged: list[tuple[int, int]] = []
        if len(current) - len(arrived) != len(self.uids):  # otherwise none is gone
            here = set(current)
            gone = [place for place, uid in enumerate(self.uids) if uid not in here]
            if expunges:
                expunged = [(place + 1, self.uids[place]) for place in reversed(gone)]
                gone = []
            if gone:
                self._seen = current
                self.uids = self.uids + arrived  # a new one: the old is the store's too
                return [], arrived
        self._seen = self.uids = current
        self.recent.difference_update(uid for _, uid in expunged)
        return expunged, arrived

    def _changed(self, told: array[int]) -> list[tuple[int, int]]:
        """Return which of the messages the client knew have other flags now."""
        modseq = self.mailbox.modseq
        if modseq <= self.modseq:
            return []
        uids = self.mailbox.changed_since(self.modseq, self.own)
        if uids is None:
            rows = self._account.query(
                "SELECT uid FROM entry WHERE mailbox=? AND modseq>?",
                self.mailbox.number, self.modseq,
            )  # fmt: skip
            uids = {row[0] for row in rows}
        self.modseq = modseq
        self.own.clear()
        changed = []
        for uid in sorted(uids):
            place = bisect_left(told, uid)
            if place < len(told) and told[place] == uid:
                changed.append((place + 1, uid))
        return changed

    def _take_recent(self, uids: array[int]) -> bool:
        r"""Take messages that no session was shown as \Recent; whether there were any."""
        mailbox = self.mailbox
        fresh = uids[bisect_left(uids, mailbox.recent_from) :]
        if not fresh:
            return False
        self.recent.update(fresh)
        if not self.readonly:
            mailbox.recent_from = fresh[-1] + 1
        return True


def _together(places: list[range]) -> Sequence[int]:
    """Return places of several ranges, ascending and each once; one range stays a range."""
    if len(places) == 1:
        return places[0]
    return sorted({place for each in places for place in each})
