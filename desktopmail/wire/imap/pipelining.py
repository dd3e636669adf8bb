"""Which command may be sent behind others that are not answered yet."""

# RFC 9051 section 5.5 forbids what would be ambiguous: sequence numbers behind a command during
# which an EXPUNGE may come, and two commands whose answers could not be told apart. What changes
# what the following octets mean is sent alone.

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap import state
from desktopmail.wire.imap.enable import UTF8_SWITCHES, Enable
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import Among, And, Fuzzy, Not, Or
from desktopmail.wire.imap.sequence import SeqSet, UidSet
from desktopmail.wire.imap.sort import Sort
from desktopmail.wire.imap.thread import Thread

if TYPE_CHECKING:
    from collections.abc import Collection

    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.search_key import SearchKey


def may_follow(command: Command, sent: Collection[Command]) -> bool:
    """Whether a command can be sent behind those in flight.

    False means not yet; that it is wrong in this state is for the machine to say.
    """
    if not sent:
        return True
    names = [one.name for one in sent]
    if any(name in state.ALONE for name in names) or command.name in state.ALONE:
        return False
    if command.name in state.ONE_AT_A_TIME and command.name in names:
        return False
    if command.name in state.WAITS_FOR_SELECT and b"SELECT" in names:
        return False
    if any(isinstance(one, Enable) and one.names & UTF8_SWITCHES for one in sent):
        return False  # how names are written depends on its answer
    leaves = any(name in state.LEAVES_MAILBOX for name in names)
    if leaves and state.needs_mailbox(command.name):
        return False
    if not _names_sequence_numbers(command):
        return True
    return all(_keeps_numbers(one) for one in sent)


def _names_sequence_numbers(command: Command) -> bool:
    if isinstance(getattr(command, "numbers", None), SeqSet):
        return True
    return isinstance(command, Search | Sort | Thread) and _has_sequence_numbers(command.key)


def _has_sequence_numbers(key: SearchKey) -> bool:
    pending = [key]
    while pending:
        part = pending.pop()
        if isinstance(part, Among):
            if isinstance(part.numbers, SeqSet) and not part.numbers.saved:
                return True
        elif isinstance(part, And):
            pending += part.keys
        elif isinstance(part, Or):
            pending += [part.one, part.other]
        elif isinstance(part, Not | Fuzzy):
            pending.append(part.key)
    return False


def _keeps_numbers(command: Command) -> bool:
    """Whether the server must not send EXPUNGE while it carries this out."""
    if command.name not in state.KEEPS_NUMBERS:
        return False
    is_uid = isinstance(getattr(command, "numbers", None), UidSet) or getattr(command, "uid", False)
    return not is_uid
