"""What somebody on the way would learn of a password, said before it is sent."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Auth, Security
from desktopmail.ui.language import tr
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

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


class ExposureLine(WrappedLabel):
    """One sentence for all servers, or one for each where they differ."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._needs_consent = False

    @property
    def needs_consent(self) -> bool:
        """Whether a password could be read on the way: who wants that has to say so."""
        return self._needs_consent

    def show_ways(self, ways: Sequence[Way]) -> None:
        """Say what these ways give away."""
        exposed = [way.exposed for way in ways]
        self._needs_consent = Exposed.CLEAR in exposed
        if len(set(exposed)) == 1:
            text = tr(f"exposure.{exposed[0]}")
        else:
            text = "\n".join(f"{way.title}: {tr(f'exposure.{way.exposed}')}" for way in ways)
        self.setText(text)
        self.setProperty("kind", "error" if self._needs_consent else "small")
        self.style().unpolish(self)
        self.style().polish(self)
