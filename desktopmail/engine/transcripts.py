"""What was said to the servers, redacted: a ring of records that never grows beyond its size."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import msgspec

from desktopmail.door.queries import Transcript, TranscriptRecord
from desktopmail.engine.masking import HIDDEN, hide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.masking import Masks
    from desktopmail.net.ports import Clock

# Of a mail that comes or goes a transcript needs the beginning only.
MAX_RECORD_OCTETS = 4096
_HEAD_OCTETS, _TAIL_OCTETS = 3072, 1024
# What a record costs beside its octets.
_RECORD_COST = 200


class Transcripts:
    """The ring of all connections of the engine.

    Args:
        clock: For the times of the records.
        max_octets: What it may hold; the oldest records go first.
    """

    def __init__(self, clock: Clock, max_octets: int) -> None:
        self._clock = clock
        self._max_octets = max_octets
        self._octets = 0
        self._number = 0
        self._records: deque[TranscriptRecord] = deque()
        self._connections: Counter[str] = Counter()
        self._masks: tuple[bytes, ...] = ()
        self._at_logins: list[tuple[bytes, ...]] = []

    def recorder(self, account_id: AccountId, service: str) -> ConnectionRecorder:
        """Return what records one new connection ("imap 1", "imap 2", …)."""
        self._connections[service] += 1
        return ConnectionRecorder(self, account_id, f"{service} {self._connections[service]}")

    @contextmanager
    def hiding(self, masks: Masks) -> Iterator[None]:
        """Hide these from now on, in whatever a server says; some of them during a login alone."""
        self._masks = tuple(dict.fromkeys((*self._masks, *masks.always)))
        self._at_logins.append(masks.at_login)
        try:
            yield
        finally:
            self._at_logins.remove(masks.at_login)

    def add(
        self, account_id: AccountId, connection: str, sender: str, octets: bytes, after: int = 0
    ) -> int:
        """Keep a record; an over-long one is cut, and says so.

        Args:
            account_id: Whose connection it is.
            connection: Its name.
            sender: Who said it.
            octets: What was said.
            after: The record that these octets follow on, said by the same side; or 0.

        Returns:
            The number of the record.
        """
        masks = self._masks
        for more in self._at_logins:
            masks += more
        octets = _shortened(self._unsplit(after, octets, masks), masks)
        self._number += 1
        self._records.append(
            TranscriptRecord(
                number=self._number,
                account_id=account_id,
                connection=connection,
                at_s=self._clock.now().timestamp(),
                sender=sender,
                octets=octets,
            )
        )
        self._octets += len(octets) + _RECORD_COST
        while self._octets > self._max_octets and self._records:
            self._octets -= len(self._records.popleft().octets) + _RECORD_COST
        return self._number

    def _unsplit(self, after: int, octets: bytes, masks: tuple[bytes, ...]) -> bytes:
        """Hide what begins in one record and ends in the next: the network cuts where it likes."""
        place = after - self._records[0].number if self._records else -1
        if not after or place < 0:
            return octets
        before = self._records[place]
        for mask in masks:
            tail = before.octets[-(len(mask) - 1) :]
            at = (tail + octets[: len(mask) - 1]).find(mask)
            if 0 <= at < len(tail):
                kept = before.octets[: len(before.octets) - len(tail) + at]
                self._octets -= len(before.octets) - len(kept)
                self._records[place] = msgspec.structs.replace(before, octets=kept)
                return HIDDEN.encode() + octets[at + len(mask) - len(tail) :]
        return octets

    def read(self, account_id: AccountId | None, since: int) -> Transcript:
        """Return the records behind a number, of one account or of all."""
        first = self._records[0].number if self._records else self._number + 1
        return Transcript(
            records=tuple(
                record
                for record in self._records
                if record.number > since and account_id in {None, record.account_id}
            ),
            lost=max(0, first - 1 - since),
        )


def _shortened(octets: bytes, masks: tuple[bytes, ...]) -> bytes:
    """Octets without what is hidden; of many the beginning and the end, in whole lines.

    Most of what goes over a connection is left out, and not looked through.
    """
    if len(octets) <= MAX_RECORD_OCTETS:
        return hide(octets, masks)
    size = len(octets)
    # Where a piece is cut off, part of a mask may stand: so much more is taken, and let go again.
    more = max(map(len, masks), default=0)
    if size > _HEAD_OCTETS + _TAIL_OCTETS + 2 * more:
        head = hide(octets[: _HEAD_OCTETS + more], masks)
        head = head[: len(head) - more]
        tail = hide(octets[-_TAIL_OCTETS - more :], masks)[more:]
    else:
        hidden = hide(octets, masks)
        size = len(hidden)
        head, tail = hidden[:-_TAIL_OCTETS], hidden[-_TAIL_OCTETS:]
    head, tail = head[:_HEAD_OCTETS], tail[-_TAIL_OCTETS:]
    head = head[: head.rfind(b"\n") + 1] or head  # how it ended is shown
    tail = tail[tail.find(b"\n") + 1 :]
    left_out = size - len(head) - len(tail)
    return b"%b[%d more octets]\r\n%b" % (head, left_out, tail)


class ConnectionRecorder:
    """A `net.transcript.Recorder` of one connection."""

    def __init__(self, ring: Transcripts, account_id: AccountId, connection: str) -> None:
        self._ring = ring
        self._account_id = account_id
        self._connection = connection
        self._last: tuple[str, int] = ("", 0)

    def record(self, sender: Literal["C", "S", "*"], octets: bytes) -> None:
        """Take octets that are redacted already."""
        said_by, number = self._last
        after = number if said_by == sender else 0
        number = self._ring.add(self._account_id, self._connection, sender, octets, after)
        self._last = (sender, number)
