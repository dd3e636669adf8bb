"""Which noun reads which command, and how a command line begins."""

# command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
# uid     = "UID" SP (copy / move / fetch / search / store / uid-expunge)   ; RFC 9051 section 9

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.append import Append
from desktopmail.wire.imap.authenticate import Authenticate
from desktopmail.wire.imap.capability import Capability
from desktopmail.wire.imap.compress import Compress
from desktopmail.wire.imap.condition import Tag
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.delete import Delete
from desktopmail.wire.imap.enable import Enable
from desktopmail.wire.imap.expunge import Expunge
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.id import Id
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.list import List, Lsub
from desktopmail.wire.imap.login import Login
from desktopmail.wire.imap.logout import Logout
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.namespace import Namespace
from desktopmail.wire.imap.noop import Check, Noop
from desktopmail.wire.imap.quota import GetQuota, GetQuotaRoot, SetQuota
from desktopmail.wire.imap.rename import Rename
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.select import Close, Select, Unselect
from desktopmail.wire.imap.sort import Sort
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.status import Status
from desktopmail.wire.imap.store import Store
from desktopmail.wire.imap.subscribe import Subscribe, Unsubscribe
from desktopmail.wire.imap.thread import Thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.wire.imap.cutter import Unit
    from desktopmail.wire.imap.writer import Writer


class Command(Protocol):
    """What a client may ask for: every command is a frozen value in the file of its noun."""

    name: ClassVar[bytes]

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        ...


# A new extension adds its noun's file, and one line here and in `state.COMMANDS`.
READERS: Final[dict[bytes, Callable[[Cursor], Command]]] = {
    b"APPEND": Append.decode,
    b"AUTHENTICATE": Authenticate.decode,
    b"CAPABILITY": Capability.decode,
    b"CHECK": Check.decode,
    b"CLOSE": Close.decode,
    b"COMPRESS": Compress.decode,
    b"COPY": Copy.decode,
    b"CREATE": Create.decode,
    b"DELETE": Delete.decode,
    b"ENABLE": Enable.decode,
    b"EXAMINE": partial(Select.decode, readonly=True),
    b"EXPUNGE": Expunge.decode,
    b"FETCH": Fetch.decode,
    b"GETQUOTA": GetQuota.decode,
    b"GETQUOTAROOT": GetQuotaRoot.decode,
    b"ID": Id.decode,
    b"IDLE": Idle.decode,
    b"LIST": List.decode,
    b"LOGIN": Login.decode,
    b"LOGOUT": Logout.decode,
    b"LSUB": Lsub.decode,
    b"MOVE": Move.decode,
    b"NAMESPACE": Namespace.decode,
    b"NOOP": Noop.decode,
    b"RENAME": Rename.decode,
    b"SEARCH": Search.decode,
    b"SELECT": Select.decode,
    b"SETQUOTA": SetQuota.decode,
    b"SORT": Sort.decode,
    b"STARTTLS": StartTls.decode,
    b"STATUS": Status.decode,
    b"STORE": Store.decode,
    b"SUBSCRIBE": Subscribe.decode,
    b"THREAD": Thread.decode,
    b"UNSELECT": Unselect.decode,
    b"UNSUBSCRIBE": Unsubscribe.decode,
    b"UID COPY": partial(Copy.decode, uid=True),
    b"UID EXPUNGE": partial(Expunge.decode, uid=True),
    b"UID FETCH": partial(Fetch.decode, uid=True),
    b"UID MOVE": partial(Move.decode, uid=True),
    b"UID SEARCH": partial(Search.decode, uid=True),
    b"UID SORT": partial(Sort.decode, uid=True),
    b"UID STORE": partial(Store.decode, uid=True),
    b"UID THREAD": partial(Thread.decode, uid=True),
}

# Strictly one space between the words (RFC 9051 section 9).
_HEAD = re.compile(
    rb"([^\x00-\x20\x7f-\xff(){%*\"\\+]{1,64}+) ((?>(?:[Uu][Ii][Dd] )?)[A-Za-z]++)(?=[ \r\n]|\Z)"
)
_TAG_ALONE = re.compile(rb"([^\x00-\x20\x7f-\xff(){%*\"\\+]{1,64}+)(?=[ \r\n]|\Z)")


def read_head(octets: bytes) -> tuple[Tag | None, bytes]:
    """Read the tag and the name of a command, as far as they can be read.

    Returns:
        The tag, or None when there is none to answer to; and the name in upper case, or `b""`.
    """
    head = _HEAD.match(octets)
    if head is not None:
        return Tag(head[1].decode("ascii")), head[2].upper()
    alone = _TAG_ALONE.match(octets)
    return (Tag(alone[1].decode("ascii")) if alone else None), b""


def decode_command(unit: Unit, *, utf8: bool = False) -> tuple[Tag, Command]:
    """Read a whole command strictly.

    Raises:
        RemoteProtocolError: It is none.
    """
    head = _HEAD.match(unit.octets)
    if head is None:
        raise RemoteProtocolError("a tag and the name of a command were expected")
    reader = READERS.get(head[2].upper())
    if reader is None:
        raise RemoteProtocolError("there is no such command")
    cursor = Cursor(unit.octets, head.end(), utf8=utf8, aside=unit.aside)
    command = reader(cursor)
    cursor.end()
    return Tag(head[1].decode("ascii")), command
