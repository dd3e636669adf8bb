"""What the list of the outbox says of a message: what is wrong, for whom, and what comes next."""

from __future__ import annotations

import pytest

from desktopmail.cli.outbox import _next, _problem
from desktopmail.cli.output import moment
from desktopmail.door.ids import AccountId, SendingId
from desktopmail.door.rows import RecipientRow, SendingRow, SendingState

_WHEN_S = 1_795_784_305.0


def row(state: SendingState, **more: object) -> SendingRow:
    given: dict[str, object] = {"queued_s": 0.0, "not_before_s": 0.0, "tries": 1, **more}
    return SendingRow(
        id=SendingId(1), account_id=AccountId(1), state=state, subject="", recipients=(), **given
    )  # type: ignore[arg-type] # fields of a row


def test_who_was_refused_is_said_of_a_message_that_others_have() -> None:
    done = row(
        SendingState.DONE,
        results=(
            RecipientRow(address="ben@example.org", state="accepted"),
            RecipientRow(address="no@example.org", state="refused", detail="550 No such user"),
            RecipientRow(address="full@example.org", state="failed"),
        ),
    )
    assert _problem(done) == (
        "refused for no@example.org: 550 No such user; failed for full@example.org"
    )
    assert _problem(row(SendingState.QUEUED, problem="Nobody is there.")) == "Nobody is there."
    assert _problem(row(SendingState.DONE)) == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (row(SendingState.QUEUED, not_before_s=_WHEN_S), moment(_WHEN_S)),
        (row(SendingState.QUEUED, problem="No.", retry_s=_WHEN_S), moment(_WHEN_S)),
        (row(SendingState.QUEUED, problem="No."), "when you say so"),
        (row(SendingState.DONE), ""),
    ],
)
def test_when_something_happens_next_is_said(given: SendingRow, said: str) -> None:
    assert _next(given) == said
