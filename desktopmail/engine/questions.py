"""What a person's answer to a stored question does, in the step that takes the question away.

No answer needs a connection: one that is given offline counts, and is not asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.ids import SendingId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import UNSURE_SENDING
from desktopmail.engine import outbox, quarantine, trust
from desktopmail.engine.store import question

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.commands import AnswerQuestion
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.question import Question
    from desktopmail.engine.store.store import Transaction


def answer(tx: Transaction, command: AnswerQuestion, now_s: float) -> AccountId | None:
    """Do what was decided, and forget the question.

    Returns:
        The account that goes on with what waited for this answer. None: nothing does. Another one
        waits for its own, as each login with a password that was refused may lock it.

    Raises:
        DoorError: It was answered already, or this is none of its choices.
    """
    asked = question.get(tx, command.question_id)
    if command.choice not in asked.choices:
        raise DoorError(
            f"{command.choice} is not one of the choices: {', '.join(asked.choices)}.",
            code="no-choice",
        )
    tx.execute("DELETE FROM question WHERE id = ?", (asked.id,))
    tx.touch_questions()
    _DECIDES[asked.kind](tx, asked, command.choice, now_s)
    return None if command.choice in trust.LEAVES_IT else asked.account_id


def _sending(tx: Transaction, asked: Question, choice: str, now_s: float) -> None:
    if asked.subject_id is not None:
        outbox.decide(tx, SendingId(asked.subject_id), choice, now_s)


_DECIDES: dict[str, Callable[[Transaction, Question, str, float], None]] = {
    UNSURE_SENDING: _sending,
    quarantine.QUESTION: quarantine.decide,
    **{f"{kind}-{side}": trust.decide for kind in trust.KINDS for side in ("incoming", "outgoing")},
}
