"""NAMESPACE: where one's own mailboxes are, those of others, and shared ones (RFC 2342)."""

# namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace   ; RFC 9051 section 9
# namespace          = nil / "(" 1*namespace-descr ")"
# namespace-descr    = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil)
#                      [namespace-response-extensions] ")"
# namespace-response-extension = SP string SP "(" string *(SP string) ")"

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.imap.bare import Bare
from desktopmail.wire.imap.mailbox import decode_mailbox, encode_mailbox

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


class Namespace(Bare):
    """Ask for the namespaces."""

    __slots__ = ()

    name: ClassVar[bytes] = b"NAMESPACE"


@dataclass(frozen=True, slots=True)
class NamespaceEntry:
    """One namespace.

    Attributes:
        prefix: What the names in it begin with, delimiter included: `INBOX.`.
        delimiter: What divides the levels of a name; None when names are flat.
        extensions: What an extension adds: (name, values).
    """

    prefix: str = ""
    delimiter: str | None = "/"
    extensions: tuple[tuple[bytes, tuple[bytes, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class NamespaceResponse:
    """The three kinds of namespaces; each may be empty."""

    personal: tuple[NamespaceEntry, ...] = ()
    others: tuple[NamespaceEntry, ...] = ()
    shared: tuple[NamespaceEntry, ...] = ()

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"NAMESPACE")
        for entries in (self.personal, self.others, self.shared):
            if not entries:
                writer.raw(b" NIL")
                continue
            writer.raw(b" (")
            for entry in entries:
                _encode_entry(writer, entry)
            writer.raw(b")")


def encode_delimiter(writer: Writer, delimiter: str | None) -> None:
    """Write the delimiter of a hierarchy, or NIL."""
    writer.nstring(None if delimiter is None else delimiter.encode("ascii", "replace"))


def decode_delimiter(cursor: Cursor) -> str | None:
    """Read the delimiter of a hierarchy, or NIL; Gmail and others also send an empty one."""
    octets = cursor.nstring()
    return octets.decode("latin-1") if octets else None


def _encode_entry(writer: Writer, entry: NamespaceEntry) -> None:
    writer.raw(b"(")
    writer.string(encode_mailbox(entry.prefix, utf8=writer.utf8))
    writer.sp()
    encode_delimiter(writer, entry.delimiter)
    for name, values in entry.extensions:
        writer.sp()
        writer.string(name)
        writer.raw(b" (")
        for place, value in enumerate(values):
            if place:
                writer.sp()
            writer.string(value)
        writer.raw(b")")
    writer.raw(b")")


def _decode_entry(cursor: Cursor) -> NamespaceEntry:
    cursor.expect(b"(")
    # `INBOX` as a prefix without delimiter is no mailbox name, but decodes as one all the same.
    prefix = decode_mailbox(cursor.astring(), utf8=cursor.utf8)
    cursor.sp()
    delimiter = decode_delimiter(cursor)
    extensions: list[tuple[bytes, tuple[bytes, ...]]] = []
    while cursor.skip_sp():
        name = cursor.string()
        cursor.sp()
        values = cursor.parenthesised(lambda c: c.string())
        extensions.append((name, tuple(values)))
    cursor.expect(b")")
    return NamespaceEntry(prefix, delimiter, tuple(extensions))


def _decode_entries(cursor: Cursor) -> tuple[NamespaceEntry, ...]:
    cursor.sp()
    if cursor.nil():
        return ()
    cursor.expect(b"(")
    entries: list[NamespaceEntry] = []
    while not cursor.skip(b")"):
        cursor.count()
        entries.append(_decode_entry(cursor))
        cursor.spaces()
    return tuple(entries)


def decode_namespace(cursor: Cursor) -> NamespaceResponse:
    """Read a response behind its name."""
    return NamespaceResponse(
        _decode_entries(cursor), _decode_entries(cursor), _decode_entries(cursor)
    )
