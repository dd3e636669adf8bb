"""SEARCH: messages that match a key, told at once or saved for later."""

# search         = "SEARCH" [search-return-opts] SP search-program   ; RFC 9051 section 9
# search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.search_key import SearchKey, decode_keys, encode_keys

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


RETURN_OPTIONS: Final = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE"})


@dataclass(frozen=True, slots=True)
class Search:
    """Look for messages.

    Attributes:
        key: What they match.
        uid: Tell UIDs (`UID SEARCH`).
        returns: MIN, MAX, ALL, COUNT, SAVE (ESEARCH, SEARCHRES); () is `RETURN ()`, which means
            ALL; None asks without RETURN.
        charset: Of the strings in the key; None is US-ASCII, or UTF-8 where that is enabled.
    """

    key: SearchKey
    uid: bool = True
    returns: frozenset[str] | None = None
    charset: str | None = None

    name: ClassVar[bytes] = b"SEARCH"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Search:
        """Read what follows the name of the command."""
        cursor.sp()
        returns: frozenset[str] | None = None
        if cursor.octets[cursor.pos : cursor.pos + 8].upper() == b"RETURN (":
            cursor.pos += 7
            returns = decode_returns(cursor)
            cursor.sp()
        charset: str | None = None
        if cursor.octets[cursor.pos : cursor.pos + 8].upper() == b"CHARSET ":
            cursor.pos += 8
            charset = cursor.astring().decode("ascii", "replace").upper()
            cursor.sp()
        return cls(decode_keys(cursor), uid, returns, charset)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"UID SEARCH " if self.uid else b"SEARCH ")
        if self.returns is not None:
            encode_returns(writer, self.returns)
        if self.charset is not None:
            writer.raw(b"CHARSET ")
            writer.astring(self.charset.encode("ascii", "replace"))
            writer.sp()
        encode_keys(writer, self.key)


def decode_returns(cursor: Cursor) -> frozenset[str]:
    """Read return options in their parentheses."""
    options = {word.decode("ascii") for word in cursor.parenthesised(lambda c: c.word())}
    if not options <= RETURN_OPTIONS:
        raise cursor.error("MIN, MAX, ALL, COUNT or SAVE")
    return frozenset(options)


def encode_returns(writer: Writer, options: frozenset[str]) -> None:
    """Write `RETURN (…)` and a space."""
    if not options <= RETURN_OPTIONS:
        raise LocalProtocolError("RETURN takes MIN, MAX, ALL, COUNT and SAVE")
    writer.raw(b"RETURN ")
    writer.words(option.encode("ascii") for option in sorted(options))
    writer.sp()
