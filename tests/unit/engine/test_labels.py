"""What was done to messages is said in words."""

from __future__ import annotations

import pytest

from desktopmail.door.rows import Flag
from desktopmail.engine.labels import marked, messages, moved


def test_one_message_is_one_and_no_other_number_is() -> None:
    assert [messages(count) for count in (0, 1, 2)] == ["0 messages", "1 message", "2 messages"]


def test_a_move_says_how_many_went_where() -> None:
    assert moved(1, "Work/Old") == "1 message moved to Work/Old"
    assert moved(12, "Trash") == "12 messages moved to Trash"


@pytest.mark.parametrize(
    ("add", "remove", "add_tags", "remove_tags", "said"),
    [
        (Flag.SEEN, Flag.NONE, (), (), "marked as read"),
        (Flag.NONE, Flag.SEEN, (), (), "marked as unread"),
        (Flag.FLAGGED | Flag.SEEN, Flag.NONE, (), (), "marked as read and flagged"),
        (Flag.FLAGGED, Flag.SEEN, (), (), "marked as unread and flagged"),
        (Flag.ANSWERED, Flag.FLAGGED, (), (), "unflagged and marked as answered"),
        (Flag.NONE, Flag.NONE, ("$label1", "Work"), (), "tagged Important, Work"),
        (Flag.SEEN, Flag.FLAGGED, (), ("Work",),
         "marked as read, unflagged and no longer tagged Work"),
        (Flag.NONE, Flag.NONE, ("Home",), ("Work",), "tagged Home and no longer tagged Work"),
        (Flag.RECEIPT_SENT, Flag.NONE, (), (), "changed"),
    ],
)  # fmt: skip
def test_each_flag_and_tag_that_is_set_or_cleared_is_named(
    add: Flag, remove: Flag, add_tags: tuple[str, ...], remove_tags: tuple[str, ...], said: str
) -> None:
    assert marked(1, add, remove, add_tags, remove_tags) == f"1 message {said}"
    assert marked(2, add, remove, add_tags, remove_tags) == f"2 messages {said}"
