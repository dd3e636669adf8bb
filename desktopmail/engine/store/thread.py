"""Conversations: every message belongs to the one of the messages it refers to.

The keys are hashes of Message-IDs, so an answer that comes before its question still meets it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.engine.store.store import Transaction

# Of a long chain of references its ends: the root, and those nearest to the message.
_MAX_KEYS = 20


def key_of(message_id: str) -> int:
    """63 bits of a Message-ID."""
    digest = hashlib.sha256(message_id.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def join(tx: Transaction, local_id: int, message_id: str, references: tuple[str, ...]) -> int:
    """Return the thread of a new message, joining the threads that it connects."""
    names = (*references[:1], *references[1:][-_MAX_KEYS:], message_id)
    keys = list(dict.fromkeys(key_of(name) for name in names if name))
    if not keys:
        return local_id
    placeholders = ",".join("?" * len(keys))
    known: dict[int, int] = dict(
        tx.fetch(
            f"SELECT key, thread_id FROM thread_key WHERE key IN ({placeholders})", tuple(keys)
        )
    )
    thread_id = min(known.values(), default=local_id)
    for other in sorted(set(known.values()) - {thread_id}):
        _merge(tx, other, thread_id)
    tx.execute_many(
        "INSERT INTO thread_key (key, thread_id) VALUES (?, ?)",
        _missing(keys, known, thread_id),
    )
    return thread_id


def _missing(
    keys: Iterable[int], known: dict[int, int], thread_id: int
) -> list[tuple[int | str | float | bytes | None, ...]]:
    return [(key, thread_id) for key in keys if key not in known]


def _merge(tx: Transaction, other: int, thread_id: int) -> None:
    for table in ("thread_key", "message", "placement"):
        tx.execute(f"UPDATE {table} SET thread_id = ? WHERE thread_id = ?", (thread_id, other))
