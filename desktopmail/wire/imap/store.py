"""STORE: change the flags of messages, on condition that nobody else did (CONDSTORE)."""

# store           = "STORE" SP sequence-set [store-modifiers] SP store-att-flags   ; RFC 9051, 4466
# store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
# store-modifier  = "UNCHANGEDSINCE" SP mod-sequence-valzer          ; RFC 7162 section 7

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.imap.flags import Flag, decode_flag, decode_flags, encode_flags
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

_WHAT = re.compile(rb"([+-]?)FLAGS(\.SILENT)?(?= )", re.IGNORECASE)
_UNCHANGED = re.compile(rb"\(UNCHANGEDSINCE (?=[0-9])", re.IGNORECASE)


class StoreMode(Enum):
    """What happens with the flags that are named."""

    ADD = b"+"
    REMOVE = b"-"
    REPLACE = b""


@dataclass(frozen=True, slots=True)
class Store:
    """Change flags.

    Attributes:
        numbers: UIDs make it a `UID STORE`.
        mode: Add the flags, remove them, or put them in the place of all others.
        flags: Which.
        silent: Do not tell the new flags.
        unchanged_since: Leave messages with a larger mod-sequence alone and name them (MODIFIED).
    """

    numbers: UidSet | SeqSet
    mode: StoreMode
    flags: frozenset[Flag]
    silent: bool = False
    unchanged_since: int | None = None

    name: ClassVar[bytes] = b"STORE"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Store:
        """Read what follows the name of the command."""
        cursor.sp()
        numbers = (UidSet if uid else SeqSet).decode(cursor)
        cursor.sp()
        unchanged_since: int | None = None
        condition = _UNCHANGED.match(cursor.octets, cursor.pos)
        if condition is not None:
            cursor.pos = condition.end()
            unchanged_since = cursor.number64()
            cursor.expect(b") ")
        what = _WHAT.match(cursor.octets, cursor.pos)
        if what is None:
            raise cursor.error("FLAGS, +FLAGS or -FLAGS")
        cursor.pos = what.end()
        cursor.sp()
        if cursor.peek(b"("):
            flags = decode_flags(cursor)
        else:
            names = [decode_flag(cursor)]
            while cursor.skip_sp():
                cursor.count()
                names.append(decode_flag(cursor))
            flags = frozenset(names)
        return cls(numbers, StoreMode(what[1]), flags, bool(what[2]), unchanged_since)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"UID STORE " if isinstance(self.numbers, UidSet) else b"STORE ")
        self.numbers.encode(writer)
        if self.unchanged_since is not None:
            writer.raw(b" (UNCHANGEDSINCE %d)" % self.unchanged_since)
        writer.raw(b" %bFLAGS%b " % (self.mode.value, b".SILENT" if self.silent else b""))
        encode_flags(writer, self.flags)
