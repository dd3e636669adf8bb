"""What a FETCH may ask of a message, item by item."""

# fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822.SIZE" / "BODY" ["STRUCTURE"] / "UID" /
#             "BODY" [".PEEK"] section [partial] / "BINARY" [".PEEK"] section-binary [partial] /
#             "BINARY.SIZE" section-binary                            ; RFC 9051, RFC 3516
# fetch-att =/ "MODSEQ" / "EMAILID" / "THREADID" / "SAVEDATE" / "PREVIEW" [SP "(" "LAZY" ")"]
#                                                     ; RFC 7162, RFC 8474, RFC 8514, RFC 8970

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.section import (
    WHOLE,
    Partial,
    Section,
    decode_part,
    decode_partial,
    decode_section,
    encode_partial,
    encode_section,
)

if TYPE_CHECKING:
    from desktopmail.wire.imap.writer import Writer


class Item(Enum):
    """An item of a FETCH that is one word."""

    UID = b"UID"
    FLAGS = b"FLAGS"
    MODSEQ = b"MODSEQ"
    INTERNALDATE = b"INTERNALDATE"
    SIZE = b"RFC822.SIZE"
    ENVELOPE = b"ENVELOPE"
    BODY_STRUCTURE = b"BODYSTRUCTURE"
    BODY = b"BODY"
    EMAIL_ID = b"EMAILID"
    THREAD_ID = b"THREADID"
    SAVE_DATE = b"SAVEDATE"
    RFC822 = b"RFC822"
    RFC822_HEADER = b"RFC822.HEADER"
    RFC822_TEXT = b"RFC822.TEXT"


@dataclass(frozen=True, slots=True)
class BodyItem:
    r"""`BODY[section]<partial>`; `peek` leaves `\Seen` alone."""

    section: Section = WHOLE
    partial: Partial | None = None
    peek: bool = True


@dataclass(frozen=True, slots=True)
class BinaryItem:
    """`BINARY[part]<partial>`: a part with its transfer encoding taken off (RFC 3516)."""

    part: tuple[int, ...] = ()
    partial: Partial | None = None
    peek: bool = True


@dataclass(frozen=True, slots=True)
class BinarySizeItem:
    """`BINARY.SIZE[part]`: the octets of a part with its transfer encoding taken off."""

    part: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """`PREVIEW`, the first words of a message (RFC 8970); `lazy` takes only what is at hand."""

    lazy: bool = False


FetchItem: TypeAlias = Item | BodyItem | BinaryItem | BinarySizeItem | PreviewItem

MACROS: Final[dict[bytes, tuple[FetchItem, ...]]] = {
    b"FAST": (Item.FLAGS, Item.INTERNALDATE, Item.SIZE),
    b"ALL": (Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE),
    b"FULL": (Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE, Item.BODY),
}
_ITEMS: Final = {item.value: item for item in Item}
ITEM_NAME = re.compile(rb"[A-Za-z0-9.]++")
# A whole list of items without parentheses inside it; what is longer is seldom asked for twice.
_SIMPLE_ITEMS = re.compile(rb"\([A-Za-z0-9.\[\]<> -]{1,128}+\)")
_SIMPLE_KEPT: Final = 64


def decode_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """Read a macro, one item, or a list of items."""
    if cursor.peek(b"("):
        simple = _SIMPLE_ITEMS.match(cursor.octets, cursor.pos)
        if simple is not None:
            with contextlib.suppress(RemoteProtocolError):  # said below, with its place
                items = _decode_simple(simple[0])
                cursor.pos = simple.end()
                return items
        return tuple(cursor.parenthesised(_decode_item, empty=False))
    found = ITEM_NAME.match(cursor.octets, cursor.pos)
    macro = MACROS.get(found[0].upper()) if found else None
    if found and macro is not None:
        cursor.pos = found.end()
        return macro
    return (_decode_item(cursor),)


@lru_cache(maxsize=_SIMPLE_KEPT)
def _decode_simple(octets: bytes) -> tuple[FetchItem, ...]:
    """Read a list without a literal or a quoted string; clients ask for the same many times."""
    cursor = Cursor(octets)
    return tuple(cursor.parenthesised(_decode_item, empty=False))


def _decode_item(cursor: Cursor) -> FetchItem:
    name = cursor.match(ITEM_NAME, "an item of FETCH").upper()
    peek = name.endswith(b".PEEK")
    if name in {b"BODY", b"BODY.PEEK"} and cursor.peek(b"["):
        section = decode_section(cursor)
        return BodyItem(section, decode_partial(cursor), peek)
    if name in {b"BINARY", b"BINARY.PEEK"}:
        part = decode_part(cursor)
        return BinaryItem(part, decode_partial(cursor), peek)
    if name == b"BINARY.SIZE":
        return BinarySizeItem(decode_part(cursor))
    if name == b"PREVIEW":
        if cursor.peek(b" (LAZY)") or cursor.peek(b" (lazy)"):
            cursor.pos += len(b" (LAZY)")
            return PreviewItem(lazy=True)
        return PreviewItem()
    if name not in _ITEMS:
        raise cursor.error("an item of FETCH")
    return _ITEMS[name]


def encode_item(writer: Writer, item: FetchItem) -> None:
    """Write one item of a FETCH."""
    if isinstance(item, Item):
        writer.raw(item.value)
    elif isinstance(item, BodyItem):
        writer.raw(b"BODY.PEEK" if item.peek else b"BODY")
        encode_section(writer, item.section)
        encode_partial(writer, item.partial)
    elif isinstance(item, BinaryItem):
        writer.raw(b"BINARY.PEEK" if item.peek else b"BINARY")
        encode_section(writer, Section(item.part))
        encode_partial(writer, item.partial)
    elif isinstance(item, BinarySizeItem):
        writer.raw(b"BINARY.SIZE")
        encode_section(writer, Section(item.part))
    else:
        writer.raw(b"PREVIEW (LAZY)" if item.lazy else b"PREVIEW")
