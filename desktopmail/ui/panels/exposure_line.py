"""What somebody on the way would learn of a password, said before it is sent."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktopmail.door.rows import Auth, Security
from desktopmail.ui.language import tr
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Exposed(enum.StrEnum):
    """What a login gives away, the worst first; `desktopmail.wire.sasl.policy` says it in full."""

    CLEAR = "clear"
    DIGEST = "digest"
    PROOF_IN_CLEAR = "proof_in_clear"
    TLS = "tls"
    PROOF = "proof"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Way:
    """How a password is to get to one server.

    Attributes:
        title: What the server is to the person: the incoming or the outgoing one.
        host: As it was typed.
    """

    title: str
    host: str
    security: Security
    auth: Auth = Auth.AUTO

    @property
    def exposed(self) -> Exposed:
        """What it gives away at worst: with AUTO the server decides what is taken."""
        is_clear = self.security is Security.NONE
        if is_clear and self.host.strip().lower().strip("[]") in _LOOPBACK:
            return Exposed.LOCAL
        match self.auth:
            case Auth.CRAM_MD5 | Auth.APOP:
                return Exposed.DIGEST
            case Auth.SCRAM:
                return Exposed.PROOF_IN_CLEAR if is_clear else Exposed.PROOF
            case Auth.AUTO | Auth.PLAIN:
                return Exposed.CLEAR if is_clear else Exposed.TLS


class ExposureLine(QWidget):
    """One sentence for all servers, or one for each where they differ, each in its own colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needs_consent = False
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(3)
        self._said: list[WrappedLabel] = []

    @property
    def needs_consent(self) -> bool:
        """Whether a password could be read on the way: who wants that has to say so."""
        return self._needs_consent

    @property
    def said(self) -> list[tuple[str, bool]]:
        """The sentences, and whether each of them is a warning."""
        return [(it.text(), it.property("kind") == "error") for it in self._said]

    def show_ways(self, ways: Sequence[Way]) -> None:
        """Say what these ways give away."""
        exposed = [way.exposed for way in ways]
        self._needs_consent = Exposed.CLEAR in exposed
        if len(set(exposed)) == 1:
            sentences = [(tr(f"exposure.{exposed[0]}"), self._needs_consent)]
        else:
            sentences = [
                (f"{way.title}: {tr(f'exposure.{way.exposed}')}", way.exposed is Exposed.CLEAR)
                for way in ways
            ]
        if sentences == self.said:
            return
        for label in self._said:
            self._lines.removeWidget(label)
            label.hide()
            label.deleteLater()
        self._said = [self._say(text, is_warning) for text, is_warning in sentences]

    def _say(self, text: str, is_warning: bool) -> WrappedLabel:
        label = WrappedLabel(text, self)
        label.setProperty("kind", "error" if is_warning else "small")
        self._lines.addWidget(label)
        return label
