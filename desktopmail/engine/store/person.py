"""People one wrote to or heard from, counted for the completion of addresses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.summary import Summary

# A mail to hundreds is a list or an announcement: nobody means those people by name.
_MAX_RECIPIENTS = 30


def count(tx: Transaction, summaries: Iterable[Summary], *, sent: bool) -> None:
    """Count the people of new messages.

    Args:
        tx: The step it is part of.
        summaries: The messages.
        sent: They are our own: their recipients count, not their senders.
    """
    names: dict[str, str] = {}
    times: Counter[str] = Counter()
    for summary in summaries:
        people = summary.people[summary.senders :] if sent else summary.people[: summary.senders]
        if len(people) > _MAX_RECIPIENTS:
            continue
        for name, address in people:
            if "@" in address:
                names[address.lower()] = name or names.get(address.lower(), "")
                times[address.lower()] += 1
    column = "sent" if sent else "received"
    tx.execute_many(
        f"INSERT INTO person (address, name, {column}) VALUES (?1, ?2, ?3) ON CONFLICT (address)"
        f" DO UPDATE SET {column} = {column} + ?3,"
        " name = CASE WHEN ?2 = '' THEN name ELSE ?2 END",
        [(address, names[address], number) for address, number in times.items()],
    )
