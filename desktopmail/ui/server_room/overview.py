"""The server itself: where it listens, its certificate, who is connected."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import QFormLayout, QLabel

from desktopmail.ui.facts import FactTable
from desktopmail.ui.language import tr, trn
from desktopmail.ui.server_room.page import Page, Room
from desktopmail.ui.server_room.values import About, Session

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import ServerApi


class Overview(Page):
    """Ports, certificate and sessions."""

    name = "overview"
    kinds = frozenset({"session", "reset"})

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.facts = QFormLayout()
        self.facts.setHorizontalSpacing(18)
        self.facts.setVerticalSpacing(6)
        self.facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeading)
        self._shown: dict[str, QLabel] = {}
        for name in ("domain", "started", "ports", "certificate", "fingerprint", "authority"):
            value = QLabel(self)
            value.setWordWrap(True)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            title = QLabel(tr(f"fact.{name}"), self)
            title.setProperty("kind", "muted")
            title.setBuddy(value)
            value.setAccessibleName(title.text())
            self.facts.addRow(title, value)
            self._shown[name] = value
        self.lines.addLayout(self.facts)
        self.lines.addSpacing(8)
        self.heading("room.sessions")
        self.sessions = FactTable(
            tr("room.sessions"),
            [tr("room.peer"), tr("room.protocol"), tr("room.user"), tr("room.since")],
            self,
        )
        self.sessions.chosen.connect(self._update)
        self.lines.addWidget(self.sessions, 1)
        (self.cut_button,) = self.buttons(("room.cut", self._cut))
        self._update()

    async def refresh(self, api: ServerApi) -> None:
        """See Page."""
        about = await api.get("/api/server", About)
        texts = {
            "domain": about.domain,
            "started": f"{_moment(about.started)}  ·  pid {about.pid}  ·  {about.version}",
            "ports": "  ·  ".join(f"{name}\u00a0{port}" for name, port in about.ports.items()),
            "authority": about.ca_file or "",
        }
        if about.certificate is not None:
            shown = about.certificate
            names, until = ", ".join(shown.names), _moment(shown.not_after)
            texts["certificate"] = tr("room.certificate", names=names, until=until)
            texts["fingerprint"] = shown.sha256
        for name, value in self._shown.items():
            value.setText(texts.get(name, ""))
            self.facts.setRowVisible(value, bool(texts.get(name)))
        sessions = await api.get("/api/sessions", list[Session])
        self.sessions.fill(
            [(each.number, _row(each)) for each in sessions], nothing=tr("room.no_sessions")
        )

    def _update(self) -> None:
        self.cut_button.setEnabled(self.sessions.key() is not None)

    def _cut(self) -> None:
        self.send("DELETE", f"/api/sessions/{self.sessions.key()}")


def _row(session: Session) -> list[str]:
    how = f"{session.listener}  ·  TLS" if session.tls else session.listener
    since = trn("room.seconds", round(session.seconds))
    return [session.peer, how, session.user or "", since]


def _moment(text: str) -> str:
    seconds = round(datetime.fromisoformat(text).timestamp())
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(seconds), QLocale.FormatType.ShortFormat)
