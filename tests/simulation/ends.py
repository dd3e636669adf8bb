"""How things stand in the end: what an engine shows, and what the server holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Rows = dict[str, list[list[object]]]


@dataclass(frozen=True, slots=True)
class End:
    """What there is at last, by place and message."""

    shown: Rows
    held: Rows

    def differences(self, wanted: End, unsure: Collection[str]) -> Iterator[str]:
        """What is not as it is in another end; a subject that is unsure may be missing."""
        for label, there, expected in (
            ("the server's ", self.held, wanted.held),
            ("", self.shown, wanted.shown),
        ):
            for where in sorted(there | expected):
                yield from _differences(
                    label + where, there.get(where, []), expected.get(where, []), unsure
                )


def _differences(
    label: str, there: list[list[object]], expected: list[list[object]], unsure: Collection[str]
) -> Iterator[str]:
    has, should = Counter(map(repr, there)), Counter(map(repr, expected))
    too_much, missing = has - should, should - has
    for row in [*missing]:
        if any(repr(subject) in row for subject in unsure):
            del missing[row]  # it may have been killed before the server had it
    if too_much or missing:
        yield f"{label} has {dict(too_much)} too much and lacks {dict(missing)}"
