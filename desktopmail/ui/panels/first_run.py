"""The page of a fresh profile: set up an account, or try everything in a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said
from desktopmail.ui.theme.icons import application_icon

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from desktopmail.door.interface import DoorError
    from desktopmail.ui.theme.theme import Theme

_CARD = 300
_ROOM_FOR_PICTURE = 420
_CARD_LETTERS = 24  # beside its margins: large letters need a wider card


class FirstRun(QScrollArea):
    """Two cards: a real account, or the sandbox.

    Signals:
        account_wanted, sandbox_wanted: What was chosen.
    """

    account_wanted = Signal()
    sandbox_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("firstRun")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._theme = theme
        host = QWidget(self)
        self._picture = picture = QLabel(host)
        picture.setPixmap(application_icon().pixmap(theme.side(72)))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = Label(tr("first.title"), self)
        title.setProperty("kind", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = Label(tr("first.text"), self)
        text.setProperty("kind", "muted")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setWordWrap(True)
        account = self._card(
            theme, "mail", tr("first.account"), tr("first.account_text"), tr("first.account_do")
        )
        account[1].setProperty("kind", "primary")
        account[1].clicked.connect(self.account_wanted)
        sandbox = self._card(
            theme, "sandbox", tr("first.sandbox"), tr("first.sandbox_text"), tr("first.sandbox_do")
        )
        sandbox[1].clicked.connect(self.sandbox_wanted)
        self.sandbox_button = sandbox[1]
        self.account_button = account[1]
        cards = QHBoxLayout()
        cards.setSpacing(18)
        cards.addStretch(1)
        cards.addWidget(account[0])
        cards.addWidget(sandbox[0])
        cards.addStretch(1)
        lines = QVBoxLayout(host)
        lines.setContentsMargins(24, 24, 24, 24)
        lines.setSpacing(10)
        lines.addStretch(2)
        lines.addWidget(picture)
        lines.addWidget(title)
        lines.addWidget(text)
        lines.addSpacing(18)
        lines.addLayout(cards)
        self._problem = QFrame(self)
        self._problem.setProperty("kind", "danger")
        self._problem.setFixedWidth(account[0].width() * 2 + 18)
        self._sentence = Label("", self._problem)
        self._sentence.setProperty("kind", "heading")
        self._remedy = Label("", self._problem)
        words = QVBoxLayout(self._problem)
        words.setContentsMargins(16, 12, 16, 12)
        words.setSpacing(4)
        for label in (self._sentence, self._remedy):
            label.setWordWrap(True)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            words.addWidget(label)
        self._problem.hide()
        lines.addSpacing(8)
        lines.addWidget(self._problem, 0, Qt.AlignmentFlag.AlignHCenter)
        lines.addStretch(3)
        self.setWidget(host)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """What can be chosen has to be in sight; the picture is for where there is room."""
        super().resizeEvent(event)
        self._picture.setVisible(self.height() >= self._theme.px(_ROOM_FOR_PICTURE))

    def show_problem(self, problem: DoorError | None) -> None:
        """Say why the sandbox could not be made, and what to do; None: nothing is wrong."""
        self._problem.setVisible(problem is not None)
        if problem is not None:
            self._sentence.setText(said(problem.sentence))
            self._remedy.setText(said(problem.remedy) or tr("first.sandbox_remedy"))
            self._problem.setAccessibleName(f"{self._sentence.text()} {self._remedy.text()}")
            self.sandbox_button.setFocus()

    @property
    def problem(self) -> str:
        """What is said to be wrong, or nothing."""
        return self._problem.accessibleName() if self._problem.isVisibleTo(self) else ""

    def _card(
        self, theme: Theme, icon: str, title: str, text: str, button: str
    ) -> tuple[QFrame, QPushButton]:
        card = QFrame(self)
        card.setProperty("kind", "card")
        letter = card.fontMetrics().averageCharWidth()
        card.setFixedWidth(max(_CARD_LETTERS * letter, _CARD))
        picture = QLabel(card)
        theme.depict(picture, icon, "accent", 28)
        heading = Label(title, card)
        heading.setProperty("kind", "heading")
        words = Label(text, card)
        words.setProperty("kind", "muted")
        words.setWordWrap(True)
        press = QPushButton(button, card)
        press.setAccessibleDescription(text)
        lines = QVBoxLayout(card)
        lines.setContentsMargins(20, 18, 20, 18)
        lines.setSpacing(8)
        lines.addWidget(picture)
        lines.addWidget(heading)
        lines.addWidget(words)
        lines.addStretch(1)
        lines.addSpacing(6)
        lines.addWidget(press)
        return card, press
