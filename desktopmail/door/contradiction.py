"""Contradictions: what no message can be is not looked for, and what says nothing new is left out.

`is:unread is:read` and `the -the` would be looked for among all messages, in vain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from desktopmail.door.terms import All, Any, Leaf, Not, opposite_of, parts_of, state_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from desktopmail.door.terms import Node

#: What nothing matches.
NOTHING: Final = Any()
_LEAST, _MOST = -(2**62), 2**62
# What each of these says of a date or a size: whether the number is the least that fits, or the
# first that does not, and what is added to it.
_BOUNDS = {
    "after": ("date", True, 0),
    "before": ("date", False, 0),
    "larger": ("size", True, 1),
    "smaller": ("size", False, 0),
}


@dataclass(slots=True)
class _Known:
    """What is known of each hit: which terms it matches, which it does not, and its bounds."""

    holds: dict[Hashable, bool] = field(default_factory=dict)
    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)

    def copy(self) -> _Known:
        return _Known(dict(self.holds), dict(self.bounds))

    def says(self, node: Node) -> bool | None:
        """Whether every hit matches a node, or none does; None where it may be either."""
        if isinstance(node, Not):
            inner = self.says(node.inner)
            return None if inner is None else not inner
        if isinstance(node, Leaf):
            bounds = _bounds_of(node)
            return self.holds.get(_key(node)) if bounds is None else self._within(*bounds)
        decisive = isinstance(node, Any)
        said = [self.says(part) for part in node.parts]
        if decisive in said:
            return decisive
        return None if None in said else not decisive

    def learn(self, leaf: Leaf, *, holds: bool) -> None:
        """Note that every hit matches a term, or that none does."""
        if (bounds := _bounds_of(leaf)) is not None:
            of, least, most = bounds
            if not holds:
                least, most = (most, _MOST) if least == _LEAST else (_LEAST, least)
            before = self.bounds.get(of, (_LEAST, _MOST))
            self.bounds[of] = (max(least, before[0]), min(most, before[1]))
            return
        self.holds[_key(leaf)] = holds
        if opposite := opposite_of(state_of(leaf.term)):
            self.holds["is", opposite] = not holds

    def _within(self, of: str, least: int, most: int) -> bool | None:
        known = self.bounds.get(of, (_LEAST, _MOST))
        if least <= known[0] and known[1] <= most:
            return True
        return False if known[1] <= least or most <= known[0] else None


def simplified(node: Node) -> Node:
    """Return what matches the same messages; `NOTHING` where that is seen to be none."""
    return _simplified(node, _Known())


def _simplified(node: Node, known: _Known) -> Node:
    """The same among those of which this is known; `known` is told what else holds of each hit."""
    kept: list[Node] = []
    left = parts_of(node)
    while left:
        # Terms first: they tell what has to be thought of in everything that is joined.
        terms = [part for part in left if _is_term(part)]
        left = [part for part in left if not _is_term(part)]
        for part in terms:
            said = known.says(part)
            if said is False:
                return NOTHING
            if said is None:
                leaf = part.inner if isinstance(part, Not) else part
                if isinstance(leaf, Leaf):
                    known.learn(leaf, holds=not isinstance(part, Not))
                kept.append(part)
        joined = [_within(part, known) for part in left if known.says(part) is not True]
        if NOTHING in joined:
            return NOTHING
        simpler = [inner for part in joined for inner in parts_of(part)]
        if not any(map(_is_term, simpler)):
            kept += simpler
            break
        left = simpler
    return kept[0] if len(kept) == 1 else All(kept)


def _within(part: Node, known: _Known) -> Node:
    """Something joined, without what cannot be or need not be said where this is known."""
    if isinstance(part, Not):
        inner = _simplified(part.inner, known.copy())
        if inner == NOTHING:
            return All()
        return NOTHING if inner == All() else Not(inner)
    if not isinstance(part, Any):
        return _simplified(part, known.copy())
    ways = [_simplified(one, known.copy()) for one in part.parts]
    if All() in ways:
        return All()
    ways = [one for one in ways if one != NOTHING]
    return ways[0] if len(ways) == 1 else Any(ways)


def _is_term(node: Node) -> bool:
    return isinstance(node.inner if isinstance(node, Not) else node, Leaf)


def _key(leaf: Leaf) -> Hashable:
    state = state_of(leaf.term)
    return ("is", state) if state else (leaf.match, leaf.where, leaf.parameters)


def _bounds_of(leaf: Leaf) -> tuple[str, int, int] | None:
    """What a term says of a date or a size: the least that it leaves, and the first too large."""
    if leaf.term.name not in _BOUNDS or leaf.match:
        return None
    of, is_least, more = _BOUNDS[leaf.term.name]
    number = int(leaf.parameters[0]) + more
    return (of, number, _MOST) if is_least else (of, _LEAST, number)
