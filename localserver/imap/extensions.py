"""Which extensions a command needs: one that is switched off makes its commands unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.append import Append
from desktopmail.wire.imap.authenticate import Authenticate
from desktopmail.wire.imap.compress import Compress
from desktopmail.wire.imap.copy import Copy
from desktopmail.wire.imap.create import Create
from desktopmail.wire.imap.enable import Enable
from desktopmail.wire.imap.expunge import Expunge
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import BinaryItem, BinarySizeItem, Item, PreviewItem
from desktopmail.wire.imap.id import Id
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.list import List
from desktopmail.wire.imap.move import Move
from desktopmail.wire.imap.namespace import Namespace
from desktopmail.wire.imap.quota import GetQuota, GetQuotaRoot, SetQuota
from desktopmail.wire.imap.search import Search
from desktopmail.wire.imap.search_key import Among, And, Dated, Has, Is, ModSeq, Not, Or, Sized
from desktopmail.wire.imap.select import Select, Unselect
from desktopmail.wire.imap.sort import Sort, SortKey
from desktopmail.wire.imap.starttls import StartTls
from desktopmail.wire.imap.status import Status, StatusItem
from desktopmail.wire.imap.store import Store
from desktopmail.wire.imap.thread import Thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from desktopmail.wire.imap.search_key import SearchKey

_COMMANDS: Final[dict[type, str]] = {
    Compress: "COMPRESS=DEFLATE",
    Enable: "ENABLE",
    GetQuota: "QUOTA",
    GetQuotaRoot: "QUOTA",
    Id: "ID",
    Idle: "IDLE",
    Move: "MOVE",
    Namespace: "NAMESPACE",
    SetQuota: "QUOTA",
    Sort: "SORT",
    StartTls: "STARTTLS",
    Unselect: "UNSELECT",
}
_ITEMS: Final[dict[Item | type, str]] = {
    Item.MODSEQ: "CONDSTORE",
    Item.EMAIL_ID: "OBJECTID",
    Item.THREAD_ID: "OBJECTID",
    Item.SAVE_DATE: "SAVEDATE",
    BinaryItem: "BINARY",
    BinarySizeItem: "BINARY",
    PreviewItem: "PREVIEW",
}
_STATUS: Final = {
    StatusItem.SIZE: "STATUS=SIZE",
    StatusItem.HIGHESTMODSEQ: "CONDSTORE",
    StatusItem.MAILBOXID: "OBJECTID",
    StatusItem.APPENDLIMIT: "APPENDLIMIT",
    StatusItem.DELETED_STORAGE: "QUOTA=RES-STORAGE",
}
_KEYS: Final = {
    "EMAILID": "OBJECTID", "THREADID": "OBJECTID", "SAVEDATESUPPORTED": "SAVEDATE",
    "SAVEDBEFORE": "SAVEDATE", "SAVEDON": "SAVEDATE", "SAVEDSINCE": "SAVEDATE",
    "OLDER": "WITHIN", "YOUNGER": "WITHIN",
}  # fmt: skip
_DISPLAYED: Final = frozenset({SortKey.DISPLAYFROM, SortKey.DISPLAYTO})


def needed(command: object) -> Iterator[str]:
    """Return the names of the extensions without which a command is unknown."""
    name = _COMMANDS.get(type(command))
    if name is not None:
        yield name
    match command:
        case Fetch():
            yield from _of_fetch(command)
        case Search() | Sort() | Thread():
            yield from _of_search(command)
            yield from _of_keys(command.key)
        case Status():
            yield from _of_status(command.items)
        case List():
            yield from _of_list(command)
        case Create(special_use=uses) if uses:
            yield "CREATE-SPECIAL-USE"
        case Append() if len(command.messages) > 1:
            yield "MULTIAPPEND"
        case Authenticate() if command.initial is not None:
            yield "SASL-IR"
        case Expunge() if command.uids is not None:
            yield "UIDPLUS"
        case Store() if command.unchanged_since is not None:
            yield "CONDSTORE"
        case Select() if command.qresync is not None:
            yield "QRESYNC"
        case Select() if command.condstore:
            yield "CONDSTORE"
    if isinstance(command, Fetch | Copy | Move | Store) and command.numbers.saved:
        yield "SEARCHRES"


def _of_fetch(command: Fetch) -> Iterator[str]:
    for item in command.items:
        name = _ITEMS.get(item if isinstance(item, Item) else type(item))
        if name is not None:
            yield name
    if command.changed_since is not None:
        yield "CONDSTORE"
    if command.vanished:
        yield "QRESYNC"


def _of_search(command: Search | Sort | Thread) -> Iterator[str]:
    if isinstance(command, Thread):
        yield f"THREAD={command.algorithm}"
        return
    if command.returns is not None:
        yield "ESEARCH" if isinstance(command, Search) else "ESORT"
        if "SAVE" in command.returns:
            yield "SEARCHRES"
    if isinstance(command, Sort) and any(by.key in _DISPLAYED for by in command.order):
        yield "SORT=DISPLAY"


def _of_keys(key: SearchKey) -> Iterator[str]:
    pending = [key]
    while pending:
        match pending.pop():
            case And(keys):
                pending += keys
            case Or(one, other):
                pending += (one, other)
            case Not(inner):
                pending.append(inner)
            case ModSeq():
                yield "CONDSTORE"
            case Among(numbers) if numbers.saved:
                yield "SEARCHRES"
            case Is(word) | Has(word) | Dated(word) | Sized(word):
                name = _KEYS.get(word)
                if name is not None:
                    yield name
            case _:  # as old as SEARCH
                pass


def _of_status(items: Iterable[StatusItem]) -> Iterator[str]:
    return (_STATUS[item] for item in items if item in _STATUS)


def _of_list(command: List) -> Iterator[str]:
    if command.is_extended:
        yield "LIST-EXTENDED"
    if "SPECIAL-USE" in command.selection | command.returns:
        yield "SPECIAL-USE"
    if command.status:
        yield "LIST-STATUS"
        yield from _of_status(command.status)
