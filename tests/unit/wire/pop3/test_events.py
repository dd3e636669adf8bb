"""Events are values: they compare by content and show no secret."""

from __future__ import annotations

import dataclasses

import pytest

from desktopmail.wire.pop3 import events
from desktopmail.wire.pop3.events import Answered, Closed, Data, Malformed, Received, Responded
from desktopmail.wire.pop3.login import Pass
from desktopmail.wire.pop3.message import Retr
from desktopmail.wire.pop3.reply import ok
from desktopmail.wire.secret import Secret


def test_events_are_frozen_and_compare_by_content() -> None:
    assert Data(Retr(1), b"x", is_last=True) == Data(Retr(1), b"x", is_last=True)
    assert Answered(Retr(1), ok()) != Answered(Retr(2), ok())
    for name in (
        "Answered",
        "Challenged",
        "Closed",
        "Data",
        "Greeted",
        "Malformed",
        "Received",
        "Responded",
    ):
        kind = getattr(events, name)
        assert kind.__dataclass_params__.frozen, name
    with pytest.raises(dataclasses.FrozenInstanceError):
        Closed(is_clean=True).is_clean = False  # type: ignore[misc]


def test_an_event_with_a_password_does_not_print_it() -> None:
    assert "hunter2" not in repr(Received(Pass(Secret("hunter2"))))


def test_a_malformed_line_carries_what_may_be_shown() -> None:
    assert Malformed("no", b"PASS <password>\r\n").shown == b"PASS <password>\r\n"
    assert Responded(None).octets is None
