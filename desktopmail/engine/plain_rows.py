"""What is worked out of messages as plain values: what the worker calls, in a process of its own.

It imports neither network nor store: a worker that begins has to be ready soon, and to be small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktopmail.engine import summary
from desktopmail.engine.content import Content

if TYPE_CHECKING:
    from collections.abc import Sequence

# The octets of a message, and whether that is the whole of it: else its header block.
Octets = tuple[bytes, bool]
# The columns of its `Summary` behind the header, its `Words`, and of a whole message the name of
# its content and its octets deflated, where that is worth it.
Row = tuple[tuple[Any, ...], tuple[Any, ...], bytes, bytes | None]


def of(contents: Sequence[Octets]) -> list[Row]:
    """Work everything out."""
    return [of_one(octets, is_whole=is_whole) for octets, is_whole in contents]


def of_one(octets: bytes, *, is_whole: bool) -> Row:
    """Work one message out; never raises, whatever the octets are."""
    if not is_whole:
        _, *row, found_by = summary.of_header(octets)
        return tuple(row), tuple(found_by), b"", None
    _, *row, found_by = summary.of_message(octets)
    content = Content.of(octets)
    return (
        tuple(row),
        tuple(found_by),
        content.sha256,
        content.stored if content.is_deflated else None,
    )
