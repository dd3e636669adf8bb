from datetime import UTC, datetime

from localserver.queue.interface import QueueItem


def test_an_item_is_a_value() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    item = QueueItem(1, "a", "", "x@example.org", 5, now, 0, now, "", held=False)
    assert item == QueueItem(1, "a", "", "x@example.org", 5, now, 0, now, "", held=False)
