"""The word index: what each message is found by, and the queue of those that wait for it.

A row of the index costs half when thousands are written in one step instead of some hundred: the
index is a pile of sorted runs, and each step adds one that has to be merged with others later. So
a sync leaves its messages in the queue, and the store indexes them in large steps. The queue is
written in the step that adds the message, so what a crash leaves behind is indexed at the next
start, from the octets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.ids import MessageId
from desktopmail.door.view import WORDS_SLOTS, first_words_id
from desktopmail.door.words import EVERY

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Words

_CHUNK = 500
_BEHIND_ALL = 2**62


def ids_for(tx: Transaction, dates: Sequence[int]) -> list[int]:
    """Return a free id of the index for each new message: ids are in the order of dates.

    Ids are close together, because each word of each message costs the octets of a difference. A
    second with more messages than it has ids takes some of the seconds after it.
    """
    firsts = [first_words_id(date_s) for date_s in dates]
    following = _last_taken(tx, set(firsts))
    given: set[int] = set()
    ids = []
    for first in firsts:
        free = following[first]
        while free in given or (free >= first + WORDS_SLOTS and _is_taken(tx, free)):
            free = free + 1 if free in given else _behind_run(tx, free)
        given.add(free)
        following[first] = free + 1
        ids.append(free)
    return ids


def _last_taken(tx: Transaction, firsts: set[int]) -> dict[int, int]:
    """Where to look first, for each second."""
    return {
        first: first if last is None else last + 1
        for first, last in tx.fetch_gathered(
            "SELECT json_group_array(json_array(value, (SELECT max(words_id) FROM message"
            " WHERE words_id >= value AND words_id < value + ?))) FROM json_each(?)",
            (WORDS_SLOTS, msgspec.json.encode(sorted(firsts)).decode()),
        )
    }


def _is_taken(tx: Transaction, words_id: int) -> bool:
    return bool(tx.fetch("SELECT 1 FROM message WHERE words_id = ?", (words_id,)))


def _behind_run(tx: Transaction, taken: int) -> int:
    """A free id behind one that is taken, found in few looks however many follow one another."""
    reach = 1
    while _is_taken(tx, taken + reach):
        reach *= 2
    low, high = taken + reach // 2, taken + reach
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_taken(tx, middle) else (low, middle)
    return high


def add(tx: Transaction, rows: Sequence[tuple[int, Words]]) -> None:
    """Make messages be found by their words; none of them is in the index yet."""
    tx.indexed += len(rows)
    tx.execute_many(
        "INSERT INTO words (rowid, body, subject, sender, recipients, files)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (words_id, f"{EVERY} {body}", subject, sender, recipients, files)
            for words_id, (subject, sender, recipients, body, files) in rows
        ),
    )


def remove(
    tx: Transaction, messages: Mapping[MessageId, int], *, still: Container[MessageId] = ()
) -> None:
    """Let messages be found no more, whether they are in the index or wait for it.

    Args:
        tx: The step it is part of.
        messages: Their ids, each with the one that it has in the index.
        still: Those that go on waiting, if they do.
    """
    waited: set[MessageId] = set()
    listed = list(messages)
    for start in range(0, len(listed), _CHUNK):
        waited.update(
            row[0]
            for row in tx.fetch(
                "SELECT message_id FROM word_queue"
                " WHERE message_id IN (SELECT value FROM json_each(?))",
                (msgspec.json.encode(listed[start : start + _CHUNK]).decode(),),
            )
        )
    tx.execute_many(
        "DELETE FROM word_queue WHERE message_id = ?",
        [(message_id,) for message_id in waited if message_id not in still],
    )
    # What waits is not in the index, where to delete costs as much as to add, be it there or not.
    tx.execute_many(
        "DELETE FROM words WHERE rowid = ?",
        [(messages[message_id],) for message_id in listed if message_id not in waited],
    )


def wait(tx: Transaction, message_ids: Iterable[MessageId]) -> None:
    """Put messages into the queue."""
    tx.execute_for(
        "INSERT INTO word_queue (message_id) SELECT value FROM json_each(?) WHERE true"
        " ON CONFLICT DO NOTHING",
        list(message_ids),
    )


def wait_from(tx: Transaction, first: MessageId) -> None:
    """Put new messages into the queue: this one and all with later ids."""
    tx.execute("INSERT INTO word_queue (message_id) SELECT id FROM message WHERE id >= ?", (first,))


def waiting(
    tx: Transaction, until: MessageId, limit: int, *, before: int | None = None
) -> list[tuple[MessageId, int]]:
    """Some of the messages that wait, the newest first, each with its id in the word index.

    Args:
        tx: The step this belongs to.
        until: Those that came after this one do not count.
        limit: How many at the most.
        before: An id of the word index: only of older ones.
    """
    rows = tx.fetch(
        "SELECT q.message_id, m.words_id FROM message AS m INDEXED BY message_by_words"
        " CROSS JOIN word_queue AS q ON q.message_id = m.id"
        " WHERE m.words_id < ? AND q.message_id <= ? ORDER BY m.words_id DESC LIMIT ?",
        (_BEHIND_ALL if before is None else before, until, limit),
    )
    return [(MessageId(row[0]), row[1]) for row in rows]


def last_waiting(tx: Transaction) -> MessageId:
    """The newest of the messages that wait; 0 where none does."""
    return MessageId(tx.fetch("SELECT coalesce(max(message_id), 0) FROM word_queue")[0][0])


def count_waiting(tx: Transaction) -> int:
    """How many messages wait."""
    return int(tx.fetch("SELECT count(*) FROM word_queue")[0][0])


def add_waiting(tx: Transaction, rows: Mapping[MessageId, Words]) -> None:
    """Index those of the messages that wait still: of the others words came, or they are gone."""
    listed = list(rows)
    found: list[list[int]] = []
    for start in range(0, len(listed), _CHUNK):
        chunk = msgspec.json.encode(listed[start : start + _CHUNK]).decode()
        found += tx.fetch_gathered(
            "SELECT json_group_array(json_array(words_id, id)) FROM message WHERE id IN"
            " (SELECT message_id FROM word_queue"
            " WHERE message_id IN (SELECT value FROM json_each(?)))",
            (chunk,),
        )
        tx.execute(
            "DELETE FROM word_queue WHERE message_id IN (SELECT value FROM json_each(?))", (chunk,)
        )
    add(tx, [(words_id, rows[MessageId(message_id)]) for words_id, message_id in sorted(found)])


def queue_all(tx: Transaction) -> None:
    """Empty the index and let every message wait for it."""
    tx.execute("INSERT INTO words (words) VALUES ('delete-all')")
    tx.execute("INSERT OR IGNORE INTO word_queue (message_id) SELECT id FROM message")
