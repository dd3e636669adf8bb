"""The message list: a window over a view of any size, of which only the pages in sight are read.

A view of a million rows costs one count and one page. When the store changed, `refresh` finds what
came and went around the rows in sight and tells the view exactly that, so that selection and
scroll position stay where they are; rows never seen are only counted.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from desktopmail.door.landmarks import Landmarks
from desktopmail.door.rows import Column, Flag, MessageRow, TagRow, View
from desktopmail.ui.dates import short_date, size_text
from desktopmail.ui.isolates import isolated, joined
from desktopmail.ui.language import tr
from desktopmail.ui.models.message_drag import PLACEMENTS_MIME, write_placements
from desktopmail.ui.models.standing import Standing, standing
from desktopmail.ui.models.tags import Tags, tag_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.landmarks import Stood

Index = QModelIndex | QPersistentModelIndex

PAGE_ROWS = 64
#: Hits of a search are counted up to so many before the first are shown, and to their end later.
COUNTED_FIRST = 4 * PAGE_ROWS
_PAGES_KEPT = 48
_ANCHOR_TRIES = 24
_RECKONED_BEHIND = 20_000  # rows that are counted within a thousandth of a second
# The dot of a row that a server found.
_SERVER = "#8a8f98"


class ListColumn(enum.IntEnum):
    """The columns of the list as a table; as cards only the first is shown."""

    STAR = 0
    SENDER = 1
    SUBJECT = 2
    DATE = 3
    SIZE = 4


SORT_COLUMNS = {
    ListColumn.SENDER: Column.SENDER,
    ListColumn.SUBJECT: Column.SUBJECT,
    ListColumn.DATE: Column.DATE,
    ListColumn.SIZE: Column.SIZE,
}


class MessageListModel(QAbstractTableModel):
    """Rows of a `View`, read page by page.

    Attributes:
        view: Which rows are shown; change it with `open`.
        outgoing: Whether to show recipients in place of the sender (Sent, Drafts).
        tags: Labels and colours of tags.
        is_reckoned: The last refresh took the rows above for those of before and what came: right,
            but where as much went as came back unseen. A refresh `exactly` is due, later.

    Signals:
        shifted: Rows came or went above the rows in sight, by this number.
        refreshed: The rows are up to date with the store again.
    """

    shifted = Signal(int)
    refreshed = Signal()
    RowRole = Qt.ItemDataRole.UserRole + 1

    def __init__(self, reader: StoreReader, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self._reader = reader
        self._clock = clock or (lambda: datetime.now(UTC).astimezone())
        self._pages: OrderedDict[int, list[MessageRow]] = OrderedDict()
        # Pages are read beside rows of which the view was told, whatever was committed since.
        self._places = Landmarks()
        self._count = 0
        # While rows are being told of, only this stretch of rows is known: (first row, rows).
        self._frozen: tuple[int, list[MessageRow]] | None = None
        self.view = View()
        self._from_server: frozenset[PlacementId] = frozenset()
        self._standing: dict[MailboxId, Standing] = {}
        self.outgoing = False
        self.is_reckoned = False
        self.tags = Tags(self)

    # ---- choosing what to show

    def replace_reader(self, reader: StoreReader) -> None:
        """Read from a new connection (after the engine was started again)."""
        self._reader = reader
        self.open(self.view, outgoing=self.outgoing)

    def open(
        self,
        view: View,
        *,
        outgoing: bool = False,
        count: int | None = None,
        first: Sequence[MessageRow] = (),
    ) -> None:
        """Show another view.

        Args:
            view: Which rows, in which order.
            outgoing: Show recipients in place of senders.
            count: The number of rows where it is known already (a search counts in a thread), or
                how many there are at least.
            first: The first page, where it was read already.
        """
        self.beginResetModel()
        self.view = view
        self._from_server = frozenset(view.also)
        self.outgoing = outgoing
        self._pages.clear()
        if first:
            self._pages[0] = list(first)
        self._places = Landmarks()
        self._count = self._reader.count(view) if count is None else count
        self._standing = standing(self._reader, view)
        self.endResetModel()

    def know_count(self, count: int) -> None:
        """Show so many rows: those behind the first were counted only now."""
        if count > self._count:
            self.beginInsertRows(QModelIndex(), self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(QModelIndex(), count, self._count - 1)
            self._count = count
            self.endRemoveRows()
        self.refreshed.emit()

    # ---- rows

    def message(self, row: int) -> MessageRow | None:
        """The row's message; read from the store when its page is not here."""
        if self._frozen is not None:
            first, rows = self._frozen
            return rows[row - first] if first <= row < first + len(rows) else None
        if not 0 <= row < self._count:
            return None
        page_number, place = divmod(row, PAGE_ROWS)
        page = self._page(page_number)
        return page[place] if place < len(page) else None

    def messages(self, rows: Iterable[int]) -> list[MessageRow]:
        """The messages of several rows, in their order, without those that are gone."""
        return [message for row in rows if (message := self.message(row)) is not None]

    def row_of(self, placement_id: PlacementId) -> int | None:
        """The row of a placement: among the pages here, else asked of the store."""
        for number, page in self._pages.items():
            for place, message in enumerate(page):
                if message.id == placement_id:
                    return number * PAGE_ROWS + place
        row = self._reader.position(self.view, placement_id)
        return row if row is not None and row < self._count else None

    def gathered(self, rows: Iterable[int]) -> list[MessageRow]:
        """The messages of several rows, and all those of the threads that rows stand for."""
        messages = self.messages(rows)
        if all(message.thread_size == 1 for message in messages):
            return messages
        return self._reader.of_threads(self.view, {message.thread_id for message in messages})

    def all_ids(self) -> list[PlacementId]:
        """The placements of the whole view; read in large pages that are not kept."""
        ids: list[PlacementId] = []
        view = msgspec.structs.replace(self.view, threads=False)
        while rows := self._reader.window(view, len(ids), 5_000):
            ids.extend(row.id for row in rows)
        return ids

    def _page(self, number: int) -> list[MessageRow]:
        page = self._pages.get(number)
        if page is None:
            first = number * PAGE_ROWS
            page = self._reader.window(self.view, first, PAGE_ROWS, self._places)
            self._pages[number] = page
            if len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return page

    # ---- keeping up with the store

    def refresh(self, visible: range, *, exactly: bool = False) -> None:
        """Tell the view what changed in the store.

        Args:
            visible: The rows in sight; what happened around them is told row by row.
            exactly: Count all rows above, however many they are.
        """
        new_count = self._new_count()
        if self.view.thread_id is not None:  # its messages may stand elsewhere now
            self._standing = standing(self._reader, self.view)
        stood, self._places = self._places.stood, Landmarks()
        known = self._known_stretch(visible)
        if exactly or known is None or known[0] < _RECKONED_BEHIND:
            stood = None
        self.is_reckoned = stood is not None
        if known is None or not self._tell_changes(*known, new_count, stood):
            self._reset(new_count)
        self.refreshed.emit()

    def _new_count(self) -> int:
        """How many rows there are; of many that no totals tell as many as were known, at least."""
        if self.view.is_plain:
            return self._reader.count(self.view)
        counted = self._reader.count(self.view, COUNTED_FIRST)
        return counted if counted < COUNTED_FIRST else max(self._count, counted)

    def _reset(self, new_count: int) -> None:
        self.beginResetModel()
        self._frozen = None
        self._pages.clear()
        self._count = new_count
        self.endResetModel()

    def _known_stretch(self, visible: range) -> tuple[int, list[MessageRow]] | None:
        """Rows of which the pages are here: those in sight, and a page before and behind them."""
        if not self._count:
            return None
        first = min(max(visible.start, 0), self._count - 1) // PAGE_ROWS
        if first not in self._pages:
            return None
        # Of what was scrolled past long ago nothing is told: to read it again, and to compare it,
        # takes longer than a frame.
        most = max(visible.stop - 1, 0) // PAGE_ROWS + 1
        last = first
        while last < most and last + 1 in self._pages:
            last += 1
        if first - 1 in self._pages:
            first -= 1
        rows: list[MessageRow] = []
        for number in range(first, last + 1):
            rows.extend(self._pages[number])
            if len(self._pages[number]) < PAGE_ROWS:
                break
        return (first * PAGE_ROWS, rows) if rows else None

    def _tell_changes(
        self, start: int, old: list[MessageRow], new_count: int, stood: Stood | None
    ) -> bool:
        """Tell what changed around known rows; False when only a reset can tell it."""
        if start + len(old) > self._count:
            return False
        anchor = self._anchor(start, old, stood)
        if anchor is None:
            return False
        gone, position = anchor
        fresh = self._reader.window(self.view, position, len(old) - gone, self._places)
        self._frozen = (start, list(old))
        moved = position - start
        if moved < 0 and start + moved < 0:
            self._frozen = None
            return False
        self._tell_above(start, moved)
        if gone:
            self._splice(position, 0, gone, [])
        self._tell_stretch(position, fresh)
        end = position + len(fresh)
        rest = new_count - self._count
        if rest > 0:
            self.beginInsertRows(QModelIndex(), end, end + rest - 1)
            self._count += rest
            self.endInsertRows()
        elif rest < 0:
            if end - rest > self._count:
                return False
            self.beginRemoveRows(QModelIndex(), end, end - rest - 1)
            self._count += rest
            self.endRemoveRows()
        self._frozen = None
        self._pages.clear()
        self._keep(position, fresh)
        if self._count:
            corner = self.index(self._count - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), corner)
        if moved:
            self.shifted.emit(moved)
        return True

    def _keep(self, start: int, rows: list[MessageRow]) -> None:
        """Keep whole pages of what was just read."""
        for number in range(-(-start // PAGE_ROWS), (start + len(rows)) // PAGE_ROWS):
            at = number * PAGE_ROWS - start
            self._pages[number] = rows[at : at + PAGE_ROWS]

    def _anchor(
        self, start: int, old: list[MessageRow], stood: Stood | None
    ) -> tuple[int, int] | None:
        """The first known row that is still there: (its place among them, its row now)."""
        for place, message in enumerate(old[:_ANCHOR_TRIES]):
            was = (stood, start + place) if stood is not None else None
            position = self._reader.position(self.view, message.id, self._places, was)
            if position is not None:
                return place, position
        return None

    def _tell_above(self, start: int, moved: int) -> None:
        first, rows = self._frozen or (start, [])
        if moved > 0:
            self.beginInsertRows(QModelIndex(), start, start + moved - 1)
            self._count += moved
            self._frozen = (first + moved, rows)
            self.endInsertRows()
        elif moved < 0:
            self.beginRemoveRows(QModelIndex(), start + moved, start - 1)
            self._count += moved
            self._frozen = (first + moved, rows)
            self.endRemoveRows()

    def _tell_stretch(self, start: int, fresh: list[MessageRow]) -> None:
        _, rows = self._frozen or (start, [])
        before, after = [row.id for row in rows], [row.id for row in fresh]
        if before != after:
            steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
            for kind, old_from, old_to, new_from, new_to in reversed(steps):
                if kind != "equal":
                    self._splice(start, old_from, old_to, fresh[new_from:new_to])
        self._frozen = (start, fresh)

    def _splice(self, start: int, old_from: int, old_to: int, new: list[MessageRow]) -> None:
        first, rows = self._frozen or (start, [])
        rows = list(rows)
        if old_to > old_from:
            self.beginRemoveRows(QModelIndex(), start + old_from, start + old_to - 1)
            del rows[old_from:old_to]
            self._count -= old_to - old_from
            self._frozen = (first, rows)
            self.endRemoveRows()
        if new:
            self.beginInsertRows(QModelIndex(), start + old_from, start + old_from + len(new) - 1)
            rows = [*rows[:old_from], *new, *rows[old_from:]]
            self._count += len(new)
            self._frozen = (first, rows)
            self.endInsertRows()

    # ---- QAbstractTableModel

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return 0 if parent is not None and parent.isValid() else self._count

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return 0 if parent is not None and parent.isValid() else len(ListColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - by role
        """See QAbstractItemModel."""
        if role not in _ANSWERED_ROLES or not index.isValid():
            return None
        message = self.message(index.row())
        if message is None:
            return None
        match role:
            case self.RowRole:
                return message
            case Qt.ItemDataRole.DisplayRole:
                return self._text(message, ListColumn(index.column()))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.sentence(message)
            case _:
                return None

    def headerData(  # noqa: N802 - Qt's name
        self, number: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | Qt.AlignmentFlag | None:
        """See QAbstractItemModel."""
        if role == Qt.ItemDataRole.TextAlignmentRole and number == ListColumn.SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            name = ListColumn(number).name.lower()
            if name == "sender" and self.outgoing:
                name = "recipients"
            return tr(f"column.{name}")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """See QAbstractItemModel."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return [PLACEMENTS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        rows = sorted({index.row() for index in indexes})
        return write_placements([message.id for message in self.gathered(rows)])

    def supportedDragActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """See QAbstractItemModel."""
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    # ---- texts

    def who(self, message: MessageRow) -> str:
        """Whom a row names: the sender, or the recipients in Sent and Drafts."""
        if self.outgoing:
            return message.recipients or tr("list.no_recipient")
        return message.sender.name or message.sender.address or tr("list.no_sender")

    def who_shown(self, message: MessageRow) -> str:
        """Whom a row names, as it is drawn: each name keeps a direction of its own.

        A name that has a comma and a blank in it becomes two, which are read in the same order.
        """
        who = self.who(message)
        shown = joined(who.split(", ")) if self.outgoing else isolated(who)
        return f"{shown}  ({message.thread_size})" if message.thread_size > 1 else shown

    def where(self, message: MessageRow) -> Standing | None:
        """The mailbox that a row stands in, where rows of this list stand in several."""
        return self._standing.get(message.mailbox_id)

    def labels(self, message: MessageRow) -> list[TagRow]:
        """What a row is marked with: found at a server only, and its tags."""
        tags = self.tags.shown(message.tags)
        if message.id in self._from_server:
            tags.insert(0, TagRow(name="", label=tr("search.at_server"), colour=_SERVER, total=0))
        return tags

    def date(self, message: MessageRow) -> str:
        """The date of a row as a person reads it today."""
        return short_date(message.date_s, self._clock())

    def sentence(self, message: MessageRow) -> str:
        """A row as a screen reader says it."""
        parts = [tr("list.unread")] if message.is_unread else []
        if message.flags & Flag.FLAGGED:
            parts.append(tr("list.flagged"))
        parts += [self.who(message), message.subject or tr("list.no_subject"), self.date(message)]
        if where := self.where(message):
            parts.append(tr("list.stands_in", mailbox=where.text))
        if message.has_attachment:
            parts.append(tr("list.with_attachment"))
        if tagged := tag_text(self.labels(message)):
            parts.append(tagged)
        return ", ".join(parts)

    def _text(self, message: MessageRow, column: ListColumn) -> str:
        match column:
            case ListColumn.STAR:
                return "★" if message.flags & Flag.FLAGGED else ""
            case ListColumn.SENDER:
                gathered = f"  ({message.thread_size})" if message.thread_size > 1 else ""
                return self.who(message) + gathered
            case ListColumn.SUBJECT:
                return message.subject or tr("list.no_subject")
            case ListColumn.DATE:
                return self.date(message)
            case ListColumn.SIZE:
                return size_text(message.size_octets)


_ANSWERED_ROLES = frozenset(
    {MessageListModel.RowRole, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}
)
