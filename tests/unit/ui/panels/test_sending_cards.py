"""Cards of the outbox."""

from __future__ import annotations

from desktopmail.ui.panels import sending_cards


def test_of_a_thousand_recipients_the_first_are_named() -> None:
    few = tuple(f"p{at}@example.org" for at in range(10))
    many = tuple(f"p{at}@example.org" for at in range(1_000))
    assert sending_cards._people(few) == ", ".join(few)
    assert sending_cards._people(many) == f"{', '.join(many[:6])} and 994 more"
