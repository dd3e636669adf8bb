"""Keeps a message while it arrives: small ones in memory, large ones on disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from localserver.store.interface import SpooledFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from desktopmail.net.ports import Executor

_PREFIX: Final = "incoming-"


class Spool:
    """One message.

    Args:
        folder: Where large messages go; None keeps everything in memory.
        head_octets: How much stays in memory; the header has to be in there.
        executor: Writes to the disk.
    """

    def __init__(self, folder: Path | None, head_octets: int, executor: Executor) -> None:
        self._folder = folder
        self._head_octets = head_octets
        self._executor = executor
        self._pieces: list[bytes] = []
        self._held = 0
        self._head: bytes | None = None
        self._file: IO[bytes] | None = None
        self._made: list[Path] = []
        self.size = 0

    async def write(self, octets: bytes) -> None:
        """Keep the next octets.

        Raises:
            OSError: The disk refused them.
        """
        self._pieces.append(octets)
        self._held += len(octets)
        self.size += len(octets)
        if self._folder is not None and self._held > self._head_octets:
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

    async def compose(
        self, prefix: bytes, cuts: Sequence[tuple[int, int]] = ()
    ) -> bytes | SpooledFile:
        """Return the message behind a prefix and without the cuts, which lie inside the head.

        Raises:
            OSError: The disk refused it.
        """
        if self._head is None:
            return prefix + _without(self.head, cuts)
        return await self._executor.run(self._compose_file, prefix, tuple(cuts))

    def discard(self) -> None:
        """Remove what is on the disk."""
        if self._file is not None:
            self._file.close()
            self._file = None
        for path in self._made:
            path.unlink(missing_ok=True)
        self._made.clear()
        self._pieces.clear()

    def _to_disk(self) -> None:
        if self._file is None:
            self._head = b"".join(self._pieces)
            self._file = self._new_file()
        else:
            self._file.write(b"".join(self._pieces))
        self._pieces.clear()
        self._held = 0

    def _new_file(self) -> IO[bytes]:
        if self._folder is None:
            raise RuntimeError("a message in memory has no file")
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=self._folder)
        self._made.append(Path(name))
        return os.fdopen(handle, "w+b")

    def _compose_file(self, prefix: bytes, cuts: tuple[tuple[int, int], ...]) -> SpooledFile:
        rest = self._file
        if rest is None or self._head is None:
            raise RuntimeError("a message in memory has no file")
        rest.write(b"".join(self._pieces))
        self._pieces.clear()
        rest.seek(0)
        with self._new_file() as whole:
            whole.write(prefix + _without(self._head, cuts))
            shutil.copyfileobj(rest, whole, 1024 * 1024)
            size = whole.tell()
        rest.seek(0, os.SEEK_END)
        return SpooledFile(self._made[-1], size)


def sweep(folder: Path) -> int:
    """Remove what a server that was killed left behind; returns how many files that were.

    Nothing of it was acknowledged: the clients send those messages again.
    """
    left = list(folder.glob(f"{_PREFIX}*"))
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
