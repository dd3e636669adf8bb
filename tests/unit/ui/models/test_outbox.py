"""What waits to be sent."""

from __future__ import annotations

from desktopmail.door.ids import AccountId, SendingId
from desktopmail.door.rows import SendingRow, SendingState
from desktopmail.ui.models.outbox import waiting
from tests.helpers.fake_door import FakeStore


def test_all_waits_that_did_not_go_out_also_what_failed() -> None:
    store = FakeStore()
    store.sending_rows = [
        SendingRow(
            id=SendingId(number), account_id=AccountId(1), state=state, subject="",
            recipients=(), queued_s=0, not_before_s=0, tries=0,
        )
        for number, state in enumerate(SendingState)
    ]  # fmt: skip
    states = [row.state for row in waiting(store)]
    assert states == [state for state in SendingState if state is not SendingState.DONE]
