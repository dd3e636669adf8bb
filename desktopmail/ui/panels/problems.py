"""Cards over the list: what is wrong, why, and the one thing to do; and questions to answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktopmail.door.commands import AnswerQuestion, SetOffline, SyncAccounts
from desktopmail.door.rows import PASSWORDS_LOCKED, ConnectionState
from desktopmail.ui.emptied import empty
from desktopmail.ui.fitting_area import FittingArea
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.panels.card import Card
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from desktopmail.door.ids import AccountId
    from desktopmail.door.interface import Door
    from desktopmail.door.rows import AccountRow, ProblemRow, QuestionRow
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.theme.theme import Theme

_SHOWN = 3
_OF_SERVERS = {"imap", "pop3", "message", "smtp"}


class ProblemCards(FittingArea):
    """Shows the newest problems and all questions; nothing where there are none.

    They take what they need, up to half of the height there is: the rest scrolls.

    Signals:
        password_wanted: Another password is to be given for an account (its id, and
            whether it is that for sending).
        sending_wanted: What waits to go out by an account is to be tried again (its id).
        unlocking_wanted: The passwords are to be unlocked.
    """

    password_wanted = Signal(int, bool)
    sending_wanted = Signal(int)
    unlocking_wanted = Signal()

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
        self._told: object = ((), (), {}, frozenset())
        self._names: dict[AccountId, str] = {}  # of accounts, where there are several
        self._offline: frozenset[AccountId] = frozenset()  # those that a person keeps there
        self._dismissed: set[tuple[object, ...]] = set()
        self._open_cards = 0
        self.hide()

    def show_them(
        self,
        problems: Sequence[ProblemRow],
        questions: Sequence[QuestionRow],
        accounts: Sequence[AccountRow],
        door: Door,
        scope: TaskScope,
    ) -> None:
        """Show what there is now; a button that is being pressed stays where it is."""
        names = {one.id: account_title(one) for one in accounts}
        self._names = names if len(names) > 1 else {}
        self._offline = frozenset(
            one.id for one in accounts if one.state is ConnectionState.OFFLINE
        )
        told = tuple(problems), tuple(questions), self._names, self._offline
        if told == self._told:
            return
        self._told = told
        empty(self._lines)
        self._dismissed &= {_key(problem) for problem in problems}
        shown = [
            problem
            for problem in _locked_once(problems)
            if _key(problem) not in self._dismissed
            and not any(_is_asked_about(problem, question) for question in questions)
        ]
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
        self._lines.insertWidget(0, self._wrong(what, remedy))
        self.show()

    def _wrong(self, what: str, remedy: str) -> Card:
        return Card(self._theme, "danger", ("alert", "danger"), what, remedy, self._host)

    def _problem(self, problem: ProblemRow, door: Door, scope: TaskScope) -> QWidget:
        card = self._wrong(said(problem.what), self._details(problem))

        async def retry() -> None:
            ids = () if problem.account_id is None else (problem.account_id,)
            await door.command(SyncAccounts(account_ids=ids, wait=False))

        async def go_online() -> None:
            await door.command(SetOffline(offline=False))

        def dismiss() -> None:
            self._dismissed.add(_key(problem))
            card.hide()
            self._open_cards -= 1
            self.setVisible(self._open_cards > 0)

        if problem.code == PASSWORDS_LOCKED:
            card.offer(tr("verb.open_vault"), self.unlocking_wanted.emit)
        elif problem.service in _OF_SERVERS and problem.account_id in self._offline:
            name = tr("problem.go_online")
            card.offer(name, lambda: scope.spawn(go_online(), name=name))
        elif problem.service in {"imap", "pop3", "message", "store"}:
            name = tr("problem.retry")
            card.offer(name, lambda: scope.spawn(retry(), name=name))
        elif problem.service == "smtp" and problem.account_id is not None:
            card.offer(tr("problem.retry"), partial(self.sending_wanted.emit, problem.account_id))
        card.offer(tr("problem.dismiss"), dismiss)
        return card

    def _details(self, problem: ProblemRow) -> str:
        """What to do; where several could be meant, behind whose problem it is."""
        if problem.code == PASSWORDS_LOCKED:  # those of all accounts
            return said(problem.remedy)
        whose = [self._names[problem.account_id]] if problem.account_id in self._names else []
        if problem.service == "smtp":
            whose.append(tr("account.outgoing"))
        return " · ".join(filter(None, [*whose, said(problem.remedy)]))

    def _question(self, question: QuestionRow, door: Door, scope: TaskScope) -> QWidget:
        what, *details = question.text.splitlines()
        text = "\n".join(said(line) for line in details)
        card = Card(self._theme, "warning", ("help", "warning"), said(what), text, self._host)
        self.offer_answers(card, question, door, scope)
        return card

    def offer_answers(
        self, card: Card, question: QuestionRow, door: Door, scope: TaskScope
    ) -> None:
        """Offer all answers to a question on a card, here or elsewhere.

        Args:
            card: Where.
            question: What is asked.
            door: Is told the answer.
            scope: Runs that.
        """
        what = question.text.partition("\n")[0]

        async def answer(choice: str) -> None:
            await door.command(AnswerQuestion(question_id=question.id, choice=choice))

        for key, label in question.choices:
            if question.kind.startswith("password-") and key == "later":
                # Whoever wants to give one gives it here; the question goes when it is taken.
                is_outgoing = question.kind.endswith("outgoing")
                give = partial(self.password_wanted.emit, question.account_id, is_outgoing)
                card.offer_choice(tr("problem.give_password"), give)
            else:
                card.offer_choice(said(label), partial(_run, scope, partial(answer, key), what))


def _locked_once(problems: Sequence[ProblemRow]) -> list[ProblemRow]:
    """The problems, without those that only say again that the passwords are locked."""
    locked = [problem for problem in problems if problem.code == PASSWORDS_LOCKED]
    return [problem for problem in problems if problem not in locked[1:]]


def _key(problem: ProblemRow) -> tuple[object, ...]:
    return (problem.account_id, problem.service, problem.what)


def _is_asked_about(problem: ProblemRow, question: QuestionRow) -> bool:
    """Whether the card of the question says what is wrong, and what to do, already."""
    return problem.account_id == question.account_id and question.text.startswith(problem.what)


def _run(scope: TaskScope, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    scope.spawn(work(), name=name)
