"""The names by which rows of several mailboxes say where they stand."""

from __future__ import annotations

import msgspec

from desktopmail.door.rows import Kind, MailboxRow, Role, View
from desktopmail.ui.models.standing import Standing, distinct_names, standing
from tests.helpers.fake_door import FakeStore


def two_accounts() -> FakeStore:
    store = FakeStore()
    store.add_account("Alice", "alice@example.org", Kind.IMAP)
    store.add_account("Bob", "bob@example.org", Kind.POP3)
    return store


def names(store: FakeStore, boxes: list[MailboxRow]) -> list[str]:
    return [it.text for it in distinct_names(boxes, store.accounts()).values()]


def test_a_mailbox_is_called_as_in_the_tree_where_no_other_is() -> None:
    store = two_accounts()
    assert names(store, [store.box(Role.INBOX), store.box(Role.SENT)]) == ["Inbox", "Sent"]


def test_mailboxes_of_one_name_say_whose_they_are() -> None:
    store = two_accounts()
    inboxes = [store.box(Role.INBOX, 1), store.box(Role.INBOX, 2)]
    assert names(store, inboxes) == ["Alice", "Bob"]
    sent = store.box(Role.SENT, 1)
    assert names(store, [*inboxes, sent]) == ["Inbox · Alice", "Inbox · Bob", "Sent"]


def test_mailboxes_of_one_name_in_one_account_say_what_they_stand_in() -> None:
    store = two_accounts()
    first, second = (
        msgspec.structs.replace(store.box(Role.NONE), id=number, name="2026", path=f"{above}/2026")
        for number, above in ((90, "Bills"), (91, "Letters"))
    )
    assert names(store, [first, second]) == ["Bills/2026", "Letters/2026"]


def test_a_mailbox_and_the_joined_inboxes_say_nothing_in_their_rows() -> None:
    store = two_accounts()
    inbox, other = store.box(Role.INBOX, 1).id, store.box(Role.INBOX, 2).id
    assert standing(store, View(mailbox_ids=(inbox,))) == {}
    assert standing(store, View(mailbox_ids=(inbox, other))) == {}
    assert standing(store, View(mailbox_ids=(inbox,), query="walk")) == {}


def test_what_looks_into_several_mailboxes_says_which() -> None:
    store = two_accounts()
    inbox, other = store.box(Role.INBOX, 1).id, store.box(Role.INBOX, 2).id
    assert standing(store, View(mailbox_ids=(inbox, other), query="walk")) == {
        inbox: Standing("Alice"), other: Standing("Bob"),
    }  # fmt: skip
    assert standing(store, View(flagged_only=True))[inbox] == Standing("Inbox", "Alice")
