"""What was said in every session, newest kept: for tests, the API and the curious."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktopmail.wire.transcript import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktopmail.net.ports import Clock

_MAX_RECORD_OCTETS = 8192


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One record of one session.

    Attributes:
        number: Grows with each record of the server.
        session: Number of the session, from 1.
        protocol: `smtp`, `submission`, `pop3`, `imap`.
        peer: The client's address.
        record: What was said.
    """

    number: int
    session: int
    protocol: str
    peer: str
    record: Record

    def text(self) -> str:
        """The record as lines, each with the session before it."""
        return "\n".join(f"{self.protocol}#{self.session} {line}" for line in self.record.lines())


class SessionRecorder:
    """Takes what one session says; a `net.transcript.Recorder`."""

    def __init__(self, transcript: Transcript, session: int, protocol: str, peer: str) -> None:
        self._keep = transcript.keep
        self.session = session
        self.protocol = protocol
        self.peer = peer

    def record(self, sender: Literal["C", "S", "*"], octets: bytes | memoryview) -> None:
        """Keep what was said, long answers by their beginning."""
        self._keep(self, sender, octets)


class Transcript:
    """The newest records of all sessions.

    Args:
        clock: When something was said.
        max_octets: How much is kept.
    """

    def __init__(self, clock: Clock, *, max_octets: int = 4 << 20) -> None:
        self._clock = clock
        self._max_octets = max_octets
        # Every command and answer is kept, few are ever looked at: so records are made late.
        self._kept: deque[_Kept] = deque()
        self._octets = 0
        self._sessions = 0
        self._number = 0
        self._told: list[Callable[[SessionRecord], None]] = []

    def session(self, protocol: str, peer: str) -> SessionRecorder:
        """Begin the transcript of a session."""
        self._sessions += 1
        return SessionRecorder(self, self._sessions, protocol, peer)

    def records(self, *, after: int = 0) -> list[SessionRecord]:
        """Return what is kept, oldest first, from behind a number on."""
        return [_shown(kept) for kept in self._kept if kept[0] > after]

    def clear(self) -> None:
        """Forget everything kept."""
        self._kept.clear()
        self._octets = 0

    def reset(self) -> None:
        """Forget everything kept, and count sessions from 1 again; records go on being counted."""
        self.clear()
        self._sessions = 0

    def on_record(self, told: Callable[[SessionRecord], None]) -> Callable[[], None]:
        """Call `told` for each record; returns the function that stops it."""
        self._told.append(told)
        return lambda: self._told.remove(told)

    def text(self) -> str:
        """Everything kept, a line each."""
        return "\n".join(_shown(kept).text() for kept in self._kept)

    def keep(
        self, session: SessionRecorder, sender: Literal["C", "S", "*"], said: bytes | memoryview
    ) -> None:
        """Take one record of a session."""
        octets = bytes(said[:_MAX_RECORD_OCTETS])
        if len(said) > _MAX_RECORD_OCTETS:
            octets += b"[... %d octets more]\r\n" % (len(said) - _MAX_RECORD_OCTETS)
        self._number += 1
        kept = (self._number, session, self._clock.now(), sender, octets)
        self._kept.append(kept)
        self._octets += len(octets)
        while self._octets > self._max_octets and len(self._kept) > 1:
            self._octets -= len(self._kept.popleft()[4])
        if self._told:
            one = _shown(kept)
            for told in tuple(self._told):
                told(one)


_Kept: TypeAlias = tuple[int, SessionRecorder, "datetime", Literal["C", "S", "*"], bytes]


def _shown(kept: _Kept) -> SessionRecord:
    number, session, moment, sender, octets = kept
    record = Record(moment, sender, octets)
    return SessionRecord(number, session.session, session.protocol, session.peer, record)
