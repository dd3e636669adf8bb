"""`desktopmail search`: here, and at the servers where not all is here; how far is always said."""

from __future__ import annotations

import argparse
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from desktopmail.cli import listing
from desktopmail.cli.errors import UsageError
from desktopmail.cli.output import joined
from desktopmail.door.named import nothing_named, partly_searched, searched_mailboxes
from desktopmail.door.queries import SearchServers, ServerHits
from desktopmail.door.rows import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands
    from desktopmail.door.ids import AccountId, MailboxId
    from desktopmail.door.rows import MailboxRow, MessageRow

_LANGUAGE = """
the search language:
  tulips garden          both words: in subject, people, text, names of files
  "at one"               these words, one behind the other
  tul*                   words that begin so
  -garden                without it; the minus goes before any of these
  tulips OR roses        one of them at least; ( ) around what belongs together
  from:ben to:ben cc:ben subject:lunch body:lunch filename:plan
                         the word there; to: and cc: look at all who got it
  in:archive account:anna@example.org tag:important
                         its mailbox (a name, or inbox, sent, …), account, tag
  is:unread              also: read or seen, flagged or starred, answered,
                         forwarded, draft
  has:attachment
  after:2026-01-31 before:2026-02-28
                         from that day on; before that day
  larger:200k smaller:10M

What holds spaces is put in quotation marks: from:"Ben Okafor". In a shell, the
whole query stands in quotation marks of its own: 'from:"Ben Okafor" is:unread'.
"""
# Marks a word of a query that begins with a dash.
_WORD = "\0"
# What a term of a query names, and the command that lists those.
_LISTED = {"in": ("mailbox", "mailboxes"), "account": ("account", "account list")}
_OPTIONS = frozenset({"-h"})
_WITH_VALUE = frozenset({"--account", "--limit", "--profile"})


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    search = commands.add_parser(
        "search",
        parents=[common],
        help="find messages",
        epilog=_LANGUAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    search.add_argument("query", nargs="+", metavar="QUERY", help='words, from:ben, "a phrase", …')
    search.add_argument(
        "--server",
        action="store_true",
        help="ask the servers too, for mailboxes that are not wholly here",
    )
    listing.add_options(search)
    search.set_defaults(run=_search)


def protect(argv: Sequence[str]) -> list[str]:
    """Mark the words of a query that begin with a dash: `search from:ben -draft`.

    argparse takes each for an option, and has no way to say that they are none.
    """
    words = list(argv)
    if "search" not in words:
        return words
    begin = words.index("search") + 1
    return words[:begin] + [
        _WORD + word
        if word.startswith("-")
        and not word.startswith("--")
        and word not in _OPTIONS
        and before not in _WITH_VALUE
        else word
        for before, word in pairwise(words[begin - 1 :])
    ]


async def _search(context: Context, arguments: argparse.Namespace) -> int:
    query = " ".join(word.removeprefix(_WORD) for word in arguments.query)
    if not query.strip():
        raise UsageError("Say what to search for, as in: desktopmail search from:ben.")
    account = None if arguments.account is None else context.account(arguments.account).id
    boxes = context.reader().mailboxes(account)
    within = () if account is None else tuple(box.id for box in boxes)
    view = View(mailbox_ids=within, query=query)
    hits: ServerHits | None = None
    if arguments.server:
        context.reader().count(view)  # a query that cannot be understood costs no connection
        answer = await (await context.door()).query(SearchServers(query=query, mailbox_ids=within))
        hits = answer if isinstance(answer, ServerHits) else ServerHits()
        view = msgspec.structs.replace(view, also=hits.placement_ids)
    rows, more = listing.read(context, view, arguments.limit)
    if hits is None:
        listing.show(context, rows, boxes, f"Nothing was found for {query}.")
    else:
        _show_both(context, rows, hits, query, boxes)
    if more:
        listing.tell_more(context, arguments.limit)
    _say_unknown(context, query)
    _say_scope(context, boxes, view, hits)
    return 0


def _say_unknown(context: Context, query: str) -> None:
    """Say which mailboxes and accounts of a query there are not: in them nothing is found."""
    for term in nothing_named(query, context.reader().mailboxes(), context.accounts()):
        what, lists = _LISTED[term.name]
        context.output.note(f"There is no {what} {term.text}; `desktopmail {lists}` shows them.")


def _show_both(
    context: Context,
    rows: Sequence[MessageRow],
    hits: ServerHits,
    query: str,
    boxes: Sequence[MailboxRow],
) -> None:
    """What was found here and there as one list, each marked with where."""
    there = set(hits.placement_ids)

    def found(row: MessageRow) -> str:
        return "server" if row.id in there else "here"

    if context.output.as_json:
        context.output.value(
            {
                "messages": [{**listing.plain(row), "found": found(row)} for row in rows],
                "scope": {
                    "here": [box.id for box in boxes],
                    "server": list(hits.asked),
                    "fetched": hits.fetched,
                    "notes": list(hits.notes),
                },
            }
        )
        return
    told = [*listing.columns(context, boxes), ("FOUND", found)]
    context.output.table(rows, told, empty=f"Nothing was found for {query}.")


def _say_scope(
    context: Context,
    boxes: Sequence[MailboxRow],
    view: View,
    hits: ServerHits | None,
) -> None:
    """Say how far the search reached, on standard error: it is no row."""
    searched = searched_mailboxes(view.query, boxes, context.accounts())
    said = f"Searched here in {_mailboxes(len(searched))}"
    if hits is not None:
        at_servers = _places(context, boxes, hits.asked)
        there = f"at the servers in {at_servers}" if at_servers else "at no server"
        context.output.note(f"{said} and {there}.")
        for note in hits.notes:
            context.output.note(note)
        return
    if waiting := context.reader().unindexed():
        context.output.note(f"The words of {_messages(waiting)} are still being indexed.")
    partly = _places(context, boxes, partly_searched(context.reader(), view))
    if not partly:
        context.output.note(f"{said}, of which everything is here.")
        return
    context.output.note(f"{said}; not everything is here of {partly}: --server asks for that too.")


def _places(context: Context, boxes: Sequence[MailboxRow], mailbox_ids: Sequence[MailboxId]) -> str:
    """Mailboxes by name; where they are of several accounts, account by account."""
    wanted = set(mailbox_ids)
    by_account: dict[AccountId, list[str]] = {}
    for box in boxes:
        if box.id in wanted:
            by_account.setdefault(box.account_id, []).append(box.path)
    if len(by_account) < 2:
        return joined(path for paths in by_account.values() for path in paths)
    names = {account.id: account.name for account in context.accounts()}
    return joined(f"{names.get(one, '')} ({', '.join(paths)})" for one, paths in by_account.items())


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


def _mailboxes(count: int) -> str:
    return "1 mailbox" if count == 1 else f"{count} mailboxes"
