"""What a query asks for: its terms, and how they are joined, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is asked for, as it was typed.

    Attributes:
        name: Of its field, in small letters; empty for words that may stand anywhere.
        text: What the field has to hold, without quotes and the star of a prefix.
        is_phrase: Its words stand in this order.
    """

    name: str
    text: str
    is_phrase: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """A statement for the ids of all placements that a term leaves, and maybe of more.

    Attributes:
        text: With `{boxes}` for the mailboxes that are looked into.
        is_walk: It is along an index of the placements `p`: more can be asked of each of them.
    """

    text: str
    is_walk: bool


@dataclass(slots=True)
class Leaf:
    """A term, with what it asks of the store."""

    term: Term
    match: str = ""  # of the word index, or
    where: str = ""  # of the placement
    parameters: tuple[str | int, ...] = ()
    few: Way | None = None  # where there is one


@dataclass(slots=True)
class Not:
    """What something does not match."""

    inner: Node


@dataclass(slots=True)
class All:
    """What all parts match; without any, everything."""

    parts: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Any:
    """What one of the parts matches."""

    parts: list[Node] = field(default_factory=list)


Node = Leaf | Not | All | Any

# Two names of one state, and states of which every message has one.
_SAME = {"seen": "read", "starred": "flagged"}
_OPPOSITES = {"unread": "read", "read": "unread"}


def state_of(term: Term) -> str:
    """The name of the state that a term asks for by `is:`; empty where it asks for none."""
    state = term.text.lower() if term.name == "is" else ""
    return _SAME.get(state, state)


def opposite_of(state: str) -> str:
    """The state of what has not this one; empty where that has no name."""
    return _OPPOSITES.get(state, "")


def parts_of(node: Node) -> list[Node]:
    """What all has to hold, as far apart as it can be told."""
    if isinstance(node, All):
        return [part for inner in node.parts for part in parts_of(inner)]
    if isinstance(node, Not) and isinstance(node.inner, Any):
        return [part for inner in node.inner.parts for part in parts_of(Not(inner))]
    if isinstance(node, Not) and isinstance(node.inner, Not):
        return parts_of(node.inner.inner)
    return [node]
