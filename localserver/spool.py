"""Keeps a message while it arrives: small ones in memory, large ones on disk.

A large message is never touched as a whole but piece by piece, and in a thread: to join 50 MB holds
every thread of the process for a twentieth of a second.
"""

from __future__ import annotations

import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from desktopmail.net.ports import Executor

_PREFIX: Final = "incoming-"
_FOLDER: Final = "spool"
_COPIED_OCTETS: Final = 256 * 1024


class Spool:
    """One message.

    Args:
        data: The server's folder, in which large messages get one; None keeps them in memory.
        head_octets: How much stays at hand; the header has to be in there. Up to a quarter more
            is waited for before the disk is used, in pieces of that size: many messages are just a
            little larger than a round number.
        executor: Writes to the disk, and puts large messages together.
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
        """Keep the next octets; returns False, and keeps none, when the disk has to take them."""
        is_full = self._held + len(octets) > self._room
        if is_full and self._data is not None:
            return False
        self._pieces.append(octets)
        self._held += len(octets)
        self.size += len(octets)
        if is_full:
            self._put_down()
        return True

    async def write(self, octets: bytes) -> None:
        """Keep the next octets, on the disk when they are many.

        Raises:
            OSError: The disk refused them.
        """
        if not self.hold(octets):
            self._pieces.append(octets)
            self.size += len(octets)
            await self._executor.run(self._put_down)

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
        return prefix + _without(self.head, cuts)

    def discard(self) -> None:
        """Remove what is on the disk."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
        self._pieces.clear()

    def _put_down(self) -> None:
        octets = b"".join(self._pieces)
        if self._file is None:
            self._head = octets
            self._file = BytesIO() if self._data is None else self._new_file(self._data)
            self._room = self._piece_octets
        else:
            self._file.write(octets)
        self._pieces.clear()
        self._held = 0

    def _new_file(self, data: Path) -> IO[bytes]:
        folder = data / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
        self._path = Path(name)
        return os.fdopen(handle, "w+b")

    def _composed(self, prefix: bytes, cuts: Sequence[tuple[int, int]]) -> bytes:
        rest = self._file
        if rest is None or self._head is None:
            raise RuntimeError("a small message has no file")
        # The store has to see all of it at once: so it is read once, and not written again. And
        # between two pieces other threads have their turn.
        whole = BytesIO()
        whole.write(prefix)
        whole.write(_without(self._head, cuts))
        rest.seek(0)
        while piece := rest.read(_COPIED_OCTETS):
            whole.write(piece)
        for piece in self._pieces:
            whole.write(piece)
        return whole.getvalue()  # which is no copy


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
