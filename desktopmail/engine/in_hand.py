"""What the engine has in hand at this moment, written down so that its sudden end leaves it behind.

The note is a file of fixed places in shared memory: writing one costs a microsecond, and survives
the end of the process, whatever ended it; the end of the machine need not be survived. An engine
that ends in order leaves all places empty.
"""

from __future__ import annotations

import logging
import mmap
import os
import threading
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The most particular first: while a message is parsed its account is in hand, too.
MESSAGE: Final = "message"
OPERATION: Final = "operation"
SENDING: Final = "sending"
ACCOUNT: Final = "account"
KINDS: Final = (MESSAGE, OPERATION, SENDING, ACCOUNT)

_PLACES = 64
_PLACE_OCTETS = 256
_MAX_KEY = 64
_EDGE_OCTETS = 16 * 1024

_log = logging.getLogger("desktopmail.engine")


class Item(msgspec.Struct, frozen=True):
    """Something that is worked on.

    Attributes:
        kind: One of `KINDS`.
        key: Names it: the id of a row; of a message what `message_key` makes.
    """

    kind: str
    key: str


def message_key(octets: bytes) -> str:
    """Name a message by its octets, without reading all of them."""
    head, tail = octets[:_EDGE_OCTETS], octets[-_EDGE_OCTETS:]
    return f"{len(octets):x}-{zlib.crc32(head):08x}{zlib.crc32(tail):08x}"


class InHand:
    """The note of one engine.

    Args:
        path: The file; made where it is not there. Whoever opens it holds the lock of the profile.

    Attributes:
        left: What the engine before had in hand when it ended; empty when it ended in order.
    """

    def __init__(self, path: Path) -> None:
        self._map = _shared(path)
        self._lock = threading.Lock()
        self.left = self._read()
        self._map[:] = bytes(len(self._map))
        self._free = list(range(_PLACES))

    @contextmanager
    def hold(self, kind: str, key: str) -> Iterator[None]:
        """Have it written down that something is worked on, until the block ends."""
        octets = msgspec.json.encode(Item(kind, key[:_MAX_KEY]))
        with self._lock:
            place = self._free.pop() if self._free else None
        if place is None:  # more at once than can be told apart afterwards
            yield
            return
        at = place * _PLACE_OCTETS
        # The first octet says whether the rest counts, so it is written last.
        self._map[at + 1 : at + 1 + len(octets)] = octets
        self._map[at] = len(octets)
        try:
            yield
        finally:
            self._map[at] = 0
            with self._lock:
                self._free.append(place)

    def close(self) -> None:
        """Leave; what is still in hand is given up in order."""
        noted, self._map = self._map, mmap.mmap(-1, _PLACES * _PLACE_OCTETS)
        noted[:] = bytes(len(noted))
        noted.close()

    def _read(self) -> tuple[Item, ...]:
        found = []
        for at in range(0, len(self._map), _PLACE_OCTETS):
            octets = self._map[at + 1 : at + 1 + self._map[at]]
            try:
                found += [msgspec.json.decode(octets, type=Item)] if octets else []
            except msgspec.DecodeError:
                continue  # cut short while it was written
        return tuple(dict.fromkeys(found))


def _shared(path: Path) -> mmap.mmap:
    """The file in memory; where it cannot be had, memory that nobody sees afterwards.

    Its room is taken beforehand: on a full disk the first write into memory would end the process.
    """
    size = _PLACES * _PLACE_OCTETS
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take_room(descriptor, size)
            return mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
    except OSError as error:
        _log.warning("what is in hand is not noted in %s: %s", path, error.strerror)
        return mmap.mmap(-1, size)


def _take_room(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:  # Windows and macOS
        there = os.lseek(descriptor, 0, os.SEEK_END)
        os.write(descriptor, bytes(max(0, size - there)))
