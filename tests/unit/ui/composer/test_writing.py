from __future__ import annotations

import pytest

from desktopmail.door.ids import AccountId, PlacementId
from desktopmail.door.rows import Kind
from desktopmail.ui.composer.writing import Placed, Writing
from tests.helpers.fake_door import FakeStore


def test_who_says_nothing_begins_with_an_empty_message_of_the_account_in_view() -> None:
    writing = Writing()
    assert (writing.draft.to, writing.draft.text, writing.recovered) == ((), "", "")
    assert writing.placed == Placed()


@pytest.mark.parametrize(
    ("answers", "forwards", "is_reply"),
    [(None, False, False), (PlacementId(7), False, True), (PlacementId(7), True, False)],
)
def test_a_reply_answers_and_passes_nothing_on(
    answers: PlacementId | None, forwards: bool, is_reply: bool
) -> None:
    assert Placed(answers=answers, forwards=forwards).is_reply is is_reply


def test_the_account_is_the_one_that_was_said_while_it_is_there() -> None:
    store = FakeStore()
    store.add_account("One", "one@example.org", Kind.IMAP)
    second = store.add_account("Two", "two@example.org", Kind.IMAP)
    found = Placed(account_id=second).account_of(store.accounts())
    assert found is not None
    assert found.name == "Two"
    assert Placed(account_id=AccountId(9)).account_of(store.accounts()) is None
    assert Placed().account_of(store.accounts()) is None
