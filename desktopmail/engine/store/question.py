"""Decisions that need a person: asked once, kept until they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId, QuestionId
    from desktopmail.engine.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the engine works with it."""

    id: QuestionId
    kind: str
    account_id: AccountId | None
    subject_id: int | None
    choices: tuple[str, ...]


def ask(
    tx: Transaction,
    kind: str,
    text: str,
    choices: tuple[tuple[str, str], ...],
    *,
    account_id: AccountId | None,
    subject_id: int | None,
    asked_s: float,
) -> None:
    """Ask, unless this was asked about the same thing already."""
    tx.execute(
        "INSERT INTO question (kind, account_id, subject_id, text, choices, asked_s)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (kind, account_id, subject_id, text, msgspec.json.encode(choices).decode(), asked_s),
    )
    tx.touch_questions()


def renew(
    tx: Transaction,
    kind: str,
    text: str,
    choices: tuple[tuple[str, str], ...],
    *,
    account_id: AccountId | None,
    subject_id: int,
    asked_s: float,
) -> None:
    """Ask, in the place of what was asked about the same thing before, if that said otherwise."""
    same = tx.fetch(
        "SELECT 1 FROM question WHERE kind = ? AND subject_id = ? AND text = ?",
        (kind, subject_id, text),
    )
    if not same:
        settle(tx, kind, subject_id)
        ask(tx, kind, text, choices, account_id=account_id, subject_id=subject_id, asked_s=asked_s)


def get(tx: Transaction, question_id: QuestionId) -> Question:
    """Return a question.

    Raises:
        DoorError: It was answered already.
    """
    row = tx.fetch_one(
        "SELECT id, kind, account_id, subject_id, choices FROM question WHERE id = ?",
        (question_id,),
    )
    if row is None:
        raise DoorError("This question has been answered already.", code="answered")
    choices = msgspec.json.decode(row[4], type=list[tuple[str, str]])
    return Question(row[0], row[1], row[2], row[3], tuple(key for key, _ in choices))


def stands(tx: Transaction, kind: str, subject_id: int) -> bool:
    """Whether something is asked about a thing."""
    return bool(
        tx.fetch("SELECT 1 FROM question WHERE kind = ? AND subject_id = ?", (kind, subject_id))
    )


def settle(tx: Transaction, kind: str, subject_id: int) -> None:
    """Take a question back: it answered itself."""
    tx.execute("DELETE FROM question WHERE kind = ? AND subject_id = ?", (kind, subject_id))
    if tx.changed_rows():
        tx.touch_questions()
