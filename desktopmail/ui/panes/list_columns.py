"""The columns of the message list as a table: which there is room for, how wide, in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QHeaderView

from desktopmail.ui.models.messages import ListColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.ui.theme.theme import Theme

# Narrower than this, what the columns say is cut: the less telling ones make room.
_WIDE_ENOUGH_FOR_SIZE = 560
_WIDE_ENOUGH_FOR_DATE = 370
_LEAST_NAMES = 100
_LEAST_REST = 160  # of names and subjects
_LEAST = 24
_LEAST_SUBJECT = 60


class ListColumns(QObject):
    """Lays out the header of the list.

    The subject takes what the other columns leave. What a person made wider, narrower or moved
    stays so, whatever room there is, until its edge is double-clicked.

    Args:
        header: The headings of the list.
        theme: How large letters are.
    """

    def __init__(self, header: QHeaderView, theme: Theme) -> None:
        super().__init__(header)
        self._header = header
        self._theme = theme
        self._as_cards = True
        self._needed: dict[ListColumn, int] = {}  # the width of those that are as wide as needed
        self._chosen: dict[ListColumn, int] = {}  # by a person, for usual letters
        self._is_fitting = False
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_LEAST)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        header.setSectionResizeMode(ListColumn.STAR, QHeaderView.ResizeMode.Fixed)
        header.sectionResized.connect(self._resized)
        header.sectionHandleDoubleClicked.connect(self._reset)

    def measure(self, widths: Mapping[ListColumn, int]) -> None:
        """Take the widths that some columns need for the letters there are."""
        self._needed = {ListColumn.STAR: self._theme.px(32)}
        for column, width in widths.items():
            self._needed[column] = max(width, self._header.sectionSizeHint(column))

    def fit(self, room: int, *, cards: bool) -> None:
        """Share so many points among them; cards draw all in the first one."""
        self._as_cards = cards
        shown = _columns_in(round(room / self._theme.scale), cards=cards)
        self._is_fitting = True
        try:
            for column in ListColumn:
                self._header.setSectionHidden(column, column not in shown)
            for column, width in self._widths(room, shown).items():
                self._header.resizeSection(column, width)
        finally:
            self._is_fitting = False

    def state(self) -> list[str]:
        """The columns as a person has them, in order: a name, and a width where one was chosen."""
        ordered = sorted(ListColumn, key=self._header.visualIndex)
        return [f"{it.name.lower()} {self._chosen.get(it, '')}".rstrip() for it in ordered]

    def restore(self, state: Sequence[str]) -> None:
        """Have them as they were; what is said of other columns than there are is passed over."""
        known = {it.name.lower(): it for it in ListColumn if it is not ListColumn.STAR}
        place = 1  # behind the star
        self._chosen.clear()
        for line in state:
            name, _, width = line.partition(" ")
            column = known.get(name)
            if column is None:
                continue
            self._header.moveSection(self._header.visualIndex(column), place)
            place = self._header.visualIndex(column) + 1
            if width.isdecimal() and column is not ListColumn.SUBJECT:
                self._chosen[column] = max(int(width), _LEAST)

    def _widths(self, room: int, shown: set[ListColumn]) -> dict[ListColumn, int]:
        if self._as_cards:
            return {ListColumn.STAR: room}
        px = self._theme.px
        widths = {column: width for column, width in self._needed.items() if column in shown}
        # Whatever a person chose for the others: names do not move while a date becomes wider.
        rest = max(room - sum(widths.values()), _LEAST_REST)
        widths[ListColumn.SENDER] = max(rest * 3 // 10, min(px(_LEAST_NAMES), rest // 2))
        widths |= {column: px(it) for column, it in self._chosen.items() if column in shown}
        widths[ListColumn.SUBJECT] = max(room - sum(widths.values()), px(_LEAST_SUBJECT))
        return widths

    def _resized(self, section: int, before: int, width: int) -> None:
        """A person moves an edge; the subject makes room, or takes what is free."""
        if self._is_fitting or self._as_cards:
            return
        column = self._moved_by(ListColumn(section))
        if column is not None:
            wanted = width
            if column != section:  # it lies behind the edge
                wanted = self._header.sectionSize(column) + before - width
            self._chosen[column] = max(round(wanted / self._theme.scale), _LEAST)
        self.fit(self._room(), cards=False)

    def _reset(self, section: int) -> None:
        """Let a column be as wide as it needs to be, whose edge was double-clicked."""
        column = self._moved_by(ListColumn(section))
        if column is not None:
            self._chosen.pop(column, None)
        self.fit(self._room(), cards=self._as_cards)

    def _moved_by(self, section: ListColumn) -> ListColumn | None:
        """Which column the edge behind a section makes wider or narrower."""
        if section is not ListColumn.SUBJECT:
            return section
        header = self._header
        for place in range(header.visualIndex(section) + 1, header.count()):
            one = ListColumn(header.logicalIndex(place))
            if not header.isSectionHidden(one):
                return one
        return None

    def _room(self) -> int:
        return self._header.viewport().width()


def _columns_in(width: int, *, cards: bool) -> set[ListColumn]:
    """The columns that a list so wide, for usual letters, has room for; cards draw all in one."""
    if cards:
        return {ListColumn.STAR}
    shown = set(ListColumn)
    if width < _WIDE_ENOUGH_FOR_SIZE:
        shown.discard(ListColumn.SIZE)
    if width < _WIDE_ENOUGH_FOR_DATE:
        shown.discard(ListColumn.DATE)
    return shown
