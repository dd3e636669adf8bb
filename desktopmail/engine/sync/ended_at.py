"""How often the connection ended at a message: some servers die of one that they cannot read.

It is kept in the store: an engine that runs for one try, as that of a command does, would begin to
count anew each time, and all that stands behind the message would never come.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.engine.store import ended_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store


class EndedAt:
    """What is counted for one account, by what names a message, or a part of one.

    Args:
        most: So often it has to end at one before that is left out. What was left out is asked for
            again when it is due: then once is enough.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: Counter[str] = Counter()
        self._passing: set[str] = set()
        self._kept: dict[str, int] | None = None

    def __bool__(self) -> bool:
        """Whether it ended at anything."""
        return bool(self._times)

    def times(self, name: str) -> int:
        """How often it ended at one."""
        return self._times[name]

    def is_to_be_left_out(self, name: str) -> bool:
        """Whether it ended at one too often."""
        return self._times[name] >= self._most

    def left_out(self, name: str) -> None:
        """Note that one was left out, and that it can be told when it is due again."""
        self._times[name] = self._most - 1

    def note(self, names: Iterable[str], *, passing: bool = False) -> None:
        """Note that the connection ended while these were awaited.

        Args:
            names: Theirs.
            passing: They name something else another time: they are not kept.
        """
        for name in names:
            self._times[name] += 1
            if passing:
                self._passing.add(name)

    def came(self, names: Iterable[str]) -> None:
        """Forget what came after all."""
        for name in names:
            self._times.pop(name, None)

    def all_came(self) -> None:
        """Forget what was only awaited together with something else, as nothing ended any more."""
        for name in [name for name, times in self._times.items() if times < self._most - 1]:
            del self._times[name]

    async def load(self, store: Store, account_id: AccountId) -> None:
        """Go on from what is kept, if that was not done yet."""
        if self._kept is None:
            self._kept = await store.read(partial(ended_at.every, account_id=account_id))
            self._times.update(self._kept)

    async def save(self, store: Store, account_id: AccountId) -> None:
        """Keep what has changed.

        Raises:
            DoorError: The store cannot be written.
        """
        now = {name: times for name, times in self._times.items() if name not in self._passing}
        if now != self._kept:
            await store.write(partial(ended_at.keep, account_id=account_id, times=now))
            self._kept = now
