"""Tags: their names as servers keep them (keywords), how they are written, and their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.door.tags import label_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.door.ids import PlacementId
    from desktopmail.engine.store.store import Transaction


def names(tx: Transaction, wanted: Iterable[str]) -> tuple[str, ...]:
    """The names of tags that a person called by name or by label; new ones get one.

    Raises:
        DoorError: Nothing of what was typed can be the name of a tag.
    """
    return tuple(dict.fromkeys(find(tx, one) or _new(tx, one) for one in wanted))


def known_names(tx: Transaction, wanted: Iterable[str]) -> tuple[str, ...]:
    """The names of those of the tags that there are."""
    found = (find(tx, one) for one in wanted)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def find(tx: Transaction, wanted: str) -> str | None:
    """The name of the tag that a person called by name or by label, or None."""
    name = name_of(wanted)
    if not name:
        return None  # it would be found by every empty label
    rows = tx.fetch(
        "SELECT name FROM tag WHERE label = ?1 COLLATE NOCASE OR name IN (?1, ?2)"
        " ORDER BY label = ?1 COLLATE NOCASE DESC LIMIT 1",
        (wanted, name),
    )
    return str(rows[0][0]) if rows else None


def _new(tx: Transaction, wanted: str) -> str:
    name = name_of(wanted)
    if not name:
        raise DoorError(
            f"{wanted!r} cannot be a tag.", remedy="Take letters and digits.", code="bad-tag"
        )
    add(tx, name, label=wanted)
    return name


def add(tx: Transaction, name: str, *, label: str = "") -> None:
    """Know a tag, unless it is known already."""
    shown = label or label_of(name)
    if shown == name:
        shown = ""
    tx.execute("INSERT INTO tag (name, label) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, shown))
    if tx.changed_rows():
        tx.touch_tags()


def change(tx: Transaction, name: str, *, label: str | None, colour: str | None) -> None:
    """Give a tag another label or colour; servers keep only its name."""
    tx.execute(
        "UPDATE tag SET label = coalesce(?, label), colour = coalesce(?, colour)"
        " WHERE name = ? COLLATE NOCASE",
        (label, colour, name),
    )
    tx.touch_tags()


def tagged(tx: Transaction, name: str) -> list[PlacementId]:
    """The placements that have a tag."""
    rows = tx.fetch(
        "SELECT p.placement_id FROM placement_tag AS p JOIN tag AS t ON t.id = p.tag_id"
        " WHERE t.name = ? COLLATE NOCASE",
        (name,),
    )
    return [row[0] for row in rows]


def forget(tx: Transaction, name: str) -> None:
    """Forget a tag that nothing has any more; one that something has stays."""
    tx.execute(
        "DELETE FROM tag WHERE name = ? COLLATE NOCASE"
        " AND NOT EXISTS (SELECT 1 FROM placement_tag WHERE tag_id = tag.id)",
        (name,),
    )
    tx.touch_tags()
