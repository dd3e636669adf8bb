"""Rows of a list whose places are known: a walk to others begins at the nearest of them.

To find the rows behind the first 500,000, all of these are walked over, or from the end all that
are behind. Who scrolls comes from beside them, so the place of each page that was read is kept
until the store or the view is another, and of a long walk a place now and then. Who shows rows as
they were told of holds places of their own until the next change is told: else each commit of the
engine would cost a walk.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from desktopmail.door.sqlite import Fields
    from desktopmail.door.view import Parameter, Sql, ViewSql

    Count = Callable[[], int | None]
    Run = Callable[[Sql], Sequence[Fields]]

# A page of some 64 rows has two; so this is more than a person scrolls over between two changes.
_MOST = 8_192
_STRIDE = 2_000
# Before so many rows are walked over it is asked how many there are.
_FAR = 20_000


@dataclass(frozen=True, slots=True)
class _Landmark:
    """A row: its place, and what it is sorted by."""

    place: int
    key: Parameter
    placement_id: int


@dataclass(frozen=True, slots=True)
class Stood:
    """How much the mailboxes of a view held at some time.

    Attributes:
        last_id: No placement had a greater id.
        total: Their rows.
        octets: Of these.
    """

    last_id: int
    total: int
    octets: int


class Landmarks:
    """The known places of one view, as its rows stood at some time.

    Attributes:
        stood: How much there was then, where the reader knows.
        end: How many rows there were, where that is known: the place behind the last one.
    """

    def __init__(self) -> None:
        self.stood: Stood | None = None
        self.end: int | None = None
        self._of: Hashable = None
        self._known: list[_Landmark] = []

    def hold_for(self, of: Hashable) -> None:
        """Say what the places hold for: the view, and where it matters the state of the store.

        Those of anything else are forgotten.
        """
        if of != self._of or len(self._known) > _MOST:
            self._of, self._known, self.stood, self.end = of, [], None, None

    def know_end(self, count: int) -> None:
        """Take in how many rows there are now, unless some were read before."""
        if not self._known:
            self.end = count

    def ids(self, sql: ViewSql, run: Run, count: Count, offset: int, limit: int) -> list[int]:
        """The placement ids of a window.

        Args:
            sql: The view.
            run: Runs a statement and returns all its rows.
            count: Counts the rows of the view, where that takes much less than to walk over them.
            offset: The first row.
            limit: How many rows.
        """
        rows = self._walk(sql, run, count, offset, limit)
        if rows:
            self._note(offset, rows[0])
            self._note(offset + len(rows) - 1, rows[-1])
        return [row[0] for row in rows]

    def note(self, of: Hashable, place: int, key: Parameter, placement_id: int) -> None:
        """Take in where a row was found by other means."""
        self.hold_for(of)
        self._note(place, (placement_id, key))

    def _walk(
        self, sql: ViewSql, run: Run, count: Count, offset: int, limit: int
    ) -> Sequence[Fields]:
        at = bisect_left(self._known, offset, key=lambda one: one.place)
        before = self._known[at - 1] if at else None
        behind = self._known[at] if at < len(self._known) else None
        if behind is not None and behind.place == offset:
            first = [(behind.placement_id, behind.key)]
            rest = (
                run(sql.beside(behind.key, behind.placement_id, 0, limit - 1)) if limit > 1 else []
            )
            return [*first, *rest]
        steps = offset - (before.place + 1 if before is not None else 0)
        if behind is None and self.end is None and steps >= _FAR:
            self.end = count()
        if behind is None and self.end is not None:
            limit = min(limit, self.end - offset)
            if limit <= 0:
                return []
        last = self.end if behind is None else behind.place
        back = steps if last is None else last - (offset + limit)
        if 0 <= back < steps:
            return self._walk_back(sql, run, behind, back, limit)
        while steps >= _STRIDE:
            rows = _behind(before, sql, run, _STRIDE - 1, 1)
            if not rows:
                return []
            before = self._note((before.place if before else -1) + _STRIDE, rows[0])
            steps = offset - before.place - 1
        return _behind(before, sql, run, steps, limit)

    def _walk_back(
        self, sql: ViewSql, run: Run, behind: _Landmark | None, steps: int, limit: int
    ) -> Sequence[Fields]:
        """Rows so many steps before a landmark, or before the end."""
        while steps >= _STRIDE:
            rows = _before(behind, sql, run, _STRIDE - 1, 1)
            if not rows:
                return []
            place = behind.place if behind is not None else self.end or 0
            behind = self._note(place - _STRIDE, rows[0])
            steps -= _STRIDE
        return _before(behind, sql, run, steps, limit)[::-1]

    def _note(self, place: int, row: Fields) -> _Landmark:
        noted = _Landmark(place, row[1], row[0])
        at = bisect_left(self._known, place, key=lambda one: one.place)
        if at == len(self._known) or self._known[at].place != place:
            self._known.insert(at, noted)
        return noted


def _behind(
    landmark: _Landmark | None, sql: ViewSql, run: Run, skipped: int, limit: int
) -> Sequence[Fields]:
    """Rows behind a landmark, or from the beginning."""
    if landmark is None:
        return run(sql.ids(skipped, limit))
    return run(sql.beside(landmark.key, landmark.placement_id, skipped, limit))


def _before(
    landmark: _Landmark | None, sql: ViewSql, run: Run, skipped: int, limit: int
) -> Sequence[Fields]:
    """Rows before a landmark, or from the end, the last one first."""
    if landmark is None:
        return run(sql.turned.ids(skipped, limit))
    return run(sql.beside(landmark.key, landmark.placement_id, skipped, limit, back=True))
