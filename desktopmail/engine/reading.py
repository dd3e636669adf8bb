"""What is worked out of octets before they are stored, beside the network and the writer.

It takes more time than anything else that is done with a message, so many are read in the worker,
a process of its own; the values that go between are plain, and the octets do not come back.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from desktopmail.engine import summary
from desktopmail.engine.content import Content
from desktopmail.engine.in_hand import MESSAGE, message_key
from desktopmail.engine.summary import Summary, Words
from desktopmail.net.ports import WorkerAwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from desktopmail.engine.guard import Guard
    from desktopmail.net.ports import Executor, Ports

_log = logging.getLogger(__name__)

# For fewer the way to another process is longer than the work.
_FEW = 20
_CHUNK_OCTETS = 512 * 1024

_Content = tuple[bytes, bool]
_Row = tuple[tuple[Any, ...], tuple[Any, ...], bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class Read:
    """What octets are found to be.

    Attributes:
        content: They, ready to be stored; None where they are a header block alone.
    """

    summary: Summary
    content: Content | None


async def read(guard: Guard, ports: Ports, contents: Sequence[_Content]) -> list[Read]:
    """Read messages: their octets, and whether that is the whole of each.

    What the worker dies of is read here again, each message noted as in hand: should the engine
    die of it too, it is known of which.
    """
    worker = ports.worker if len(contents) >= _FEW else None
    found: list[Read] = []
    for chunk in _chunks(contents):
        found += joined(chunk, await _rows(guard, ports.executor, worker, chunk))
    return found


async def _rows(
    guard: Guard, threads: Executor, worker: Executor | None, contents: Sequence[_Content]
) -> list[_Row]:
    if worker is not None:
        try:
            return await worker.run(rows, contents)
        except WorkerAwayError as error:
            _log.info("reading %d messages in a thread: %s", len(contents), error)
    return await threads.run(_rows_in_hand, guard, contents)


def _chunks(contents: Sequence[_Content]) -> Iterator[Sequence[_Content]]:
    """What goes over in one piece: the other side holds all of it, and what it makes of it."""
    begin = octets = 0
    for end, (one, _) in enumerate(contents, 1):
        octets += len(one)
        if octets >= _CHUNK_OCTETS or end == len(contents):
            yield contents[begin:end]
            begin, octets = end, 0


def _rows_in_hand(guard: Guard, contents: Sequence[_Content]) -> list[_Row]:
    found = []
    for octets, is_whole in contents:
        with guard.hold(MESSAGE, message_key(octets)):
            found.append(_row(octets, is_whole=is_whole))
    return found


def rows(contents: Sequence[_Content]) -> list[_Row]:
    """Work everything out; gives plain values."""
    return [_row(octets, is_whole=is_whole) for octets, is_whole in contents]


def joined(contents: Sequence[_Content], found: Sequence[_Row]) -> list[Read]:
    """Put together the octets and what was worked out of them."""
    return [
        Read(
            Summary(*(*row, Words(*words))),
            Content(octets, digest, deflated) if is_whole else None,
        )
        for (octets, is_whole), (row, words, digest, deflated) in zip(contents, found, strict=True)
    ]


def _row(octets: bytes, *, is_whole: bool) -> _Row:
    if not is_whole:
        one = summary.of_header(octets)
        return _columns(one), _words(one.words), b"", None
    one = summary.of_message(octets)
    content = Content.of(octets)
    return _columns(one), _words(one.words), content.sha256, content.deflated


_words: Callable[[Words], tuple[Any, ...]] = attrgetter(*(one.name for one in fields(Words)))
_columns: Callable[[Summary], tuple[Any, ...]] = attrgetter(
    *(one.name for one in fields(Summary) if one.name != "words")
)
