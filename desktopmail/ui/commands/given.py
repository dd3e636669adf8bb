"""Messages that a verb is given, instead of those that are selected in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import PlacementId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.commands.desk import Desk


def given(desk: Desk, rows: Sequence[MessageRow]) -> Desk:
    """Return the desk with other messages in hand.

    Args:
        desk: The window; everything but the selection stays its own.
        rows: What the verb acts upon.
    """
    return cast("Desk", _Given(desk, rows))


class _Given:
    def __init__(self, desk: Desk, rows: Sequence[MessageRow]) -> None:
        self._desk = desk
        self._rows = rows

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the window has
        return getattr(self._desk, name)

    def selection(self) -> list[MessageRow]:
        """The messages given."""
        return list(self._rows)

    def selected_ids(self) -> tuple[PlacementId, ...]:
        """Their placements."""
        return tuple(row.id for row in self._rows)

    def reading_is_decided(self) -> None:
        """Nothing was decided of the message that is shown, unless it is one of these."""
        shown = self._desk.reading.row
        if shown is not None and shown.id in self.selected_ids():
            self._desk.reading_is_decided()
