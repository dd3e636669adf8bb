"""Who is told what changes."""

from __future__ import annotations

from localserver.changes import KINDS, Change, Changes


def test_everybody_is_told_until_they_stop() -> None:
    changes = Changes()
    told: list[Change] = []
    changes.tell("user", name="before")
    stop = changes.on_change(told.append)
    changes.tell("user", name="alice")
    stop()
    changes.tell("user", name="after")
    assert told == [Change("user", {"name": "alice"})]
    assert "user" in KINDS
