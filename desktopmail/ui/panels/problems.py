"""Cards over the list: what is wrong, why, and the one thing to do; and questions to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktopmail.door.commands import AnswerQuestion, SyncAccounts
from desktopmail.ui.fitting_area import FittingArea
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.interface import Door
    from desktopmail.door.rows import ProblemRow, QuestionRow
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.theme.theme import Theme

_SHOWN = 3


class ProblemCards(FittingArea):
    """Shows the newest problems and all questions; nothing where there are none.

    They take what they need, up to half of the height there is: the rest scrolls.

    Signals:
        password_wanted: Another password is to be given for an account (its id).
    """

    password_wanted = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(self._half, parent)
        self.setObjectName("problemCards")
        self._theme = theme
        self._host = QWidget(self)
        self._host.setObjectName("problemCardsHost")
        self._lines = QVBoxLayout(self._host)
        self._lines.setContentsMargins(10, 10, 10, 10)
        self._lines.setSpacing(8)
        self.hold(self._host)
        self._told: tuple[tuple[ProblemRow, ...], tuple[QuestionRow, ...]] = ((), ())
        self._dismissed: set[tuple[object, ...]] = set()
        self._open_cards = 0
        self.hide()

    def show_them(
        self,
        problems: Sequence[ProblemRow],
        questions: Sequence[QuestionRow],
        door: Door,
        scope: TaskScope,
    ) -> None:
        """Show what there is now; a button that is being pressed stays where it is."""
        told = tuple(problems), tuple(questions)
        if told == self._told:
            return
        self._told = told
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._dismissed &= {_key(problem) for problem in problems}
        shown = [problem for problem in problems if _key(problem) not in self._dismissed]
        for question in questions:
            self._lines.addWidget(self._question(question, door, scope))
        for problem in shown[-_SHOWN:]:
            self._lines.addWidget(self._problem(problem, door, scope))
        self._open_cards = len(questions) + len(shown[-_SHOWN:])
        self.setVisible(self._open_cards > 0)

    def _half(self) -> int:
        above = self.parentWidget()
        return above.height() // 2 if above is not None else self.sizeHint().height()

    def show_fixed(self, what: str, remedy: str) -> None:
        """Show something that stays wrong until the program is started again."""
        card, _, _ = self._card("danger", "alert", what, remedy)
        self._lines.insertWidget(0, card)
        self.show()

    def _problem(self, problem: ProblemRow, door: Door, scope: TaskScope) -> QWidget:
        card, row, _ = self._card("danger", "alert", said(problem.what), said(problem.remedy))

        async def retry() -> None:
            ids = () if problem.account_id is None else (problem.account_id,)
            await door.command(SyncAccounts(account_ids=ids, wait=False))

        def dismiss() -> None:
            self._dismissed.add(_key(problem))
            card.hide()
            self._open_cards -= 1
            self.setVisible(self._open_cards > 0)

        if problem.service in {"imap", "pop3"}:
            again = QPushButton(tr("problem.retry"), card)
            again.setProperty("kind", "link")
            again.clicked.connect(lambda: scope.spawn(retry(), name=tr("problem.retry")))
            row.addWidget(again)
        close = QPushButton(tr("problem.dismiss"), card)
        close.setProperty("kind", "link")
        close.clicked.connect(dismiss)
        row.addWidget(close)
        return card

    def _question(self, question: QuestionRow, door: Door, scope: TaskScope) -> QWidget:
        what, *details = question.text.splitlines()
        said_details = "\n".join(said(line) for line in details)
        card, _, texts = self._card("warning", "help", said(what), said_details)
        host = QWidget(card)  # as many lines of buttons as a narrow window needs
        buttons = FlowLayout(host, spacing=8)
        texts.addSpacing(6)
        texts.addWidget(host)

        async def answer(choice: str) -> None:
            await door.command(AnswerQuestion(question_id=question.id, choice=choice))

        for key, label in question.choices:
            button = QPushButton(said(label), host)
            if question.kind.startswith("password-") and key == "later":
                # Whoever wants to give one gives it here; the question goes when it is taken.
                button.setText(tr("problem.give_password"))
                account_id = question.account_id
                button.clicked.connect(
                    lambda _checked=False, it=account_id: self.password_wanted.emit(it)
                )
            else:
                button.clicked.connect(
                    lambda _checked=False, key=key: scope.spawn(answer(key), name=what)
                )
            buttons.addWidget(button)
        return card

    def _card(
        self, kind: str, icon: str, what: str, remedy: str
    ) -> tuple[QFrame, QHBoxLayout, QVBoxLayout]:
        card = QFrame(self._host)
        card.setProperty("kind", kind)
        card.setAccessibleName(f"{what} {remedy}".strip())
        picture = QLabel(card)
        token = "danger" if kind == "danger" else "warning"
        picture.setPixmap(self._theme.picture(icon, token, 20))
        texts = QVBoxLayout()
        texts.setSpacing(1)
        for text, heading in ((what, True), (remedy, False)):
            if text:
                label = QLabel(text, card)
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setWordWrap(True)
                if heading:
                    label.setProperty("kind", "heading")
                texts.addWidget(label)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 9, 10, 9)
        row.setSpacing(12)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        return card, row, texts


def _key(problem: ProblemRow) -> tuple[object, ...]:
    return (problem.account_id, problem.service, problem.what)
