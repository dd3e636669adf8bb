"""The table of states."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap import state
from desktopmail.wire.imap.condition import Condition
from desktopmail.wire.imap.state import State, after


@pytest.mark.parametrize(
    ("before", "name", "condition", "expected"),
    [
        # RFC 9051 section 3.
        (State.NOT_AUTHENTICATED, b"LOGIN", Condition.OK, State.AUTHENTICATED),
        (State.NOT_AUTHENTICATED, b"LOGIN", Condition.NO, State.NOT_AUTHENTICATED),
        (State.NOT_AUTHENTICATED, b"AUTHENTICATE", Condition.OK, State.AUTHENTICATED),
        (State.AUTHENTICATED, b"SELECT", Condition.OK, State.SELECTED),
        (State.SELECTED, b"SELECT", Condition.NO, State.AUTHENTICATED),
        (State.SELECTED, b"SELECT", Condition.BAD, State.SELECTED),
        (State.SELECTED, b"CLOSE", Condition.OK, State.AUTHENTICATED),
        (State.SELECTED, b"UNSELECT", Condition.OK, State.AUTHENTICATED),
        (State.SELECTED, b"FETCH", Condition.OK, State.SELECTED),
        (State.SELECTED, b"LOGOUT", Condition.OK, State.LOGOUT),
    ],
)
def test_answers_lead_where_rfc_9051_section_3_says(
    before: State, name: bytes, condition: Condition, expected: State
) -> None:
    assert after(before, name, condition) is expected


def test_nothing_is_allowed_before_the_greeting_and_after_logout() -> None:
    for allowed in state.COMMANDS.values():
        assert not allowed & {State.GREETING, State.LOGOUT}


def test_the_sets_name_commands_that_exist() -> None:
    assert set(state.COMMANDS) >= (
        state.ALONE
        | state.KEEPS_NUMBERS
        | state.ONE_AT_A_TIME
        | state.WAITS_FOR_SELECT
        | state.LEAVES_MAILBOX
        | state.CARRIES_MESSAGES
    )
    assert {name for name, _ in state.TRANSITIONS} <= set(state.COMMANDS)
