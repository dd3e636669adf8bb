"""The trees of the corpora as they were agreed on, in `expected/trees.json`.

`UPDATE_EXPECTED_TREES=1` writes the file anew; read the difference before you commit it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from desktopmail.mime.message import Message
from tests.helpers import corpora

EXPECTED = Path(__file__).parent / "expected" / "trees.json"
MESSAGES = corpora.messages()
TREES: dict[str, object] = json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.exists() else {}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def compact(value: list[list[object]] | list[list[str]] | str) -> object:
    """The value, or its length and digest where it is absurdly long."""
    text = json.dumps(value)
    return value if len(text) < 4_000 else [len(value), digest(text)]


def tree_of(message: Message) -> list[object]:
    """What of a message has to stay the same: parts with offsets, headers, text, defects."""
    parts: list[list[object]] = [
        [part.number, part.media_type, part.begin, part.body, part.end, part.encoding]
        for part in message.tree.walk()
    ]
    return [
        compact(parts),
        compact(message.subject),
        compact([[box.name, box.address] for box in message.senders]),
        message.date.isoformat() if message.date else None,
        digest(message.text),
        [[one.name, one.size_octets] for one in message.attachments],
        [defect.name for defect in message.defects],
    ]


@corpora.needed
def test_every_message_of_the_corpora_has_the_tree_that_was_agreed_on() -> None:
    found = {one.name: tree_of(Message.parse(one.octets)) for one in MESSAGES}
    if os.environ.get("UPDATE_EXPECTED_TREES"):
        lines = (
            f"{json.dumps(name)}: {json.dumps(tree, ensure_ascii=True, separators=(',', ':'))}"
            for name, tree in sorted(found.items())
        )
        EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "ascii")
        pytest.skip(f"{EXPECTED.name} was written anew")
    for name, tree in found.items():
        assert json.loads(json.dumps(tree)) == TREES.get(name), name
    assert set(TREES) == set(found)
