"""The mailboxes that a query names with `in:` and `account:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.search import tree
from desktopmail.door.terms import All, Any, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from desktopmail.door.ids import MailboxId
    from desktopmail.door.rows import AccountRow, MailboxRow
    from desktopmail.door.terms import Node, Term


def named_mailboxes(
    query: str, mailboxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> list[frozenset[MailboxId]]:
    """What each term that names mailboxes names; what is to be left out (`-in:`) names none.

    Args:
        query: As it was typed.
        mailboxes: All there are.
        accounts: All there are.

    Raises:
        SearchError: The query cannot be understood.
    """
    return [found for _, found in _named(query, mailboxes, accounts)]


def nothing_named(
    query: str, mailboxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> list[Term]:
    """The terms that are to name mailboxes, and name none; see `named_mailboxes`."""
    return [term for term, found in _named(query, mailboxes, accounts) if not found]


def _named(
    query: str, mailboxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> list[tuple[Term, frozenset[MailboxId]]]:
    owners = {
        account.id: {account.name.casefold(), account.address.casefold()} for account in accounts
    }

    def names(term: Term, box: MailboxRow) -> bool:
        text = term.text.casefold()
        if term.name == "account":
            return text in owners.get(box.account_id, ())
        return text in {box.path.casefold(), box.role.value}

    return [
        (term, frozenset(box.id for box in mailboxes if names(term, box)))
        for term in _wanted(tree(query))
        if term.name in {"in", "account"}
    ]


def _wanted(node: Node) -> Iterator[Term]:
    """The terms of a query, without those of which none is wanted."""
    if isinstance(node, Leaf):
        yield node.term
    elif isinstance(node, All | Any):
        for part in node.parts:
            yield from _wanted(part)
