"""A message between the store and a file."""

from __future__ import annotations

from localserver.exchange.value import ExchangedMessage


def test_a_message_has_no_flags_and_no_date_unless_told() -> None:
    message = ExchangedMessage(b"x")
    assert (message.flags, message.internal_date) == (frozenset(), None)
