"""What is worked out of octets before they are stored, beside the network and the writer.

It takes more time than anything else that is done with a message, so many are read in the worker,
a process of its own; the values that go between are plain, and the octets do not come back.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from desktopmail.door.octets import OctetReader
from desktopmail.engine import envelope_rows, plain_rows, stored_rows
from desktopmail.engine.content import Content
from desktopmail.engine.envelope_rows import Listing
from desktopmail.engine.in_hand import MESSAGE, message_key
from desktopmail.engine.summary import Rest, Summary, Words
from desktopmail.mime.header import header_end
from desktopmail.net.ports import WorkerAwayError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from desktopmail.door.profile import Profile
    from desktopmail.engine.guard import Guard
    from desktopmail.engine.plain_rows import Octets, Row
    from desktopmail.engine.stored_rows import Place
    from desktopmail.net.ports import Executor, Ports
    from desktopmail.wire.imap.fetch_rows import FetchRows

    Reader = Callable[[Guard, Ports, Sequence[Octets]], Awaitable[list["Read"]]]

_log = logging.getLogger(__name__)

# For fewer the way to another process is longer than the work.
_FEW = 20
#: What goes over in one piece: the other side holds all of it, and what it makes of it.
PIECE_OCTETS = 512 * 1024


class Read(NamedTuple):
    """What octets are found to be.

    Attributes:
        content: They, ready to be stored; None where they are a header block alone.
    """

    summary: Summary
    content: Content | None


async def read(guard: Guard, ports: Ports, contents: Sequence[Octets]) -> list[Read]:
    """Read messages: their octets, and whether that is the whole of each.

    What the worker dies of is read here again, each message noted as in hand: should the engine
    die of it too, it is known of which.
    """
    worker = ports.worker if len(contents) >= _FEW else None
    found: list[Read] = []
    for chunk in _chunks(contents):
        found += joined(chunk, await _rows(guard, ports.executor, worker, chunk))
    return found


async def glance(guard: Guard, ports: Ports, contents: Sequence[Octets]) -> list[Read]:
    """Read the headers of whole messages, and leave the rest of them for later.

    That takes a quarter of the time, and a hundredth of the octets goes to the worker. The store
    puts such messages into the queue of those that wait for their words (`indexing`).
    """
    if ports.worker is None or len(contents) < _FEW:
        return await read(guard, ports, contents)
    blocks = [_block(octets) if is_whole else (octets, False) for octets, is_whole in contents]
    try:
        found = await ports.worker.run(plain_rows.of, blocks)
    except WorkerAwayError as error:
        _log.info("reading %d messages as a whole: %s", len(contents), error)
        return await read(guard, ports, contents)
    rows = joined(blocks, found)
    cut = [
        number
        for number, ((_, is_whole), one) in enumerate(zip(contents, rows, strict=True))
        if is_whole and one.content is None
    ]
    made = await ports.executor.run(_contents, [contents[number][0] for number in cut])
    for number, content in zip(cut, made, strict=True):
        rows[number] = Read(rows[number].summary._replace(header=b""), content)
    return rows


def _block(octets: bytes) -> Octets:
    """The header block of a message; all of it where the lines of that end in no known way."""
    block = octets[: header_end(octets)]
    return (block, False) if b"\n" in block else (octets, True)


async def read_stored(
    guard: Guard, ports: Ports, profile: Profile, places: Sequence[Place], *, total: int
) -> list[Rest | None]:
    """Read messages where they are stored: what their octets tell beside their headers.

    Of a message that is missing or set aside there is None.

    Args:
        guard: What to note them with where they are read here.
        ports: With or without a worker.
        profile: Where they are stored.
        places: Of a piece of them: of few that are large, too, when many are to be read.
        total: How many are to be read in all pieces.
    """
    if not places:
        return []
    worker = ports.worker if total >= _FEW else None
    return [
        None if row is None else Rest._make((*row[0], Words._make(row[1])))
        for row in await _stored(guard, ports.executor, worker, profile, places)
    ]


async def _stored(
    guard: Guard,
    threads: Executor,
    worker: Executor | None,
    profile: Profile,
    places: Sequence[Place],
) -> list[stored_rows.Row]:
    if worker is not None:
        try:
            return await worker.run(stored_rows.of, places, profile)
        except WorkerAwayError as error:
            _log.info("reading %d messages in a thread: %s", len(places), error)
    return await threads.run(_stored_in_hand, guard, profile, places)


def _stored_in_hand(
    guard: Guard, profile: Profile, places: Sequence[Place]
) -> list[stored_rows.Row]:
    """Read messages one by one, each noted as in hand; what is set aside is not read."""
    found: list[stored_rows.Row] = []
    with closing(OctetReader(profile)) as reader:
        for place in places:
            octets = stored_rows.octets_of(reader, place)
            if octets is None or guard.is_aside(MESSAGE, key := message_key(octets)):
                found.append(None)
                continue
            with guard.hold(MESSAGE, key):
                found.append(stored_rows.of_octets(octets))
    return found


async def read_rows(
    guard: Guard, ports: Ports, answers: FetchRows
) -> tuple[envelope_rows.Columns, list[int]]:
    """Read answers with envelopes that came unread.

    Returns:
        The columns of a `Listing`, and the UIDs of those that have to be asked for in another way.
    """
    if ports.worker is not None:
        try:
            return await ports.worker.run(envelope_rows.of, answers.octets, answers.utf8)
        except WorkerAwayError as error:
            _log.info("reading envelopes in a thread: %s", error)
    return await ports.executor.run(_envelopes_in_hand, guard, answers)


def _envelopes_in_hand(guard: Guard, answers: FetchRows) -> tuple[envelope_rows.Columns, list[int]]:
    """Read answers one by one, each noted as in hand; what is set aside is not read."""
    rows: list[envelope_rows.Columns] = []
    unread: list[int] = []
    for line in answers.lines:
        octets = line + b"\r\n"
        if guard.is_aside(MESSAGE, message_key(octets)):
            unread += envelope_rows.uids_of(octets)
            continue
        with guard.hold(MESSAGE, message_key(octets)):
            found, left = envelope_rows.of(octets, answers.utf8)
        rows.append(found)
        unread += left
    return Listing.joined(rows), unread


async def _rows(
    guard: Guard, threads: Executor, worker: Executor | None, contents: Sequence[Octets]
) -> list[Row]:
    if worker is not None:
        try:
            return await worker.run(plain_rows.of, contents)
        except WorkerAwayError as error:
            _log.info("reading %d messages in a thread: %s", len(contents), error)
    return await threads.run(_rows_in_hand, guard, contents)


def _contents(contents: Sequence[bytes]) -> list[Content]:
    return list(map(Content.of, contents))


def _chunks(contents: Sequence[Octets]) -> Iterator[Sequence[Octets]]:
    """Cut messages into pieces (`PIECE_OCTETS`)."""
    begin = octets = 0
    for end, (one, _) in enumerate(contents, 1):
        octets += len(one)
        if octets >= PIECE_OCTETS or end == len(contents):
            yield contents[begin:end]
            begin, octets = end, 0


def _rows_in_hand(guard: Guard, contents: Sequence[Octets]) -> list[Row]:
    found = []
    for octets, is_whole in contents:
        with guard.hold(MESSAGE, message_key(octets)):
            found.append(plain_rows.of_one(octets, is_whole=is_whole))
    return found


def joined(contents: Sequence[Octets], found: Sequence[Row]) -> list[Read]:
    """Put together the octets and what was worked out of them."""
    return [
        Read(
            # A header block is not sent back: it is what was sent.
            Summary._make((b"" if is_whole else octets, *row, Words._make(words))),
            Content.made(octets, digest, deflated) if is_whole else None,
        )
        for (octets, is_whole), (row, words, digest, deflated) in zip(contents, found, strict=True)
    ]
