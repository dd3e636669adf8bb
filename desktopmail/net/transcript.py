"""Where a client or a session tells what was said on a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from desktopmail.wire.transcript import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.net.ports import Clock
    from desktopmail.wire.output import Segment


class Recorder(Protocol):
    """Takes what was said, octet for octet, with secrets already replaced."""

    def record(self, sender: Literal["C", "S", "*"], octets: bytes) -> None:
        """Take octets of the client (`"C"`), the server (`"S"`), or a remark (`"*"`)."""


def record_output(
    recorder: Recorder | None, sender: Literal["C", "S"], segments: Sequence[Segment]
) -> bytes:
    """Give the segments to the recorder, redacted, and return the octets to be sent."""
    if len(segments) == 1 and segments[0].mask is None:
        octets = segments[0].octets
        if recorder is not None:
            recorder.record(sender, octets)
        return octets
    if recorder is not None and segments:
        recorder.record(sender, b"".join([segment.redacted for segment in segments]))
    return b"".join([segment.octets for segment in segments])


class MemoryRecorder:
    """Keeps the newest records in memory, for tests and for a transcript window.

    Args:
        clock: Where the time of a record comes from.
        max_octets: How much is kept; the oldest goes first.
    """

    def __init__(self, clock: Clock, *, max_octets: int = 1 << 20) -> None:
        self._clock = clock
        self._max_octets = max_octets
        self._size = 0
        self.records: list[Record] = []

    def record(self, sender: Literal["C", "S", "*"], octets: bytes) -> None:
        """Keep one record."""
        self.records.append(Record(self._clock.now(), sender, octets))
        self._size += len(octets)
        while self._size > self._max_octets and len(self.records) > 1:
            self._size -= len(self.records.pop(0).octets)

    def text(self) -> str:
        """Everything kept, as `C: …` and `S: …` lines."""
        return "\n".join(line for record in self.records for line in record.lines())
