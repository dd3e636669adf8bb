"""Mail for elsewhere: what the server kept instead of sending it, and what waits to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from desktopmail.ui.dates import short_date, size_text
from desktopmail.ui.facts import FactTable
from desktopmail.ui.language import tr
from desktopmail.ui.server_room.page import Page, Room
from desktopmail.ui.server_room.values import About, Captured, Queued

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import ServerApi


class Mail(Page):
    """Two tables: captured mail, and the queue where the server relays."""

    name = "mail"
    kinds = frozenset({"captured", "queue", "reset"})

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.heading("room.captured")
        self.explain("room.captured_help")
        self.captured = FactTable(
            tr("room.captured"),
            [tr("column.subject"), tr("room.to"), tr("column.date"), tr("column.size")],
            self,
            numbers=(3,),
        )
        self.captured.chosen.connect(self._update)
        self.captured.opened.connect(lambda _key: self._show())
        self.lines.addWidget(self.captured, 2)
        self.show_button, self.forget_button, _ = self.buttons(
            ("room.show", self._show),
            ("room.forget", lambda: self.send("DELETE", f"/api/captured/{self.captured.key()}")),
            ("room.forget_all", lambda: self.send("DELETE", "/api/captured")),
        )
        self.lines.addSpacing(8)
        self.heading("room.queue")
        self.queue = FactTable(
            tr("room.queue"),
            [tr("room.to"), tr("room.tries"), tr("room.next_try"), tr("room.last_error")],
            self,
            numbers=(1,),
        )
        self.queue.chosen.connect(self._update)
        self.lines.addWidget(self.queue, 1)
        self.queue_buttons = self.buttons(
            ("room.retry", lambda: self.send("POST", "/api/queue/retry", {"id": self.queue.key()})),
            ("room.drop", lambda: self.send("DELETE", f"/api/queue/{self.queue.key()}")),
            ("room.bounce", lambda: self.send("DELETE", f"/api/queue/{self.queue.key()}?bounce=1")),
        )
        self._update()

    async def refresh(self, api: ServerApi) -> None:
        """See Page."""
        captured = await api.get("/api/captured", list[Captured])
        self.captured.fill(
            [
                (
                    each.number,
                    (
                        each.subject or tr("list.no_subject"),
                        ", ".join(each.recipients),
                        _when(each.arrived),
                        size_text(each.size),
                    ),
                )
                for each in reversed(captured)
            ],
            nothing=tr("room.nothing_captured"),
        )
        about = await api.get("/api/server", About)
        if about.relay == "capture":
            self.queue.fill([], nothing=tr("room.no_queue"))
            return
        queued = await api.get("/api/queue", list[Queued])
        self.queue.fill(
            [
                (
                    each.id,
                    (
                        each.recipient,
                        str(each.tries),
                        tr("room.held") if each.held else _when(each.next_try),
                        each.last_error or "",
                    ),
                )
                for each in queued
            ],
            nothing=tr("room.queue_empty"),
        )

    def _update(self) -> None:
        for button in (self.show_button, self.forget_button):
            button.setEnabled(self.captured.key() is not None)
        for button in self.queue_buttons:
            button.setEnabled(self.queue.key() is not None)

    def _show(self) -> None:
        api, number = self.room.api, self.captured.key()

        async def show() -> None:
            if api is not None and number is not None:
                self.room.show_octets(await api.octets(f"/api/captured/{number}?raw=1"))

        self.room.act(show())


def _when(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return short_date(int(moment.timestamp()), datetime.now(moment.tzinfo).astimezone())
