"""The mailboxes that a query names with `in:` and `account:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.search import tree
from desktopmail.door.terms import All, Any, Leaf, Not

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from desktopmail.door.ids import MailboxId
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import AccountRow, MailboxRow, View
    from desktopmail.door.terms import Node, Term

_NAMING = frozenset({"in", "account"})


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


def searched_mailboxes(
    query: str, mailboxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> frozenset[MailboxId]:
    """The mailboxes of which a query may find something, by the names in it; see `named_mailboxes`.

    Raises:
        SearchError: The query cannot be understood.
    """
    asked, namesakes = tree(query), _Names(accounts)
    return frozenset(box.id for box in mailboxes if _may_fit(asked, box, namesakes))


def partly_searched(reader: StoreReader, view: View) -> list[MailboxId]:
    """The mailboxes that are not wholly here, of those of which a query may find something.

    Raises:
        SearchError: The query cannot be understood.
    """
    partly = reader.partly_here(view.mailbox_ids)
    if not partly:
        return []
    searched = searched_mailboxes(view.query, reader.mailboxes(), reader.accounts())
    return [one for one in partly if one in searched]


def nothing_named(
    query: str, mailboxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> list[Term]:
    """The terms that are to name mailboxes, and name none; see `named_mailboxes`."""
    return [term for term, found in _named(query, mailboxes, accounts) if not found]


def _named(
    query: str, mailboxes: Sequence[MailboxRow], accounts: Iterable[AccountRow]
) -> list[tuple[Term, frozenset[MailboxId]]]:
    namesakes = _Names(accounts)
    return [
        (term, frozenset(box.id for box in mailboxes if namesakes.fit(term, box)))
        for term in _wanted(tree(query))
        if term.name in _NAMING
    ]


class _Names:
    """Knows what mailboxes and accounts are called."""

    def __init__(self, accounts: Iterable[AccountRow]) -> None:
        self._owners = {
            account.id: {account.name.casefold(), account.address.casefold()}
            for account in accounts
        }

    def fit(self, term: Term, box: MailboxRow) -> bool:
        """Whether a term names a mailbox."""
        text = term.text.casefold()
        if term.name == "account":
            return text in self._owners.get(box.account_id, ())
        return text in {box.path.casefold(), box.role.value}


def _may_fit(node: Node, box: MailboxRow, names: _Names) -> bool:
    """Whether a query may find a message of a mailbox."""
    if isinstance(node, Leaf):
        return node.term.name not in _NAMING or names.fit(node.term, box)
    if isinstance(node, Not):
        return not _fits_all(node.inner, box, names)
    parts = (_may_fit(part, box, names) for part in node.parts)
    return all(parts) if isinstance(node, All) else any(parts)


def _fits_all(node: Node, box: MailboxRow, names: _Names) -> bool:
    """Whether a query finds every message of a mailbox, by its names alone."""
    if isinstance(node, Leaf):
        return node.term.name in _NAMING and names.fit(node.term, box)
    if isinstance(node, Not):
        return not _may_fit(node.inner, box, names)
    parts = (_fits_all(part, box, names) for part in node.parts)
    return all(parts) if isinstance(node, All) else any(parts)


def _wanted(node: Node) -> Iterator[Term]:
    """The terms of a query, without those of which none is wanted."""
    if isinstance(node, Leaf):
        yield node.term
    elif isinstance(node, All | Any):
        for part in node.parts:
            yield from _wanted(part)
