"""The message the cursor rests on: shown, fetched where it has to be, and marked read in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktopmail.door.commands import FetchOctets, StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.ui.commands import edit_draft
from desktopmail.ui.language import tr
from desktopmail.ui.models.drafts import is_draft
from desktopmail.ui.reading.content import Letter, read_letter

if TYPE_CHECKING:
    from desktopmail.door.ids import PlacementId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.window import MainWindow


class ShownMessage(QObject):
    """Keeps the reading pane at the message the list's cursor rests on."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._list = window.list_pane.list
        self._pane = window.reading
        self._decided: PlacementId | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._mark_read)
        self._list.current_changed.connect(self._follow)
        self._list.selection_changed.connect(self._count)
        self._list.opened.connect(self._open)
        self._pane.shown.connect(self._await_reading)
        self._pane.whole_wanted.connect(self._fetch_whole)

    @property
    def is_timed(self) -> bool:
        """Whether the message will be marked as read by the clock."""
        return self._timer.isActive()

    async def letter(self) -> tuple[MessageRow, Letter] | None:
        """The one message selected, read whole; None when there is none."""
        row = self._list.current_message()
        if row is None:
            return None
        shown = self._pane.row
        if shown is not None and shown.id == row.id and self._pane.letter is not None:
            letter = self._pane.letter
            if letter.whole:
                return row, letter
        octets = await self._octets(row)
        if octets is None:
            return None
        import asyncio

        loop = asyncio.get_running_loop()
        return row, await loop.run_in_executor(None, read_letter, octets)

    def reading_is_decided(self) -> None:
        """Do not mark the message shown as read by the clock: a person decided."""
        row = self._list.current_message()
        self._decided = row.id if row is not None else None
        self._timer.stop()

    def forget_what_left(self) -> None:
        """Show nothing when the message shown left the list."""
        if self._list.current_message() is None and self._pane.row is not None:
            self._pane.show_nothing(is_empty=not self._window.list_model.rowCount())

    def follow(self) -> None:
        """Show the message the cursor rests on already."""
        self._follow(self._list.current_message())

    def _follow(self, row: MessageRow | None) -> None:
        self._timer.stop()
        selected = self._list.selected_count()
        if row is None or selected != 1:
            self._pane.show_nothing(selected, is_empty=not self._window.list_model.rowCount())
            return
        shown = self._pane.row
        if shown is not None and shown.id == row.id and self._pane.letter is not None:
            return
        self._decided = None
        self._window.scope.spawn(self._pane.show_message(row), name=tr("task.read"))

    def _count(self) -> None:
        if self._list.selected_count() > 1:
            self._pane.show_nothing(self._list.selected_count())

    def _await_reading(self, row: MessageRow | None, letter: Letter) -> None:
        wait_s = self._window.settings.number("read_after_s")
        if row is None or not letter.whole or row.flags & Flag.SEEN or wait_s < 0:
            return
        if self._decided != row.id:
            self._timer.start(wait_s * 1_000)

    def _mark_read(self) -> None:
        row = self._pane.row
        if row is not None and self._decided != row.id:
            self._window.scope.spawn(self._store_seen(row), name=tr("verb.mark_read"))

    async def _store_seen(self, row: MessageRow) -> None:
        await self._window.door.command(StoreFlags(placement_ids=(row.id,), add=Flag.SEEN))

    def _fetch_whole(self, row: MessageRow) -> None:
        self._window.scope.spawn(self._fetch(row), name=tr("task.fetch"))

    async def _fetch(self, row: MessageRow) -> None:
        octets = await self._octets(row)
        current = self._list.current_message()
        if octets is not None and current is not None and current.id == row.id:
            await self._pane.show_message(row)

    async def _octets(self, row: MessageRow) -> bytes | None:
        """The octets of a message, from its server where they are not here."""
        window = self._window
        octets = window.reader.octets(row.message_id)
        if octets is None:
            await window.door.command(FetchOctets(placement_ids=(row.id,)))
            octets = window.reader.octets(row.message_id)
        return octets

    def _open(self, row: MessageRow) -> None:
        if row.thread_size > 1:
            self._window.list_pane.show_conversation(row)
        elif is_draft(self._window.reader, row):
            self._window.run(edit_draft.VERB)
        else:
            self._window.show_view("message")
