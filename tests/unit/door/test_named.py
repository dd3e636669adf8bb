"""The mailboxes that a query names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.named import named_mailboxes, searched_mailboxes
from desktopmail.door.rows import Kind
from desktopmail.door.search import SearchError
from tests.helpers.fake_door import FakeStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from desktopmail.door.ids import MailboxId


def named(query: str) -> list[set[str]]:
    """The mailboxes that each term names, with the first letter of their account."""
    store = two_accounts()
    found = named_mailboxes(query, store.mailboxes(), store.accounts())
    return [called(store, one) for one in found]


def searched(query: str) -> set[str]:
    """The mailboxes of which a query may find something, in the same way."""
    store = two_accounts()
    return called(store, searched_mailboxes(query, store.mailboxes(), store.accounts()))


def two_accounts() -> FakeStore:
    store = FakeStore()
    store.add_account("Alice", "alice@example.org", Kind.POP3)
    store.add_account("Bob", "bob@example.org", Kind.POP3)
    return store


def called(store: FakeStore, mailbox_ids: Collection[MailboxId]) -> set[str]:
    owners = {account.id: account.name[0] for account in store.accounts()}
    return {
        f"{owners[it.account_id]} {it.path}" for it in store.mailboxes() if it.id in mailbox_ids
    }


def test_a_mailbox_is_named_by_its_path_or_its_role_in_any_case() -> None:
    assert named("in:SENT") == [{"A Sent", "B Sent"}]
    assert named("words in:inbox is:unread") == [{"A INBOX", "B INBOX"}]
    assert named("in:nowhere") == [set()]


def test_an_account_is_named_by_its_name_or_its_address() -> None:
    (by_name,), (by_address,) = named("account:bob"), named("account:bob@example.org")
    assert by_name == by_address
    assert {it[0] for it in by_name} == {"B"}
    assert len(by_name) == 6


def test_each_term_names_its_own_wherever_it_stands() -> None:
    assert named("(a in:Sent) OR (b in:Trash)") == [{"A Sent", "B Sent"}, {"A Trash", "B Trash"}]


def test_what_is_left_out_is_not_named() -> None:
    assert named("walk -in:Trash") == []


def test_a_query_that_cannot_be_understood_is_refused() -> None:
    with pytest.raises(SearchError):
        named("(in:Trash")


def test_what_a_query_names_is_all_that_it_searches() -> None:
    every = searched("walk")
    assert len(every) == 12
    assert searched("walk in:inbox") == {"A INBOX", "B INBOX"}
    assert searched("walk in:inbox account:bob") == {"B INBOX"}
    assert searched("(walk in:inbox) OR (run in:sent account:bob)") == {
        "A INBOX", "B INBOX", "B Sent",
    }  # fmt: skip
    assert searched("in:inbox OR walk") == every
    assert searched("in:nowhere") == set()


def test_what_a_query_leaves_out_is_not_searched() -> None:
    assert searched("walk -in:inbox account:alice") == searched("account:alice") - {"A INBOX"}
    assert searched("-(in:inbox OR account:bob)") == searched("account:alice") - {"A INBOX"}
    assert searched("-(in:inbox walk)") == searched("walk")  # what is there without the word
    assert searched("-(-in:inbox)") == searched("in:inbox")
