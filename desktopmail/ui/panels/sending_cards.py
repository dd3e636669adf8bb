"""Cards of the outbox: where each message is on its way, and what one can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import AnyCommand, CancelSending, RetrySending
from desktopmail.door.rows import UNSURE_SENDING, QuestionRow, SendingRow, SendingState
from desktopmail.ui.language import tr, trn
from desktopmail.ui.panels.card import Card
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from desktopmail.ui.window import MainWindow

_FIRST, _MANY = 6, 10  # of a thousand recipients a line takes 100 ms
_CANCELLABLE = {SendingState.QUEUED, SendingState.CONNECTING, SendingState.FAILED}
_ICONS = {
    SendingState.DONE: ("check", "success"),
    SendingState.ACCEPTED: ("check", "success"),
    SendingState.FAILED: ("alert", "danger"),
    SendingState.UNSURE: ("help", "warning"),
}


def sending_cards(
    window: MainWindow,
    sendings: Sequence[SendingRow],
    questions: Sequence[QuestionRow],
    host: QWidget,
) -> list[Card]:
    """Return a card for each message, the newest first.

    Args:
        window: Whose engine is told what a person wants.
        sendings: The messages, the oldest first.
        questions: All that are asked, those about messages among them.
        host: Where the cards stand.
    """
    asked = {it.subject_id: it for it in questions if it.kind == UNSURE_SENDING}
    return [_card(window, it, asked.get(it.id), host) for it in reversed(sendings)]


def offer_command(window: MainWindow, card: Card, title: str, command: AnyCommand) -> None:
    """Offer on a card to give a command to the engine."""

    async def give() -> None:
        await window.door.command(command)

    card.offer(title, lambda: window.scope.spawn(give(), name=title))


def _card(
    window: MainWindow, sending: SendingRow, question: QuestionRow | None, host: QWidget
) -> Card:
    state = sending.state
    if state is SendingState.UNSURE and not (sending.problem or question):
        state = SendingState.TRANSMITTING  # the reply to the final dot is still to come
    text = f"{tr(f'sending.{state.value}')} · {_people(sending.recipients)}"
    why = question.text if question is not None else sending.problem
    if why:
        text += "".join(f"\n{said(line)}" for line in why.splitlines())
    title = sending.subject or tr("list.no_subject")
    kind = "warning" if question is not None else "card"
    card = Card(window.theme, kind, _ICONS.get(state, ("sent", "accent")), title, text, host)
    if question is not None:
        window.problems.offer_answers(card, question, window.door, window.scope)
    if sending.state is SendingState.FAILED or sending.waits_for_retry:
        offer_command(window, card, tr("problem.retry"), RetrySending(sending_id=sending.id))
    if sending.state in _CANCELLABLE:
        offer_command(window, card, tr("error.cancel"), CancelSending(sending_id=sending.id))
    return card


def _people(addresses: Sequence[str]) -> str:
    """Whom a message goes to: of many the first, and how many more."""
    if len(addresses) <= _MANY:
        return ", ".join(addresses)
    more = trn("compose.more_people", len(addresses) - _FIRST)
    return f"{', '.join(addresses[:_FIRST])} {more}"
