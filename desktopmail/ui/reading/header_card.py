"""The card over a message: what it is about, who wrote to whom and when."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.mime.authres import Verdict
from desktopmail.ui.dates import long_date
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.isolates import joined
from desktopmail.ui.label import leading
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins
from desktopmail.ui.reading.details import Details
from desktopmail.ui.reading.mark_line import MarkLine
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from desktopmail.mime.authres import Authentication
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.theme.theme import Theme

_AVATAR = 38
_MAX_NAMED = 50
_NAME_WIDTH = 180  # below that the date goes into a line of its own


def initials(name: str, address: str) -> str:
    """Return one or two letters that stand for a person."""
    words = [word for word in name.replace(",", " ").split() if word[:1].isalnum()]
    words = [
        word for word in words if word.rstrip(".").casefold() not in {"dr", "prof", "mr", "mrs"}
    ]
    if not words:
        return (address[:1] or "?").upper()
    if len(words) == 1 or not words[-1][:1].isalpha() or ord(words[0][0]) > 0x2E7F:
        return words[0][:1].upper()
    return (words[0][0] + words[-1][0]).upper()


class Avatar(QWidget):
    """A disc with the initials of a person, in a colour of their own."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._hue = 0
        theme.follow(self, "size", lambda it: it.setFixedSize(theme.side(_AVATAR)))
        theme.changed.connect(self.update)

    def show_person(self, name: str, address: str) -> None:
        """Show somebody else."""
        self._text = initials(name, address)
        self._hue = zlib.crc32((address or name).casefold().encode()) % 360
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Draw the disc."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._theme.dark:
            ground, ink = QColor.fromHsl(self._hue, 90, 70), QColor.fromHsl(self._hue, 140, 215)
        else:
            ground, ink = QColor.fromHsl(self._hue, 150, 222), QColor.fromHsl(self._hue, 150, 62)
        painter.setBrush(ground)
        painter.drawEllipse(QRectF(self.rect()))
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        font.setPixelSize(self._theme.px(15))
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._text)
        painter.end()


class HeaderCard(QFrame):
    """Subject, sender, date and recipients; more of it on demand.

    Signals:
        details_toggled: The whole header is shown, or no longer.
        write_wanted: A message to somebody named is to be written (Mailbox).
        keep_wanted: Somebody named is to be put into the address book (Mailbox).
        tag_unwanted: A tag is to be taken off (its name).
    """

    details_toggled = Signal(bool)
    write_wanted = Signal(object)
    keep_wanted = Signal(object)
    tag_unwanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("headerCard")
        self.setAccessibleName(tr("reading.header"))
        self._subject = WrappedLabel("", self)
        self._subject.setProperty("kind", "subject")
        self._subject.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._avatar = Avatar(theme, self)
        self._from = ElidedLabel("", self)
        self._from.setProperty("kind", "heading")
        self._address = ElidedLabel("", self)
        self._address.setProperty("kind", "small")
        self._to = ElidedLabel("", self)
        self._to.setProperty("kind", "small")
        self._proof_line = QWidget(self)  # an empty layout in its place would keep lines narrow
        self._picture = QLabel(self._proof_line)
        self._proof = WrappedLabel("", self._proof_line)
        self._proof.setProperty("kind", "small")
        self._date = ElidedLabel("", self)
        self._date.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._date.setProperty("kind", "small")
        self.more_button = QToolButton(self)
        self.more_button.setCheckable(True)
        self.more_button.setToolTip(tr("reading.details"))
        self.more_button.setAccessibleName(tr("reading.details"))
        self.more_button.toggled.connect(self._show_details)
        theme.tint(self.more_button, "chevron-down")
        self._details = Details(self)
        theme.follow(self._details, "indent", lambda it: it.indent(theme.px(_AVATAR) + 12))
        self._details.write_wanted.connect(self.write_wanted)
        self._details.keep_wanted.connect(self.keep_wanted)
        self._details.hide()
        self._is_filled = False  # the details are made when they are wanted
        self._letter: Letter | None = None
        self._proved = ""
        self.marks = MarkLine(theme, self)
        self.marks.tag_unwanted.connect(self.tag_unwanted)
        self._first = first = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        first.setSpacing(10)
        first.addWidget(self._from, 1)
        first.addWidget(self._date)
        lines = QVBoxLayout()
        lines.setSpacing(1)
        lines.addLayout(first)
        lines.addWidget(self._address)
        lines.addWidget(self._to)
        proved = QHBoxLayout(self._proof_line)
        proved.setSpacing(5)
        proved.setContentsMargins(0, 3, 0, 0)
        proved.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        proved.addWidget(self._proof, 1)
        lines.addWidget(self._proof_line)
        lines.addWidget(self.marks)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._avatar, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(lines, 1)
        row.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        set_margins(layout, 24, 16, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self._subject)
        layout.addLayout(row)
        layout.addWidget(self._details)

    def show_letter(self, letter: Letter, authentication: Authentication | None = None) -> None:
        """Show the header of a message.

        Args:
            letter: The message.
            authentication: What the server that received it found out about its sender.
        """
        self._subject.setText(letter.subject or tr("list.no_subject"))
        sender = letter.sender[0] if letter.sender else None
        name = sender.name if sender else ""
        address = sender.shown_address if sender else ""
        self._avatar.show_person(name, address)
        self._from.set_full_text(name or address or tr("list.no_sender"))
        self._address.set_full_text(address)
        self._address.setVisible(bool(name and address))
        boxes = (*letter.to, *letter.cc)[:_MAX_NAMED]  # what fits into a line
        names = [box.name or box.shown_address for box in boxes]
        self._to.set_full_text(tr("reading.to", names=joined(names)) if names else "")
        self._to.setVisible(bool(names))
        self._date.set_full_text(long_date(letter.date_s) if letter.date_s is not None else "")
        self._arrange()
        self._show_proof(authentication)
        self._letter, self._is_filled = letter, False
        self._proved = proof(authentication) if authentication is not None else ""
        if self.more_button.isChecked():
            self._fill_details()
        self.setAccessibleDescription(
            f"{self._subject.text()}. {self._from.full_text}. {self._date.full_text}."
            f" {self._proof.text()}".rstrip()
        )

    def _show_proof(self, authentication: Authentication | None) -> None:
        """Say what was found out; a failure is said louder, below, by the pane."""
        quiet = authentication is None or authentication.verdict in {
            Verdict.UNKNOWN,
            Verdict.FAILED,
        }
        if authentication is not None and not quiet:
            proved = authentication.verdict is Verdict.PROVED
            icon = ("check", "success") if proved else ("info", "muted")
            self._theme.depict(self._picture, *icon, 15)
        self._proof.setText("" if authentication is None or quiet else proof(authentication))
        self._proof_line.setVisible(not quiet)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the date below the name where both have no room side by side."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        beside = self._theme.px(_AVATAR) + self.more_button.sizeHint().width() + 64
        name = min(self._from.sizeHint().width(), self._theme.px(_NAME_WIDTH))
        is_narrow = self.width() - beside < name + 10 + self._date.sizeHint().width()
        direction = QBoxLayout.Direction
        self._first.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)
        self._first.setSpacing(1 if is_narrow else 10)
        self._date.setAlignment(leading(self) if is_narrow else Qt.AlignmentFlag.AlignRight)

    def _fill_details(self) -> None:
        if self._letter is not None and not self._is_filled:
            self._details.show_fields(self._letter, self._proved)
            self._is_filled = True

    def _show_details(self, shown: bool) -> None:
        if shown:
            self._fill_details()
        self._details.setVisible(shown)
        self.details_toggled.emit(shown)


def proof(found: Authentication) -> str:
    """What the receiving server found out about the sender, as a sentence."""
    key = {
        Verdict.PROVED: "proof.proved",
        Verdict.FAILED: "proof.failed",
        Verdict.OTHER_DOMAIN: "proof.other_domain",
        Verdict.UNPROVED: "proof.unproved",
        Verdict.UNKNOWN: "proof.unknown",
    }[found.verdict]
    return tr(key, server=found.server, domain=found.domain)
