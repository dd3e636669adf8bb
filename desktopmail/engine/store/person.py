"""People one wrote to or heard from, found by the beginning of a word of their name or address.

The rank of a person is the logarithm of a sum over their mails, each weighing half of one that is
two months younger. It need not be worked out again as time goes by: the order stays the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.people import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Summary

# Names and addresses.
People = tuple[tuple[str, str], ...]

# A mail to hundreds is a list or an announcement: nobody means those people by name.
_MAX_RECIPIENTS = 30
_HALF_LIFE_S = 60 * 24 * 3600.0
# Whom one writes to is meant more often than who writes to one.
_WEIGHT_SENT = 5.0
_CHUNK = 500


@dataclass(slots=True)
class _Counted:
    """What new mails say of one person."""

    name: str = ""
    times: int = 0
    weights: float = 0.0  # a rank is the logarithm of their sum

    @property
    def rank(self) -> float:
        return _sum(0.0, math.log2(self.weights))


def count(tx: Transaction, written: Iterable[Summary], *, sent: bool) -> None:
    """Count the people of new messages; see `count_people`."""
    count_people(
        tx,
        [
            (one.people[one.senders :] if sent else one.people[: one.senders], one.date_s)
            for one in written
        ],
        sent=sent,
    )


def count_people(
    tx: Transaction, mails: Iterable[tuple[People, int | None]], *, sent: bool
) -> None:
    """Count people.

    Args:
        tx: The step it is part of.
        mails: Of each mail who counts, as names and addresses, and its date.
        sent: They are our own: their recipients count, not their senders.
    """
    # A mailbox is full of mail of the same few: they are counted before they are looked at.
    together: dict[People, tuple[int, float]] = {}
    for people, date_s in mails:
        times, weights = together.get(people, (0, 0.0))
        together[people] = times + 1, weights + 2.0 ** _periods(date_s or 0)
    counted: dict[str, _Counted] = {}
    for people, (times, weights) in together.items():
        if len(people) > _MAX_RECIPIENTS:
            continue
        for name, address in people:
            if "@" not in address:
                continue
            found = counted.setdefault(address.lower(), _Counted())
            found.name = name or found.name
            found.times += times
            found.weights += weights * (_WEIGHT_SENT if sent else 1.0)
    _keep(tx, counted, "sent" if sent else "received")


def ranked(before: float, date_s: float, weight: float) -> float:
    """The rank of a person after one more mail of that date."""
    return _sum(before, _periods(date_s) + math.log2(weight))


def _periods(date_s: float) -> float:
    return min(max(date_s / _HALF_LIFE_S, 0.0), 900.0)  # a forged year must not overflow


def _sum(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers of which these are the logarithms."""
    low, high = (one, other) if one < other else (other, one)
    return high + math.log2(1 + 2.0 ** (low - high))


def _keep(tx: Transaction, counted: dict[str, _Counted], column: str) -> None:
    addresses = list(counted)
    known: dict[str, tuple[int, str, float, int | None]] = {}
    for start in range(0, len(addresses), _CHUNK):
        for row in tx.fetch_gathered(
            "SELECT json_group_array(json_array(address, id, name, rank, contact_id)) FROM person"
            " WHERE address IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(addresses[start : start + _CHUNK]).decode(),),
        ):
            person_id, name, rank, contact_id = row[1:]
            known[row[0].lower()] = person_id, name, rank, contact_id
    changed: list[tuple[int, int, str, float]] = []
    for address, one in counted.items():
        found = known.get(address)
        if found is None:
            made = tx.insert(
                f"INSERT INTO person (address, name, {column}, rank) VALUES (?, ?, ?, ?)",
                (address, one.name, one.times, one.rank),
            )
            _index(tx, made, one.name, address)
            continue
        person_id, name, rank, contact_id = found
        # What a person wrote into the address book is better than what a header says.
        shown = name if contact_id is not None else one.name or name
        changed.append((person_id, one.times, shown, _sum(rank, one.rank)))
        if shown != name:
            _index(tx, person_id, shown, address)
    tx.execute_for(
        f"UPDATE person SET {column} = {column} + (counted.value ->> 1),"
        " name = counted.value ->> 2, rank = counted.value ->> 3"
        " FROM json_each(?) AS counted WHERE person.id = counted.value ->> 0",
        changed,
    )


def know(
    tx: Transaction, contact_id: int, name: str, addresses: Sequence[str], now_s: float
) -> None:
    """Let the addresses of a contact be found, by the name it has in the address book."""
    let_go(tx, contact_id)
    for place, address in enumerate(addresses):
        tx.execute(
            "INSERT INTO person (address, name, rank, contact_id, place) VALUES (?1, ?2, ?3, ?4,"
            " ?5) ON CONFLICT (address) DO UPDATE SET name = ?2, contact_id = ?4, place = ?5",
            (address, name, ranked(0.0, now_s, 1.0), contact_id, place),
        )
        (row,) = tx.fetch("SELECT id FROM person WHERE address = ?", (address,))
        _index(tx, row[0], name, address)


def let_go(tx: Transaction, contact_id: int) -> None:
    """Let the addresses of a contact be those of anybody; who was only in the book is forgotten."""
    _remove(tx, "contact_id = ? AND sent = 0 AND received = 0", contact_id)
    tx.execute("UPDATE person SET contact_id = NULL WHERE contact_id = ?", (contact_id,))


def forget(tx: Transaction, address: str) -> None:
    """Forget an address that was collected; it comes back when mail is written to it again."""
    _remove(tx, "address = ? AND contact_id IS NULL", address)


def index_some(tx: Transaction, limit: int = 2000) -> int:
    """Work out the words of people that an older version counted; returns how many those were."""
    rows = tx.fetch("SELECT id, name, address FROM person WHERE words = '' LIMIT ?", (limit,))
    for person_id, name, address in rows:
        _index(tx, person_id, name, address)
    return len(rows)


def _remove(tx: Transaction, where: str, value: int | str) -> None:
    for person_id, words in tx.fetch(f"SELECT id, words FROM person WHERE {where}", (value,)):
        _unindex(tx, person_id, words)
        tx.execute("DELETE FROM person WHERE id = ?", (person_id,))


def _index(tx: Transaction, person_id: int, name: str, address: str) -> None:
    (before,) = tx.fetch("SELECT words FROM person WHERE id = ?", (person_id,))
    _unindex(tx, person_id, before[0])
    words = words_of(name, address)
    tx.execute("UPDATE person SET words = ? WHERE id = ?", (" " + " ".join(words), person_id))
    tx.execute_many(
        "INSERT INTO person_word (word, person_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(word, person_id) for word in words],
    )


def _unindex(tx: Transaction, person_id: int, words: str) -> None:
    tx.execute_many(
        "DELETE FROM person_word WHERE word = ? AND person_id = ?",
        [(word, person_id) for word in words.split()],
    )
