"""What shall go wrong: ready-made faults to inject, and the plan as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QScrollArea, QWidget

from desktopmail.ui.facts import FactTable
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, tr_or, trn
from desktopmail.ui.margins import set_margins
from desktopmail.ui.server_room.page import Page, Room
from desktopmail.ui.server_room.values import Planned, Preset

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import ServerApi


class Faults(Page):
    """A line with a button for each ready-made fault; the plan with its hits below."""

    name = "faults"
    kinds = frozenset({"faults", "fault", "reset"})

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.explain("room.faults_help")
        self._host = QWidget(self)
        self._host.setObjectName("faultHost")
        self._grid = QGridLayout(self._host)
        set_margins(self._grid, 0, 0, 10, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        area = QScrollArea(self)
        area.setWidget(self._host)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.lines.addWidget(area, 3)
        self.presets: dict[str, QPushButton] = {}
        self.heading("room.plan")
        self.plan = FactTable(
            tr("room.plan"), [tr("room.where"), tr("room.protocol"), tr("room.hits")], self
        )
        self.lines.addWidget(self.plan, 1)
        (self.clear_button,) = self.buttons(
            ("room.clear_plan", lambda: self.send("DELETE", "/api/faults"))
        )

    async def refresh(self, api: ServerApi) -> None:
        """See Page."""
        if not self.presets:
            for row, preset in enumerate(await api.get("/api/faults/presets", list[Preset])):
                self._add(row, preset)
        plan = await api.get("/api/faults", list[Planned])
        self.plan.fill(
            [(number, _row(fault)) for number, fault in enumerate(plan)],
            nothing=tr("room.no_faults"),
        )
        self.clear_button.setEnabled(bool(plan))

    def _add(self, row: int, preset: Preset) -> None:
        name = preset.name.replace("-", "_")
        words = Label(tr_or(preset.what, f"fault.{name}"), self._host)
        words.setWordWrap(True)
        button = QPushButton(tr("room.inject"), self._host)
        button.setAutoDefault(False)
        button.setAccessibleDescription(words.text())
        button.clicked.connect(lambda: self.send("POST", "/api/faults", {"preset": preset.name}))
        self._grid.addWidget(words, row, 0)
        self._grid.addWidget(button, row, 1)
        self.presets[preset.name] = button


def _row(fault: Planned) -> list[str]:
    where = " ".join(filter(None, (fault.command, fault.argument))) or tr("room.anywhere")
    hits = trn("room.hit", fault.hits)
    return [where, fault.protocol or "", f"{hits}  ✓" if fault.spent else hits]
