"""From the network into the store: while one batch is fetched, others are parsed and stored.

A connection that waits for the disk, and a disk that waits for the connection, each waste the time
of the other. Batches are stored in the order in which they came, each in one transaction, so a
crash costs what is on its way and nothing else.

What a fast network brings waits for no reader: large messages are stored by their headers then, and
what else is in them is read from the store when all of them are durable.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from desktopmail.engine.waiting import unwrapped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from types import TracebackType

    from desktopmail.engine.store.store import Store, Transaction

# Each step of the store waits for the disk, and for its turn of the processor, as often as it has
# statements: with less of them a first sync takes a seventh longer.
BATCH_OCTETS = 11 * 1024 * 1024 // 2
# Of messages that are read as a whole, which takes longer than to store them, a batch is smaller
# and there are more: that takes no more time than larger ones, and eight megabytes less.
READ_OCTETS = 5 * 1024 * 1024 // 4
BATCH_MESSAGES = 500
# One that is stored and those that are parsed, beside the one that is fetched; and their octets
# together with it. Batches of seven megabytes, and fifteen on the way, take a twentieth less time
# again, and ten megabytes.
ON_THE_WAY = 3
ON_THE_WAY_OCTETS = 12 * 1024 * 1024
# A batch that came within this time, and of messages this large, is glanced at: the network would
# wait for who reads it. Small ones are read in little more time than their headers alone.
GLANCED_WITHIN_S = 0.25
GLANCED_OCTETS = 8 * 1024
# So few are found by their words with the step that stores them; of more the words are gathered.
WORDS_AT_ONCE = 50

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")


def is_enough(octets: int, messages: int) -> bool:
    """Whether messages of so many octets together are a batch."""
    return octets >= (BATCH_OCTETS if octets >= GLANCED_OCTETS * messages else READ_OCTETS)


class Pipeline(Generic[T, P]):
    """Takes messages as they come; at the end of the `async with` block all of them are durable.

    Also where the block ends by an error: over a connection that is cut again and again something
    has to stay of each. Only who is cancelled leaves at once.

    Args:
        store: Where they go.
        parse: Works a batch out, beside the network; touches nothing.
        keep: Puts a batch into the store, in its own transaction.
        messages: How many make a batch at the most; None: `BATCH_MESSAGES`.
        glance: Works out only what makes messages durable and listed, and leaves the rest to
            `indexing.index_octets`; None: `parse` is for all.
    """

    def __init__(
        self,
        store: Store,
        parse: Callable[[Sequence[T]], Awaitable[P]],
        keep: Callable[[Transaction, P], None],
        *,
        messages: int | None = None,
        glance: Callable[[Sequence[T]], Awaitable[P]] | None = None,
    ) -> None:
        self._store = store
        self._parse = parse
        self._keep = keep
        self._messages = messages or BATCH_MESSAGES
        self._group = asyncio.TaskGroup()
        self._on_the_way: deque[tuple[asyncio.Task[None], int]] = deque()  # with their octets
        self._glance = glance
        self._loop = asyncio.get_running_loop()
        self._batch: list[T] = []
        self._began = 0.0
        self._octets = 0

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with unwrapped():
            if error is None or isinstance(error, Exception):
                self._send_on(self._parse)
                await self._group.__aexit__(None, None, None)
                await self._store.index_words()
            else:
                await self._group.__aexit__(kind, error, trace)

    async def put(self, one: T, octets: int) -> None:
        """Take a message of so many octets; waits while too much is on its way.

        Raises:
            asyncio.CancelledError: An earlier batch could not be stored; the block raises why.
        """
        if octets >= BATCH_OCTETS:
            await self.flush()  # it is a batch of its own: with others it would be two in memory
        if not self._batch:
            self._began = self._loop.time()
        self._batch.append(one)
        self._octets += octets
        if is_enough(self._octets, len(self._batch)) or len(self._batch) >= self._messages:
            await self.flush()

    def begin(self, work: Coroutine[object, object, R]) -> asyncio.Task[R]:
        """Begin to work something out that is a part of a batch; it fails with the block.

        Where the parts of a batch come one after the other, all but the last are worked out when it
        is complete.
        """
        return self._group.create_task(work)

    async def flush(self) -> None:
        """Send on what has gathered, however little it is."""
        parse = self._reader()
        while self._on_the_way and not self._has_room():
            done, _ = self._on_the_way.popleft()
            await done
        self._send_on(parse)

    def _has_room(self) -> bool:
        octets = self._octets + sum(octets for _, octets in self._on_the_way)
        return len(self._on_the_way) < ON_THE_WAY and octets <= ON_THE_WAY_OCTETS

    def _reader(self) -> Callable[[Sequence[T]], Awaitable[P]]:
        """What reads the batch that has gathered."""
        if (
            self._glance is None
            or self._octets < max(BATCH_OCTETS, GLANCED_OCTETS * len(self._batch))
            or self._loop.time() - self._began > GLANCED_WITHIN_S
        ):
            return self._parse
        return self._glance

    def _send_on(self, parse: Callable[[Sequence[T]], Awaitable[P]]) -> None:
        if not self._batch:
            return
        batch, octets, self._batch, self._octets = self._batch, self._octets, [], 0
        before = self._on_the_way[-1][0] if self._on_the_way else None
        work = self._group.create_task(self._work(batch, parse, before))
        self._on_the_way.append((work, octets))

    async def _work(
        self,
        batch: Sequence[T],
        parse: Callable[[Sequence[T]], Awaitable[P]],
        before: asyncio.Task[None] | None,
    ) -> None:
        later = len(batch) > WORDS_AT_ONCE
        parsed = await parse(batch)
        del batch  # of most only what is stored is needed now
        if before is not None:
            await before
        await self._store.write(lambda tx: self._keep(tx, parsed), words_later=later)
