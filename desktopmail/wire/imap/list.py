"""LIST and LSUB: which mailboxes there are, what they are for, and on request how full they are."""

# list             = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
#                                                                     ; RFC 9051 section 9, RFC 5258
# mbox-or-pat      = list-mailbox / patterns
# patterns         = "(" list-mailbox *(SP list-mailbox) ")"
# list-mailbox     = 1*list-char / string
# list-return-opts = "RETURN" SP "(" [list-return-opt *(SP list-return-opt)] ")"
# status-option    = "STATUS" SP "(" status-att *(SP status-att) ")"  ; RFC 5819
# mailbox-list     = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
#                    [SP mbox-list-extended]

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, NewType

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.mailbox import (
    decode_mailbox,
    encode_mailbox,
    read_mailbox,
    write_mailbox,
)
from desktopmail.wire.imap.namespace import decode_delimiter, encode_delimiter
from desktopmail.wire.imap.octets import escaped_octets, escaped_text
from desktopmail.wire.imap.status import StatusItem, decode_items, encode_items

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

Attribute = NewType("Attribute", str)
"""An attribute of a mailbox: `\\Noselect`, `\\Sent`; the known ones in one spelling."""

NON_EXISTENT: Final = Attribute("\\NonExistent")
NO_INFERIORS: Final = Attribute("\\Noinferiors")
NO_SELECT: Final = Attribute("\\Noselect")
HAS_CHILDREN: Final = Attribute("\\HasChildren")
HAS_NO_CHILDREN: Final = Attribute("\\HasNoChildren")
MARKED: Final = Attribute("\\Marked")
UNMARKED: Final = Attribute("\\Unmarked")
SUBSCRIBED: Final = Attribute("\\Subscribed")
REMOTE: Final = Attribute("\\Remote")
# Special uses: RFC 6154, and RFC 8457 for the last one.
ALL: Final = Attribute("\\All")
ARCHIVE: Final = Attribute("\\Archive")
DRAFTS: Final = Attribute("\\Drafts")
FLAGGED: Final = Attribute("\\Flagged")
JUNK: Final = Attribute("\\Junk")
SENT: Final = Attribute("\\Sent")
TRASH: Final = Attribute("\\Trash")
IMPORTANT: Final = Attribute("\\Important")

SPECIAL_USES: Final = frozenset({ALL, ARCHIVE, DRAFTS, FLAGGED, JUNK, SENT, TRASH, IMPORTANT})

_KNOWN: Final = {
    name.lower().encode(): name
    for name in (NON_EXISTENT, NO_INFERIORS, NO_SELECT, HAS_CHILDREN, HAS_NO_CHILDREN, MARKED,
                 UNMARKED, SUBSCRIBED, REMOTE, *SPECIAL_USES)
}  # fmt: skip
_ATTRIBUTE = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]++")
_LENIENT_ATTRIBUTE = re.compile(rb"[^\x00-\x20()\"]++")
# list-char = ATOM-CHAR / list-wildcards / resp-specials
_PATTERN = re.compile(rb"[^\x00-\x20\x7f-\xff(){\"\\]++")
_SELECTION_OPTIONS: Final = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
_RETURN_OPTIONS: Final = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS"})
_OPTION = re.compile(rb"[A-Za-z0-9._-]++")


def decode_attribute(cursor: Cursor) -> Attribute:
    """Read one attribute at the cursor."""
    pattern = _LENIENT_ATTRIBUTE if cursor.lenient else _ATTRIBUTE
    octets = cursor.match(pattern, "an attribute of a mailbox")
    return _KNOWN.get(octets.lower()) or Attribute(escaped_text(octets))


def encode_attributes(writer: Writer, attributes: Iterable[Attribute]) -> None:
    """Write attributes in parentheses.

    Raises:
        LocalProtocolError: One of them is none.
    """
    octets = [escaped_octets(name) for name in sorted(attributes)]
    for name in octets:
        if not _ATTRIBUTE.fullmatch(name):
            raise LocalProtocolError(f"{name!r} cannot be an attribute of a mailbox")
    writer.words(octets)


def _pattern_octets(writer: Writer, pattern: str) -> bytes:
    return encode_mailbox(pattern, utf8=writer.utf8)


def _write_pattern(writer: Writer, pattern: str) -> None:
    octets = _pattern_octets(writer, pattern)
    if _PATTERN.fullmatch(octets):
        writer.raw(octets)
    else:
        writer.string(octets)


def _read_pattern(cursor: Cursor) -> str:
    if cursor.is_string():
        octets = cursor.string()
    else:
        octets = cursor.match(_PATTERN, "a pattern of mailbox names")
    return decode_mailbox(octets, utf8=cursor.utf8)


@dataclass(frozen=True, slots=True)
class List:
    """Ask for mailboxes.

    Attributes:
        reference: What the patterns are below of; `""` for the root.
        patterns: With `*` for anything and `%` for one level. More than one needs LIST-EXTENDED.
        selection: Selection options in upper case: SUBSCRIBED, REMOTE, RECURSIVEMATCH, SPECIAL-USE.
        returns: Return options in upper case: SUBSCRIBED, CHILDREN, SPECIAL-USE, MYRIGHTS.
        status: What STATUS is to tell of each mailbox (LIST-STATUS).
        extended: The extended syntax was used, even if with empty lists.
    """

    reference: str = ""
    patterns: tuple[str, ...] = ("*",)
    selection: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    status: tuple[StatusItem, ...] = ()
    extended: bool = field(default=False, compare=False)

    name: ClassVar[bytes] = b"LIST"

    @property
    def is_extended(self) -> bool:
        """Whether only a server with LIST-EXTENDED understands it."""
        return bool(
            self.extended or self.selection or self.returns or self.status
            or len(self.patterns) != 1
        )  # fmt: skip

    @classmethod
    def decode(cls, cursor: Cursor) -> List:
        """Read what follows the name of the command."""
        cursor.sp()
        selection: list[str] = []
        extended = cursor.peek(b"(")
        if extended:
            selection = cursor.parenthesised(_decode_selection)
            cursor.sp()
        if "RECURSIVEMATCH" in selection and not {"SUBSCRIBED", "SPECIAL-USE"} & {*selection}:
            raise cursor.error("RECURSIVEMATCH only beside another selection")
        reference = read_mailbox(cursor)
        cursor.sp()
        if cursor.peek(b"("):
            extended = True
            patterns = cursor.parenthesised(_read_pattern, empty=False)
        else:
            patterns = [_read_pattern(cursor)]
        returns: list[str] = []
        status: tuple[StatusItem, ...] = ()
        if cursor.skip_sp():
            extended = True
            if cursor.word() != b"RETURN":
                raise cursor.error("RETURN")
            cursor.sp()
            for option, items in cursor.parenthesised(_decode_return):
                if items:
                    status = items
                else:
                    returns.append(option)
        return cls(
            reference, tuple(patterns), frozenset(selection), frozenset(returns), status, extended
        )

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"LIST ")
        if self.selection:
            writer.words(option.encode("ascii") for option in sorted(self.selection))
            writer.sp()
        elif self.extended and not (self.returns or self.status or len(self.patterns) != 1):
            writer.raw(b"() ")
        write_mailbox(writer, self.reference)
        writer.sp()
        if len(self.patterns) == 1:
            _write_pattern(writer, self.patterns[0])
        else:
            writer.raw(b"(")
            for place, pattern in enumerate(self.patterns):
                if place:
                    writer.sp()
                _write_pattern(writer, pattern)
            writer.raw(b")")
        if self.returns or self.status:
            writer.raw(b" RETURN (")
            writer.raw(b" ".join(option.encode("ascii") for option in sorted(self.returns)))
            if self.status:
                writer.raw(b" STATUS " if self.returns else b"STATUS ")
                encode_items(writer, self.status)
            writer.raw(b")")


def _decode_option(cursor: Cursor, known: frozenset[str]) -> str:
    # One that is not recognised is refused (RFC 5258 section 3).
    option = cursor.match(_OPTION, "an option of LIST").decode("ascii").upper()
    if option not in known:
        raise cursor.error("an option of LIST that is known")
    return option


def _decode_selection(cursor: Cursor) -> str:
    return _decode_option(cursor, _SELECTION_OPTIONS)


def _decode_return(cursor: Cursor) -> tuple[str, tuple[StatusItem, ...]]:
    option = _decode_option(cursor, _RETURN_OPTIONS)
    if option == "STATUS":
        cursor.sp()
        return option, decode_items(cursor)
    return option, ()


@dataclass(frozen=True, slots=True)
class Lsub:
    """Ask for subscribed mailboxes, the way of IMAP4rev1."""

    reference: str = ""
    pattern: str = "*"

    name: ClassVar[bytes] = b"LSUB"

    @classmethod
    def decode(cls, cursor: Cursor) -> Lsub:
        """Read what follows the name of the command."""
        cursor.sp()
        reference = read_mailbox(cursor)
        cursor.sp()
        return cls(reference, _read_pattern(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"LSUB ")
        write_mailbox(writer, self.reference)
        writer.sp()
        _write_pattern(writer, self.pattern)


@dataclass(frozen=True, slots=True)
class ListResponse:
    """One mailbox.

    Attributes:
        attributes: What it is and is for.
        delimiter: What divides the levels of its name; None when names are flat.
        mailbox: Its name.
        old_name: The name it had before (OLDNAME), or by which the client called it.
        child_info: Why a parent is told of: selection options that its children match.
        lsub: It answers LSUB.
    """

    attributes: frozenset[Attribute]
    delimiter: str | None
    mailbox: str
    old_name: str | None = None
    child_info: tuple[str, ...] = ()
    lsub: bool = False

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"LSUB " if self.lsub else b"LIST ")
        encode_attributes(writer, self.attributes)
        writer.sp()
        encode_delimiter(writer, self.delimiter)
        writer.sp()
        write_mailbox(writer, self.mailbox)
        if self.old_name is None and not self.child_info:
            return
        writer.raw(b" (")
        if self.child_info:
            writer.raw(b'"CHILDINFO" (')
            for place, name in enumerate(self.child_info):
                if place:
                    writer.sp()
                writer.string(name.encode("ascii", "replace"))
            writer.raw(b")")
        if self.old_name is not None:
            writer.raw(b' "OLDNAME" (' if self.child_info else b'"OLDNAME" (')
            write_mailbox(writer, self.old_name)
            writer.raw(b")")
        writer.raw(b")")


def decode_list(cursor: Cursor, *, lsub: bool = False) -> ListResponse:
    """Read a response behind its name."""
    cursor.sp()
    attributes = frozenset(cursor.parenthesised(decode_attribute))
    cursor.sp()
    delimiter = decode_delimiter(cursor)
    cursor.sp()
    mailbox = read_mailbox(cursor)
    old_name: str | None = None
    child_info: tuple[str, ...] = ()
    if cursor.skip_sp() and cursor.skip(b"("):
        while not cursor.skip(b")"):
            cursor.count()
            item = cursor.astring().upper()
            cursor.sp()
            if item == b"OLDNAME":
                cursor.expect(b"(")
                old_name = read_mailbox(cursor)
                cursor.expect(b")")
            elif item == b"CHILDINFO":
                names = cursor.parenthesised(lambda c: c.astring())
                child_info = tuple(name.decode("ascii", "replace").upper() for name in names)
            else:
                cursor.skip_value()
            cursor.skip_sp()
    return ListResponse(attributes, delimiter, mailbox, old_name, child_info, lsub)
