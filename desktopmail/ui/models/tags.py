"""The tags of the profile as a person sees them: label, colour, and the number that sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktopmail.door.rows import TagRow
from desktopmail.door.tags import LABELS, colour_of, label_of
from desktopmail.ui.language import tr, tr_or

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.door.interface import StoreReader

NUMBERED = 9
# Thunderbird's five, which most servers know already; offered before anything was tagged.
_FIRST = ("$label1", "$label2", "$label3", "$label4", "$label5")


class Tags(QObject):
    """Knows the tags; five to begin with even where nothing is tagged yet.

    Signals:
        changed: A tag came, went, or looks different.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, TagRow] = {}
        self.refresh(None)

    def refresh(self, reader: StoreReader | None) -> None:
        """Read the tags again."""
        known = {row.name: _translated(row) for row in reader.tags()} if reader is not None else {}
        first = {name: known.get(name, _first(name)) for name in _FIRST}
        rows = first | {name: row for name, row in known.items() if name not in first}
        if rows != self._rows:
            self._rows = rows
            self.changed.emit()

    def rows(self) -> list[TagRow]:
        """All tags: the first five, then the others by label."""
        return list(self._rows.values())

    def numbered(self) -> list[TagRow]:
        """The tags that the keys 1 to 9 set, in their order."""
        return self.rows()[:NUMBERED]

    def shown(self, names: Iterable[str]) -> list[TagRow]:
        """The tags of a message, in the order of their numbers."""
        wanted = set(names)
        found = [row for name, row in self._rows.items() if name in wanted]
        unknown = sorted(wanted - self._rows.keys())  # the list was read before they came
        return found + [
            TagRow(name=name, label=label_of(name), colour=colour_of(name), total=0)
            for name in unknown
        ]


def _translated(row: TagRow) -> TagRow:
    """A tag that nobody renamed, in the language of the person."""
    if row.name not in _FIRST or row.label != LABELS[row.name]:
        return row
    return TagRow(name=row.name, label=_first(row.name).label, colour=row.colour, total=row.total)


def _first(name: str) -> TagRow:
    label = tr_or(LABELS[name], f"tag.{name.removeprefix('$')}")
    return TagRow(name=name, label=label, colour=colour_of(name), total=0)


def tag_text(tags: Iterable[TagRow]) -> str:
    """Tags as a screen reader says them."""
    labels = ", ".join(tag.label for tag in tags)
    return tr("tag.said", labels=labels) if labels else ""
