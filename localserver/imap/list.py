r"""LIST and LSUB: the tree of mailboxes, with what was selected and is to be told (RFC 5258)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.condition import Condition, Tag
from desktopmail.wire.imap.list import (
    HAS_CHILDREN,
    HAS_NO_CHILDREN,
    NO_SELECT,
    NON_EXISTENT,
    SUBSCRIBED,
    Attribute,
    List,
    ListResponse,
    Lsub,
)
from desktopmail.wire.imap.mailbox import encode_utf7
from desktopmail.wire.imap.octets import is_escape
from localserver.imap import capability
from localserver.imap.status import status_of
from localserver.store import names
from localserver.store.errors import LimitError
from localserver.store.name_pattern import NamePattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localserver.imap.session import ImapSession
    from localserver.store.mailbox import Mailbox

# More than any client asks for at once: each is held against each name.
MAX_PATTERNS: Final = 100
_STEP: Final = 256


@dataclass(frozen=True, slots=True)
class _Tree:
    """All names there are: mailboxes, subscribed names, and the names above them.

    Attributes:
        mailboxes: By name.
        subscribed: Names, also of what is no mailbox any more.
        parents: Names above mailboxes.
        above_subscribed: Names above subscribed ones.
        above_special: Names above mailboxes that have a special use.
    """

    mailboxes: dict[str, Mailbox]
    subscribed: set[str]
    parents: set[str]
    above_subscribed: set[str]
    above_special: set[str]


async def handle_list(session: ImapSession, tag: Tag, command: List) -> None:
    """Tell the mailboxes that match."""
    if not command.is_extended and command.patterns == ("",):
        # RFC 9051 section 6.3.9.1: what divides the levels, and the root of the reference.
        session.send(ListResponse(frozenset({NO_SELECT}), names.DELIMITER, ""))
        session.finish(tag, Condition.OK, "Listed.")
        return
    if len(command.patterns) > MAX_PATTERNS:
        raise LimitError(f"A LIST has at most {MAX_PATTERNS} patterns.")
    tree = _tree(session)
    matches = [_match(command.reference, each) for each in command.patterns]
    for count, name in enumerate(_candidates(tree, command)):
        if count % _STEP == _STEP - 1:
            await asyncio.sleep(0)  # others have their turn
        if not any(match(name) for match in matches):
            continue
        response = _response(session, tree, command, name)
        if response is None:
            continue
        session.send(response)
        mailbox = tree.mailboxes.get(name)
        if command.status and mailbox is not None:
            session.send(status_of(session, mailbox, command.status))
    session.finish(tag, Condition.OK, "Listed.")


def _match(reference: str, pattern: str) -> Callable[[str], bool]:
    """Return what says whether a name matches a pattern.

    Names are compared as people read them: what begins with `&AOQ-*`, an umlaut, is found also
    where another one follows in the same shift (`&AOQA9g-`). Only a pattern that is no modified
    UTF-7, such as `&*` or `&AO*`, means the octets that the names are written with (RFC 3501
    sections 5.1.3 and 6.3.8).
    """
    if not any(map(is_escape, reference + pattern)):
        return NamePattern(reference, pattern).matches
    written = NamePattern(_written(reference), _written(pattern)).matches
    return lambda name: written(_written(name))


def _written(name: str) -> str:
    return encode_utf7(name).decode("latin-1")


def _tree(session: ImapSession) -> _Tree:
    mailboxes = {mailbox.name: mailbox for mailbox in session.account.mailboxes()}
    subscribed = session.account.subscriptions()
    special = [name for name, mailbox in mailboxes.items() if mailbox.special_use]
    return _Tree(mailboxes, subscribed, *map(_above, (mailboxes, subscribed, special)))


def _above(lower: Iterable[str]) -> set[str]:
    return {above for name in lower for above in names.parents(name)}


def _candidates(tree: _Tree, command: List) -> list[str]:
    known = set(tree.mailboxes) | tree.parents
    if "SUBSCRIBED" in command.selection:
        known |= tree.subscribed | tree.above_subscribed
    # INBOX first, as every client shows it.
    return sorted(known, key=lambda name: (name != names.INBOX, name))


def _response(session: ImapSession, tree: _Tree, command: List, name: str) -> ListResponse | None:
    child_info = _child_info(tree, command, name)
    if not _is_selected(tree, command, name) and not child_info:
        return None
    attributes = _attributes(session, tree, command, name)
    return ListResponse(
        frozenset(attributes), names.DELIMITER, name, child_info=tuple(sorted(child_info))
    )


def _is_selected(tree: _Tree, command: List, name: str) -> bool:
    if "SUBSCRIBED" in command.selection and name not in tree.subscribed:
        return False
    if "SPECIAL-USE" in command.selection:
        mailbox = tree.mailboxes.get(name)
        return mailbox is not None and bool(mailbox.special_use)
    # A name above mailboxes that is none itself is listed, so that a client finds the way down.
    return True


def _child_info(tree: _Tree, command: List, name: str) -> set[str]:
    """Return which selection options a mailbox below matches (RFC 5258 section 3.5)."""
    if "RECURSIVEMATCH" not in command.selection:
        return set()
    found = set()
    if "SUBSCRIBED" in command.selection and name in tree.above_subscribed:
        found.add("SUBSCRIBED")
    if "SPECIAL-USE" in command.selection and name in tree.above_special:
        found.add("SPECIAL-USE")
    return found


def _attributes(session: ImapSession, tree: _Tree, command: List, name: str) -> set[Attribute]:
    mailbox = tree.mailboxes.get(name)
    attributes = set()
    if capability.offers(session, "CHILDREN"):
        attributes.add(HAS_CHILDREN if name in tree.parents else HAS_NO_CHILDREN)
    if mailbox is None:
        attributes |= {NON_EXISTENT, NO_SELECT}
    elif mailbox.special_use and capability.offers(session, "SPECIAL-USE"):
        attributes.add(Attribute(mailbox.special_use))
    wants = {"SUBSCRIBED"} & (command.selection | command.returns)
    if wants and name in tree.subscribed:
        attributes.add(SUBSCRIBED)
    return attributes


async def handle_lsub(session: ImapSession, tag: Tag, command: Lsub) -> None:
    r"""Tell the subscribed names, the way of IMAP4rev1.

    A name that is not subscribed is told with \Noselect when `%` stops above one that is (RFC 3501
    section 6.3.9).
    """
    tree = _tree(session)
    match = _match(command.reference, command.pattern)
    for name in _lsub_names(tree, match, command.pattern):
        attributes = set() if name in tree.subscribed else {NO_SELECT}
        session.send(ListResponse(frozenset(attributes), names.DELIMITER, name, lsub=True))
    session.finish(tag, Condition.OK, "Listed.")


def _lsub_names(tree: _Tree, match: Callable[[str], bool], text: str) -> list[str]:
    found = {name for name in tree.subscribed if match(name)}
    if text.endswith("%"):
        found |= {name for name in tree.above_subscribed if match(name)}
    return sorted(found, key=lambda name: (name != names.INBOX, name))
