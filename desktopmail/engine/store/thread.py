"""Conversations: every message belongs to the one of the messages it refers to.

The keys are hashes of Message-IDs, so an answer that comes before its question still meets it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from desktopmail.engine.store.store import Transaction

# Of a long chain of references its ends: the root, and those nearest to the message.
_MAX_KEYS = 20
_CHUNK = 500
# Of two threads that are larger than that it does not matter which one is written anew.
_COUNTED = 1_000


def key_of(message_id: str) -> int:
    """63 bits of a Message-ID."""
    digest = hashlib.sha256(message_id.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def join(tx: Transaction, coming: Sequence[tuple[int, str, tuple[str, ...]]]) -> list[int]:
    """Return the threads of new messages, joining the threads that they connect.

    Args:
        tx: The step it is part of.
        coming: Of each message its local id, its Message-ID and its references.
    """
    return join_keys(
        tx,
        [
            (local_id, keys_of(message_id, references))
            for local_id, message_id, references in coming
        ],
    )


def join_keys(tx: Transaction, coming: Sequence[tuple[int, tuple[int, ...]]]) -> list[int]:
    """The same for messages of which the keys were worked out before (`keys_of`)."""
    known = _known(tx, {key for _, keys in coming for key in keys})
    there = set(known.values())
    above: dict[int, int] = {}
    fresh: dict[int, int] = {}
    threads = []
    for local_id, keys in coming:
        met = {_root(above, known[key]) for key in keys if key in known}
        thread_id = min(met, default=local_id)
        for other in met - {thread_id}:
            above[other] = thread_id
        for key in keys:
            if key not in known:
                known[key] = fresh[key] = thread_id
        threads.append(thread_id)
    stays = _merge(tx, _merging(above, there)) if there & above.keys() else {}

    def thread_of(thread_id: int) -> int:
        root = _root(above, thread_id)
        return stays.get(root, root)

    tx.execute_for(
        "INSERT INTO thread_key (key, thread_id) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
        [(key, thread_of(thread_id)) for key, thread_id in fresh.items()],
    )
    return [thread_of(thread_id) for thread_id in threads]


def keys_of(message_id: str, references: tuple[str, ...]) -> tuple[int, ...]:
    """The keys of a message with these names: its own comes last."""
    if not references:
        return (key_of(message_id),) if message_id else ()
    names = (*references[:1], *references[1:][-_MAX_KEYS:], message_id)
    return tuple(dict.fromkeys(key_of(name) for name in names if name))


def _known(tx: Transaction, keys: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    listed = sorted(keys)
    for start in range(0, len(listed), _CHUNK):
        found.update(
            tx.fetch(
                "SELECT key, thread_id FROM thread_key"
                " WHERE key IN (SELECT value FROM json_each(?))",
                (msgspec.json.encode(listed[start : start + _CHUNK]).decode(),),
            )
        )
    return found


def _root(above: dict[int, int], thread_id: int) -> int:
    while (higher := above.get(thread_id)) is not None:
        above[thread_id] = highest = above.get(higher, higher)  # half as far for the next one
        thread_id = highest
    return thread_id


def _merging(above: dict[int, int], there: set[int]) -> dict[int, set[int]]:
    """Of threads that become one: the threads that are here already, by their root."""
    merging: dict[int, set[int]] = {}
    for thread_id in there & above.keys():
        root = _root(above, thread_id)
        merging.setdefault(root, {root}).add(thread_id)
    return merging


def _merge(tx: Transaction, merging: Mapping[int, set[int]]) -> dict[int, int]:
    """Let threads become one; returns which of them stays, by their root.

    The largest stays: else each message that joins another one to it would have all of it written.
    """
    sizes = _sizes(tx, [thread_id for group in merging.values() for thread_id in group])
    stays = {
        root: max(group, key=lambda one: (sizes[one], -one)) for root, group in merging.items()
    }
    merged = [
        (stays[root], other)
        for root, group in merging.items()
        for other in sorted(group - {stays[root]})
    ]
    # The index of placements by thread has those alone that are shown: by it none of them is found.
    tx.execute_many(
        "UPDATE placement SET thread_id = ?1 WHERE message_id IN"
        " (SELECT id FROM message WHERE thread_id = ?2)",
        merged,
    )
    for table in ("thread_key", "message"):
        tx.execute_many(f"UPDATE {table} SET thread_id = ? WHERE thread_id = ?", merged)
    return stays


def _sizes(tx: Transaction, thread_ids: Sequence[int]) -> dict[int, int]:
    """How many messages threads have, counted up to a bound."""
    rows = tx.fetch(
        "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM message WHERE thread_id = value"
        " LIMIT ?)) FROM json_each(?)",
        (_COUNTED, msgspec.json.encode(thread_ids).decode()),
    )
    return {row[0]: row[1] for row in rows}
