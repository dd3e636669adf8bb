"""The octets of large messages, read and written piece by piece: as a whole they hold every thread.

SQLite makes two copies of what is inserted as a whole, too, before its pages.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

import apsw

if TYPE_CHECKING:
    from localserver.steps import Steps

LARGE_OCTETS: Final = 1024 * 1024
_PIECE_OCTETS: Final = 256 * 1024


def is_large(size: int) -> bool:
    """Whether so many octets are handled piece by piece."""
    return size > LARGE_OCTETS


def place_of(octets: bytes | memoryview) -> bytes | memoryview | apsw.zeroblob:
    """Return what an INSERT binds for octets: them, or room for them where they are large."""
    return apsw.zeroblob(len(octets)) if is_large(len(octets)) else octets


def put(
    connection: apsw.Connection, table: str, column: str, row: int, octets: bytes | memoryview
) -> None:
    """Put octets into the room that was inserted for them, in the same transaction."""
    if not is_large(len(octets)):
        return
    view = memoryview(octets)
    with connection.blob_open("main", table, column, row, True) as blob:
        for begin in range(0, len(view), _PIECE_OCTETS):
            blob.write(view[begin : begin + _PIECE_OCTETS])


def octets_of(connection: apsw.Connection, message: int) -> Steps[bytes | None]:
    """Return the octets of a message; None when it is gone, or went meanwhile."""
    whole = BytesIO()
    try:
        for column in ("header", "body"):
            with connection.blob_open("main", "content", column, message, False) as blob:
                while piece := blob.read(_PIECE_OCTETS):
                    whole.write(piece)
                    yield
    except (apsw.AbortError, apsw.SQLError):
        return None
    return whole.getvalue()  # which is no copy
