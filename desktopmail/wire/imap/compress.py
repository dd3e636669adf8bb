"""COMPRESS=DEFLATE: both directions deflated, and no bomb larger than a step (RFC 4978)."""

# compress  = "COMPRESS" SP algorithm
# algorithm = "DEFLATE"

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.limits import MAX_INFLATED_OCTETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

# RFC 4978 section 4: raw deflate, without the header of zlib.
_WINDOW_BITS = -15


@dataclass(frozen=True, slots=True)
class Compress:
    """Ask for compression from the next octet on."""

    algorithm: str = "DEFLATE"

    name: ClassVar[bytes] = b"COMPRESS"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        return cls(cursor.word().decode("ascii"))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"COMPRESS ")
        writer.atom(self.algorithm.encode("ascii", "replace"))


class Inflater:
    """Unpacks what a peer sends, in steps of bounded size.

    The pump hands every step to its machine before it takes the next, so that what a bomb unpacks
    to meets the limits of lines and literals and is never held at once.
    """

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_WINDOW_BITS)

    def receive(self, octets: bytes) -> Iterator[bytes]:
        """Unpack octets, at most `MAX_INFLATED_OCTETS` at a time.

        Raises:
            RemoteProtocolError: They are not a deflate stream, or it has ended.
        """
        pending = octets
        while pending:
            if self._inflate.eof:
                raise RemoteProtocolError("the compressed stream went on after its end")
            try:
                piece = self._inflate.decompress(pending, MAX_INFLATED_OCTETS)
            except zlib.error as error:
                raise RemoteProtocolError("what came is not compressed with DEFLATE") from error
            pending = self._inflate.unconsumed_tail
            if self._inflate.unused_data:
                raise RemoteProtocolError("the compressed stream went on after its end")
            if piece:
                yield piece
        # A full step may have left output behind although all input is consumed.
        yield from self._left_over()

    def _left_over(self) -> Iterator[bytes]:
        while not self._inflate.eof:
            try:
                piece = self._inflate.decompress(b"", MAX_INFLATED_OCTETS)
            except zlib.error as error:
                raise RemoteProtocolError("what came is not compressed with DEFLATE") from error
            if not piece:
                return
            yield piece


class Deflater:
    """Packs what we send; every call ends where the peer can read on."""

    def __init__(self, level: int = 6) -> None:
        self._deflate = zlib.compressobj(level, zlib.DEFLATED, _WINDOW_BITS)

    def send(self, octets: bytes) -> bytes:
        """Pack octets that go out together."""
        return self._deflate.compress(octets) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
