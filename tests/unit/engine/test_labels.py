"""What was done to messages is said in words."""

from __future__ import annotations

from desktopmail.engine.labels import messages, moved


def test_one_message_is_one_and_no_other_number_is() -> None:
    assert [messages(count) for count in (0, 1, 2)] == ["0 messages", "1 message", "2 messages"]


def test_a_move_says_how_many_went_where() -> None:
    assert moved(1, "Work/Old") == "1 message moved to Work/Old"
    assert moved(12, "Trash") == "12 messages moved to Trash"
