"""Keeps a message while it arrives: small ones in memory, large ones on disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from desktopmail.net.ports import Executor

_PREFIX: Final = "incoming-"
_FOLDER: Final = "spool"


class Spool:
    """One message.

    Args:
        data: The server's folder, in which large messages get one; None keeps them in memory.
        head_octets: How much stays in memory; the header has to be in there. Up to a quarter more
            is waited for before the disk is used, in pieces of that size: many messages are just a
            little larger than a round number.
        executor: Writes to the disk.
    """

    def __init__(self, data: Path | None, head_octets: int, executor: Executor) -> None:
        self._data = data
        self._piece_octets = head_octets // 4
        self._room = head_octets + self._piece_octets
        self._executor = executor
        self._pieces: list[bytes] = []
        self._held = 0
        self._head: bytes | None = None
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self.size = 0

    def hold(self, octets: bytes) -> bool:
        """Keep the next octets in memory; returns False, and keeps nothing, when they are many."""
        if self._data is not None and self._held + len(octets) > self._room:
            return False
        self._pieces.append(octets)
        self._held += len(octets)
        self.size += len(octets)
        return True

    async def write(self, octets: bytes) -> None:
        """Keep the next octets, on the disk when they are many.

        Raises:
            OSError: The disk refused them.
        """
        if not self.hold(octets):
            self._pieces.append(octets)
            self.size += len(octets)
            await self._executor.run(self._to_disk)

    @property
    def head(self) -> bytes:
        """The beginning of the message, or all of it."""
        if self._head is None:
            if len(self._pieces) != 1:
                self._pieces = [b"".join(self._pieces)]
            return self._pieces[0]
        return self._head

    @property
    def has_whole_header(self) -> bool:
        """Whether the header ends inside the head, so that a cut can be made anywhere in it."""
        return self._head is None or b"\r\n\r\n" in self._head or self._head.startswith(b"\r\n")

    async def compose(self, prefix: bytes, cuts: Sequence[tuple[int, int]] = ()) -> bytes:
        """Return the message behind a prefix and without the cuts, which lie inside the head.

        Raises:
            OSError: The disk refused it.
        """
        if self._head is not None:
            return await self._executor.run(self._composed, prefix, cuts)
        if cuts:
            return prefix + _without(self.head, cuts)
        return b"".join([prefix, *self._pieces])

    def discard(self) -> None:
        """Remove what is on the disk."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
        self._pieces.clear()

    def _to_disk(self) -> None:
        octets = b"".join(self._pieces)
        if self._file is None:
            self._head = octets
            self._file = self._new_file()
            self._room = self._piece_octets
        else:
            self._file.write(octets)
        self._pieces.clear()
        self._held = 0

    def _new_file(self) -> IO[bytes]:
        if self._data is None:
            raise RuntimeError("a message in memory has no file")
        folder = self._data / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
        self._path = Path(name)
        return os.fdopen(handle, "w+b")

    def _composed(self, prefix: bytes, cuts: Sequence[tuple[int, int]]) -> bytes:
        rest = self._file
        if rest is None or self._head is None:
            raise RuntimeError("a message in memory has no file")
        # The store has to see all of it at once: so it is read once, and not written again.
        rest.seek(0)
        octets = b"".join([prefix, _without(self._head, cuts), rest.read(), *self._pieces])
        rest.seek(0, os.SEEK_END)
        return octets


def sweep(data: Path) -> int:
    """Remove what a server that was killed left in its folder; returns how many files that were.

    Nothing of it was acknowledged: the clients send those messages again.
    """
    left = list((data / _FOLDER).glob(f"{_PREFIX}*"))
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _without(octets: bytes, cuts: Sequence[tuple[int, int]]) -> bytes:
    if not cuts:
        return octets
    kept, at = [], 0
    for begin, end in sorted(cuts):
        kept.append(octets[at:begin])
        at = end
    return b"".join((*kept, octets[at:]))
