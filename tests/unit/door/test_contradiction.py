"""What a query contradicts is seen before it is looked for, and leaving out changes no meaning."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product

import pytest

from desktopmail.door.contradiction import NOTHING, simplified
from desktopmail.door.search import tree
from desktopmail.door.terms import All, Any, Leaf, Node, Not, state_of


@pytest.mark.parametrize(
    "query",
    [
        "the of -the",
        "is:unread is:read",
        "is:unread is:seen",
        "is:unread -is:unread",
        "is:read is:flagged -is:starred",
        "larger:1M smaller:1k",
        "larger:10 smaller:11",
        "after:2024-01-02 before:2024-01-02",
        "after:2024-01-02 -after:2024-01-01",
        "the (of -the OR is:unread is:read)",
        "is:unread (is:read OR -the) the",
        "the of -(x OR the of)",
        "the -(the OR of)",
        "in:inbox -in:inbox",
    ],
)
def test_a_query_that_contradicts_itself_matches_nothing(query: str) -> None:
    assert simplified(tree(query)) == NOTHING


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("the the", "the"),
        ("the (the OR is:flagged)", "the"),
        ("the (-the OR is:flagged)", "the is:flagged"),
        ("larger:1M larger:1k", "larger:1M"),
        ("is:unread (is:read of OR the)", "is:unread the"),
        ("(is:draft -is:draft OR the)", "the"),
        ("the -(the of)", "the -of"),
        ("the of", "the of"),
        ("larger:10 smaller:12", "larger:10 smaller:12"),
        ("the OR is:flagged", "the OR is:flagged"),
        ("-the", "-the"),
        ("", ""),
    ],
)
def test_what_says_nothing_new_is_left_out(query: str, same: str) -> None:
    assert simplified(tree(query)) == tree(same)


@dataclass(frozen=True)
class Message:
    """One that a query is held to."""

    words: frozenset[str]
    states: frozenset[str]
    size: int


MESSAGES = [
    Message(frozenset(words), frozenset(states), size)
    for words in ((), ("the",), ("of",), ("the", "of"))
    for states in product(("read", "unread"), ("flagged", ""))
    for size in (10, 11, 2_000)
]
LEAVES = ("the", "of", "is:read", "is:unread", "is:seen", "is:flagged", "is:starred",
          "larger:10", "larger:1k", "smaller:11", "smaller:1k", "smaller:1M")  # fmt: skip


def matches(node: Node, message: Message) -> bool:
    match node:
        case Not(inner):
            return not matches(inner, message)
        case All(parts):
            return all(matches(part, message) for part in parts)
        case Any(parts):
            return any(matches(part, message) for part in parts)
        case Leaf(term):
            if state := state_of(term):
                return state in message.states
            if term.name:
                bound = int(node.parameters[0])
                return message.size > bound if term.name == "larger" else message.size < bound
            return term.text in message.words


def queries(count: int) -> list[str]:
    chance = random.Random(3)

    def some(depth: int) -> str:
        if depth == 0 or chance.random() < 0.3:
            return chance.choice(("", "", "-")) + chance.choice(LEAVES)
        joined = chance.choice((" ", " OR ")).join(
            some(depth - 1) for _ in range(chance.randint(2, 3))
        )
        return chance.choice(("", "-")) + f"({joined})"

    return [some(3) for _ in range(count)]


def test_a_simpler_query_matches_the_same_messages() -> None:
    for query in queries(1_500):
        node = tree(query)
        simpler = simplified(node)
        for message in MESSAGES:
            assert matches(simpler, message) == matches(node, message), query
        if simpler == NOTHING:
            assert not any(matches(node, message) for message in MESSAGES)
