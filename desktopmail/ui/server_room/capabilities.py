"""What the server offers, by protocol; each capability can be switched off while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QScrollArea, QWidget

from desktopmail.ui.isolates import from_left
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.server_room import values
from desktopmail.ui.server_room.page import Page, Room

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import ServerApi

_COLUMNS = 3


class Capabilities(Page):
    """A box for each capability; one that is unchecked is not offered to new connections."""

    name = "capabilities"
    kinds = frozenset({"capabilities", "reset"})

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.explain("room.capabilities_help")
        self._host = QWidget(self)
        self._host.setObjectName("capabilityHost")
        self._grid = QGridLayout(self._host)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(6)
        area = QScrollArea(self)
        area.setWidget(self._host)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.lines.addWidget(area, 1)
        self.boxes: dict[str, list[QCheckBox]] = {}
        self._state = Label("", self)
        self._state.setProperty("kind", "small")
        (self.all_button,) = self.buttons(("room.all_on", lambda: self._put(set())))
        self.lines.addWidget(self._state)

    async def refresh(self, api: ServerApi) -> None:
        """See Page."""
        said = await api.get("/api/capabilities", values.Capabilities)
        if not self.boxes:
            self._build(said.known)
        off = {name.upper() for name in said.without}
        for name, boxes in self.boxes.items():
            for box in boxes:
                box.blockSignals(True)
                box.setChecked(name.upper() not in off)
                box.blockSignals(False)
        self._state.setText(trn("room.off", len(off)) if off else tr("room.nothing_off"))
        self.all_button.setEnabled(bool(off))

    def off(self) -> set[str]:
        """The names that are unchecked."""
        return {
            name for name, boxes in self.boxes.items() if not all(it.isChecked() for it in boxes)
        }

    def _build(self, known: dict[str, list[str]]) -> None:
        row = 0
        for protocol, names in known.items():
            heading = Label(protocol.upper(), self._host)
            heading.setProperty("kind", "heading")
            heading.setContentsMargins(0, 8, 0, 0)
            self._grid.addWidget(heading, row, 0, 1, _COLUMNS)
            row += 1
            for at, name in enumerate(names):
                box = QCheckBox(from_left(name), self._host)
                box.setAccessibleName(name)
                box.toggled.connect(lambda on, name=name: self._toggled(name, on))
                self.boxes.setdefault(name, []).append(box)
                self._grid.addWidget(box, row + at // _COLUMNS, at % _COLUMNS)
            row += -(-len(names) // _COLUMNS)
        self._grid.setRowStretch(row, 1)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _toggled(self, name: str, on: bool) -> None:
        off = self.off()
        self._put(off - {name} if on else off | {name})

    def _put(self, off: set[str]) -> None:
        self.send("PUT", "/api/capabilities", {"without": sorted(off)})
