"""What is wrong in a dialogue, as a sentence, and a bar while what was asked for is being tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktopmail.door.interface import DoorError
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said, said_of
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from desktopmail.door.certificate import ShownCertificate


class ProblemLine(QWidget):
    """A sentence or a bar, one at a time; neither takes any room while there is nothing to say.

    Below the sentence about a certificate stands what it says, and a button that accepts it.

    Signals:
        accepted: A certificate is to be trusted where it was shown (`ShownCertificate`).
    """

    accepted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = Label("", self)
        self._label.setProperty("kind", "error")
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts = WrappedLabel("", self)
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.accept_button = QPushButton(tr("error.accept_certificate"), self)
        self.accept_button.setAutoDefault(False)  # the Enter key must not come to it
        self.accept_button.clicked.connect(self._accept)
        self._certificate: ShownCertificate | None = None
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("status.progress"))
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self._label)
        lines.addWidget(self._facts)
        row = QHBoxLayout()
        row.addWidget(self.accept_button)
        row.addStretch(1)
        lines.addLayout(row)
        lines.addWidget(self._bar)
        self._bar.hide()
        self.forget()

    def text(self) -> str:
        """What is said to be wrong; empty: nothing."""
        return self._label.text()

    @property
    def is_busy(self) -> bool:
        """Whether something is being tried."""
        return self._bar.isVisibleTo(self)

    def tell(self, text: str) -> None:
        """Say what is wrong."""
        self._offer(None)
        self._tell(text)

    def _tell(self, text: str) -> None:
        self._label.setText(text)
        self._label.setAccessibleName(text)
        self._label.show()
        self._follow()

    def tell_error(self, what: str, error: Exception) -> None:
        """Say what went wrong with `what`, as a person calls it."""
        if isinstance(error, DoorError) and error.certificate is not None:
            self._offer(error.certificate)
            self._tell(said(error.sentence))
        elif isinstance(error, DoorError):
            self.tell(said_of(error))
        else:
            self.tell(tr("error.unexpected", what=what, error=str(error)))

    def forget(self) -> None:
        """Nothing is wrong any more."""
        self._label.clear()
        self._label.setAccessibleName("")
        self._label.hide()
        self._offer(None)
        self._follow()

    def be_busy(self, busy: bool) -> None:
        """Something is being tried: what was wrong before is not said meanwhile."""
        if busy:
            self.forget()
        self._bar.setVisible(busy)
        self._follow()

    def _offer(self, certificate: ShownCertificate | None) -> None:
        self._certificate = certificate
        lines = certificate.text.splitlines() if certificate is not None else []
        self._facts.setText("\n".join(said(line) for line in lines))
        self._facts.setVisible(certificate is not None)
        self.accept_button.setVisible(certificate is not None)

    def _accept(self) -> None:
        self.accepted.emit(self._certificate)

    def _follow(self) -> None:
        self.setVisible(bool(self.text()) or self.is_busy)
