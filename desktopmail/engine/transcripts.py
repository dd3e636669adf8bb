"""What was said to the servers, redacted: a ring for each connection, bounded all together."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
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
# Of the newest records so much is kept when the engine ends, for who asks afterwards.
KEPT_OCTETS = 256 * 1024
# One connection may have this part of it all: a long fetch leaves what was said on the others.
_SHARE = 2


@dataclass(slots=True)
class _Ring:
    """The records of one connection, by their numbers, and what they cost."""

    numbers: deque[int] = field(default_factory=deque)
    octets: int = 0


class Transcripts:
    """The rings of all connections of the engine.

    Attributes:
        is_kept: Whether `kept` holds nothing else than what was restored.

    Args:
        clock: For the times of the records.
        max_octets: What they may hold together, one of them half of it; the oldest records go
            first.
    """

    def __init__(self, clock: Clock, max_octets: int) -> None:
        self._clock = clock
        self._max_octets = max_octets
        self._octets = 0
        self._number = 0
        self._records: OrderedDict[int, TranscriptRecord] = OrderedDict()
        self._rings: dict[str, _Ring] = {}
        self._lost: Counter[AccountId] = Counter()
        self._connections: Counter[str] = Counter()
        self._masks: tuple[bytes, ...] = ()
        self._at_logins: list[tuple[bytes, ...]] = []
        self.is_kept = True

    def kept(self) -> bytes:
        """The newest records, for the next engine of this profile."""
        room = KEPT_OCTETS
        newest: list[TranscriptRecord] = []
        for record in reversed(self._records.values()):
            room -= len(record.octets) + _RECORD_COST
            if room < 0:
                break
            newest.append(record)
        return msgspec.msgpack.encode(newest[::-1])

    def restore(self, kept: bytes) -> None:
        """Take in what an earlier engine kept; those of this one follow behind.

        Raises:
            msgspec.MsgspecError: It is something else; nothing was taken in.
        """
        records = msgspec.msgpack.decode(kept, type=list[TranscriptRecord])
        for record in records:
            service, _, number = record.connection.rpartition(" ")
            if number.isdecimal():
                self._connections[service] = max(self._connections[service], int(number))
            self._keep(msgspec.structs.replace(record, number=self._number + 1))
        self.is_kept = True

    def forget(self, account_id: AccountId) -> None:
        """Keep nothing of an account, which was removed."""
        gone = [number for number, one in self._records.items() if one.account_id == account_id]
        for number in gone:
            self._forget(number)
        del self._lost[account_id]
        self.is_kept = False

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
        if self._at_logins:
            masks = sum(self._at_logins, masks)
        octets = _shortened(self._unsplit(after, octets, masks), masks)
        self._keep(
            TranscriptRecord(
                number=self._number + 1,
                account_id=account_id,
                connection=connection,
                at_s=self._clock.now().timestamp(),
                sender=sender,
                octets=octets,
            )
        )
        return self._number

    def _keep(self, record: TranscriptRecord) -> None:
        self.is_kept = False
        self._number = record.number
        self._records[record.number] = record
        ring = self._rings.setdefault(record.connection, _Ring())
        ring.numbers.append(record.number)
        self._count(record.connection, len(record.octets) + _RECORD_COST)
        while ring.octets > self._max_octets // _SHARE and ring.numbers:
            self._forget(ring.numbers[0])
        while self._octets > self._max_octets and self._records:
            self._forget(next(iter(self._records)))

    def _forget(self, number: int) -> None:
        """Let a record go: the oldest of its connection, or in turn all of an account's."""
        record = self._records.pop(number)
        self._lost[record.account_id] += 1
        self._count(record.connection, -len(record.octets) - _RECORD_COST)
        ring = self._rings[record.connection]
        ring.numbers.remove(number)
        if not ring.numbers:
            del self._rings[record.connection]

    def _count(self, connection: str, octets: int) -> None:
        self._rings[connection].octets += octets
        self._octets += octets

    def _unsplit(self, after: int, octets: bytes, masks: tuple[bytes, ...]) -> bytes:
        """Hide what begins in one record and ends in the next: the network cuts where it likes."""
        before = self._records.get(after)
        if before is None or not masks:
            return octets
        reach = max(map(len, masks)) - 1
        seam = before.octets[-reach:] + octets[:reach]
        for mask in masks:
            if mask not in seam:
                continue
            tail = before.octets[-(len(mask) - 1) :]
            at = (tail + octets[: len(mask) - 1]).find(mask)
            if 0 <= at < len(tail):
                kept = before.octets[: len(before.octets) - len(tail) + at]
                self._count(before.connection, len(kept) - len(before.octets))
                self._records[after] = msgspec.structs.replace(before, octets=kept)
                return HIDDEN.encode() + octets[at + len(mask) - len(tail) :]
        return octets

    def read(self, account_id: AccountId | None, since: int) -> Transcript:
        """Return the records behind a number, of one account or of all."""
        return Transcript(
            records=tuple(
                record
                for number, record in self._records.items()
                if number > since and account_id in {None, record.account_id}
            ),
            lost=self._lost.total() if account_id is None else self._lost[account_id],
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

    def __init__(self, rings: Transcripts, account_id: AccountId, connection: str) -> None:
        self._rings = rings
        self._account_id = account_id
        self._connection = connection
        self._last: tuple[str, int] = ("", 0)

    def record(self, sender: Literal["C", "S", "*"], octets: bytes) -> None:
        """Take octets that are redacted already."""
        said_by, number = self._last
        after = number if said_by == sender else 0
        number = self._rings.add(self._account_id, self._connection, sender, octets, after)
        self._last = (sender, number)
