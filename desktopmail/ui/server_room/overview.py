"""The server itself: where it listens, its certificate, who is connected."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy

from desktopmail.ui.facts import FactTable
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.server_room.page import Page, Room
from desktopmail.ui.server_room.values import About, Session
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from desktopmail.ui.server_room.api import ServerApi

_FACTS = ("domain", "started", "ports", "certificate", "fingerprint", "authority")


class Overview(Page):
    """Ports, certificate and sessions."""

    name = "overview"
    kinds = frozenset({"session", "reset"})

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        facts = QGridLayout()  # a form would keep the heights that its rows had at another width
        facts.setHorizontalSpacing(18)
        facts.setVerticalSpacing(6)
        facts.setColumnStretch(1, 1)
        self._shown: dict[str, tuple[QLabel, QLabel]] = {}
        for row, name in enumerate(
            ("domain", "started", "ports", "certificate", "fingerprint", "authority")
        ):
            value = WrappedLabel("", self)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            title = Label(tr(f"fact.{name}"), self)
            title.setProperty("kind", "muted")
            title.setBuddy(value)
            value.setAccessibleName(title.text())
            facts.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(value, row, 1)
            self._shown[name] = (title, value)
        self.lines.addLayout(facts)
        self.lines.addSpacing(8)
        self.heading("room.sessions")
        self.sessions = FactTable(
            tr("room.sessions"),
            [tr("room.peer"), tr("room.protocol"), tr("room.user"), tr("room.since")],
            self,
        )
        self.sessions.chosen.connect(self._update)
        # What is missing in a low window is taken from the table, not from sentences.
        self.sessions.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
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
        for name, (title, value) in self._shown.items():
            value.setText(texts.get(name, ""))
            title.setVisible(bool(texts.get(name)))
            value.setVisible(bool(texts.get(name)))
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
