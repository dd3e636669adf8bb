"""What is set aside, because the engine died of it: it is not touched until a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.in_hand import Item

if TYPE_CHECKING:
    from desktopmail.engine.store.store import Transaction


def add(tx: Transaction, item: Item) -> int:
    """Set something aside; returns the number by which a question names it."""
    tx.execute("INSERT OR IGNORE INTO aside (kind, key) VALUES (?, ?)", (item.kind, item.key))
    return number(tx, item) or 0


def number(tx: Transaction, item: Item) -> int | None:
    """The number of what is set aside; None for anything else."""
    row = tx.fetch_one("SELECT id FROM aside WHERE kind = ? AND key = ?", (item.kind, item.key))
    return int(row[0]) if row is not None else None


def get(tx: Transaction, number: int) -> Item | None:
    """What a question is about; None when it is back already."""
    row = tx.fetch_one("SELECT kind, key FROM aside WHERE id = ?", (number,))
    return Item(row[0], row[1]) if row is not None else None


def every(tx: Transaction) -> set[Item]:
    """Everything that is set aside."""
    return {Item(row[0], row[1]) for row in tx.fetch("SELECT kind, key FROM aside")}


def take_back(tx: Transaction, item: Item) -> None:
    """Have it worked on again."""
    tx.execute("DELETE FROM aside WHERE kind = ? AND key = ?", (item.kind, item.key))
