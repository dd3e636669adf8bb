"""Response codes: the part between brackets in which a status response speaks to programs."""

# resp-text      = ["[" resp-text-code "]" SP] [text]                ; RFC 9051 section 9
# resp-text-code = "ALERT" / … / atom [SP 1*<any TEXT-CHAR except "]">]
#
# Further codes: RFC 5530, 4315 (UIDPLUS), 7162 (CONDSTORE, QRESYNC), 5182, 3516, 6154, 8474, 9208,
# 4978 (COMPRESSIONACTIVE), 7889, 2193 (REFERRAL).

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.flags import Flag, decode_flags, encode_flags
from desktopmail.wire.imap.sequence import (
    Range,
    Seq,
    SeqSet,
    Uid,
    UidSet,
    read_ranges,
    runs,
    write_ranges,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


class Code(Enum):
    """The codes without data."""

    ALERT = b"ALERT"
    PARSE = b"PARSE"
    READ_ONLY = b"READ-ONLY"
    READ_WRITE = b"READ-WRITE"
    TRYCREATE = b"TRYCREATE"
    UIDNOTSTICKY = b"UIDNOTSTICKY"
    CLOSED = b"CLOSED"
    NOMODSEQ = b"NOMODSEQ"
    UNKNOWN_CTE = b"UNKNOWN-CTE"
    NOTSAVED = b"NOTSAVED"
    HASCHILDREN = b"HASCHILDREN"
    USEATTR = b"USEATTR"
    TOOBIG = b"TOOBIG"
    COMPRESSIONACTIVE = b"COMPRESSIONACTIVE"
    OVERQUOTA = b"OVERQUOTA"
    # RFC 5530
    UNAVAILABLE = b"UNAVAILABLE"
    AUTHENTICATIONFAILED = b"AUTHENTICATIONFAILED"
    AUTHORIZATIONFAILED = b"AUTHORIZATIONFAILED"
    EXPIRED = b"EXPIRED"
    PRIVACYREQUIRED = b"PRIVACYREQUIRED"
    CONTACTADMIN = b"CONTACTADMIN"
    NOPERM = b"NOPERM"
    INUSE = b"INUSE"
    EXPUNGEISSUED = b"EXPUNGEISSUED"
    CORRUPTION = b"CORRUPTION"
    SERVERBUG = b"SERVERBUG"
    CLIENTBUG = b"CLIENTBUG"
    CANNOT = b"CANNOT"
    LIMIT = b"LIMIT"
    ALREADYEXISTS = b"ALREADYEXISTS"
    NONEXISTENT = b"NONEXISTENT"


@dataclass(frozen=True, slots=True)
class CapabilityCode:
    """`CAPABILITY …`: what the server offers in the state that is reached."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class PermanentFlags:
    r"""`PERMANENTFLAGS (…)`: flags that can be kept; `\*` among them lets a client make more."""

    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class UidValidity:
    """`UIDVALIDITY n`."""

    value: int


@dataclass(frozen=True, slots=True)
class UidNext:
    """`UIDNEXT n`."""

    value: Uid


@dataclass(frozen=True, slots=True)
class Unseen:
    r"""`UNSEEN n` of IMAP4rev1: the first message without `\Seen`."""

    value: Seq


@dataclass(frozen=True, slots=True)
class HighestModSeq:
    """`HIGHESTMODSEQ n` (RFC 7162)."""

    value: int


@dataclass(frozen=True, slots=True)
class Modified:
    """`MODIFIED set`: messages a conditional STORE left alone (RFC 7162)."""

    numbers: UidSet | SeqSet


@dataclass(frozen=True, slots=True)
class AppendUid:
    """`APPENDUID uidvalidity uids`: what an APPEND made (RFC 4315, RFC 9051)."""

    uid_validity: int
    uids: UidSet


@dataclass(frozen=True, slots=True)
class CopyUid:
    """`COPYUID uidvalidity source destination` (RFC 4315, RFC 9051).

    The sets are kept in the order they were sent in, because that order pairs them.
    """

    uid_validity: int
    source: tuple[Range, ...]
    destination: tuple[Range, ...]

    @classmethod
    def of(cls, uid_validity: int, pairs: list[tuple[Uid, Uid]]) -> CopyUid:
        """Make the code of (source, destination) pairs, which are put in ascending order."""
        ordered = sorted(pairs)
        return cls(
            uid_validity,
            tuple(runs([source for source, _ in ordered])),
            tuple(runs([destination for _, destination in ordered])),
        )

    def pairs(self) -> Iterator[tuple[Uid, Uid]]:
        """Iterate over (source, destination).

        Raises:
            RemoteProtocolError: The two sets are not equally large.
        """
        sizes = [sum(high - low + 1 for low, high in part) for part in
                 (self.source, self.destination)]  # fmt: skip
        if sizes[0] != sizes[1]:
            raise RemoteProtocolError("COPYUID names more messages on one side than on the other")
        return zip(_numbers(self.source), _numbers(self.destination), strict=True)


def _numbers(ranges: tuple[Range, ...]) -> Iterator[Uid]:
    return (Uid(number) for low, high in ranges for number in range(low, high + 1))


@dataclass(frozen=True, slots=True)
class BadCharset:
    """`BADCHARSET (…)`: the charsets a SEARCH may use."""

    charsets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailboxId:
    """`MAILBOXID (…)` (RFC 8474)."""

    value: str


@dataclass(frozen=True, slots=True)
class OtherCode:
    """A code that we do not know, with what follows it."""

    name: bytes
    rest: bytes = b""


ResponseCode: TypeAlias = (
    Code | CapabilityCode | PermanentFlags | UidValidity | UidNext | Unseen | HighestModSeq
    | Modified | AppendUid | CopyUid | BadCharset | MailboxId | OtherCode
)  # fmt: skip

_BARE: Final = {code.value: code for code in Code}


def _capability(cursor: Cursor) -> CapabilityCode:
    names = []
    while cursor.skip_sp() and not cursor.peek(b"]"):
        names.append(cursor.atom().decode("ascii"))
    return CapabilityCode(frozenset(name.upper() for name in names))


def _permanent_flags(cursor: Cursor) -> PermanentFlags:
    cursor.sp()
    return PermanentFlags(decode_flags(cursor))


def _uid_validity(cursor: Cursor) -> UidValidity:
    cursor.sp()
    return UidValidity(cursor.number())


def _uid_next(cursor: Cursor) -> UidNext:
    cursor.sp()
    return UidNext(Uid(cursor.number()))


def _unseen(cursor: Cursor) -> Unseen:
    cursor.sp()
    return Unseen(Seq(cursor.number()))


def _highest_modseq(cursor: Cursor) -> HighestModSeq:
    cursor.sp()
    return HighestModSeq(cursor.number64())


def _modified(cursor: Cursor) -> Modified:
    # Whether these are UIDs depends on the command; the machine that knows it calls `of_uids`.
    cursor.sp()
    return Modified(SeqSet.parse(cursor.atom()))


def of_uids(code: ResponseCode | None) -> ResponseCode | None:
    """Return the code as the answer to a UID command: the numbers of MODIFIED are UIDs then."""
    if isinstance(code, Modified):
        return Modified(UidSet(code.numbers.ranges, code.numbers.saved))
    return code


def _append_uid(cursor: Cursor) -> AppendUid:
    cursor.sp()
    uid_validity = cursor.number()
    cursor.sp()
    return AppendUid(uid_validity, UidSet.parse(cursor.atom()))


def _copy_uid(cursor: Cursor) -> CopyUid:
    cursor.sp()
    uid_validity = cursor.number()
    cursor.sp()
    source = read_ranges(cursor.atom())
    cursor.sp()
    return CopyUid(uid_validity, source, read_ranges(cursor.atom()))


def _bad_charset(cursor: Cursor) -> BadCharset:
    if not cursor.skip_sp():
        return BadCharset()
    names = cursor.parenthesised(lambda c: c.astring())
    return BadCharset(tuple(name.decode("ascii", "replace") for name in names))


def _mailbox_id(cursor: Cursor) -> MailboxId:
    cursor.sp()
    cursor.expect(b"(")
    value = cursor.astring()
    cursor.expect(b")")
    return MailboxId(value.decode("ascii", "replace"))


_READERS: Final[dict[bytes, Callable[[Cursor], ResponseCode]]] = {
    b"CAPABILITY": _capability,
    b"PERMANENTFLAGS": _permanent_flags,
    b"UIDVALIDITY": _uid_validity,
    b"UIDNEXT": _uid_next,
    b"UNSEEN": _unseen,
    b"HIGHESTMODSEQ": _highest_modseq,
    b"MODIFIED": _modified,
    b"APPENDUID": _append_uid,
    b"COPYUID": _copy_uid,
    b"BADCHARSET": _bad_charset,
    b"MAILBOXID": _mailbox_id,
}


def decode_code(cursor: Cursor) -> ResponseCode | None:
    """Read a response code with its brackets, or None when none is next.

    A code whose data cannot be read is an `OtherCode`: a status response stands for itself.
    """
    start = cursor.pos
    if not cursor.skip(b"["):
        return None
    try:
        name = cursor.word()
    except RemoteProtocolError:
        # `* OK [] hello` and texts that only look like a code.
        cursor.pos = start
        return None
    reader = _READERS.get(name)
    try:
        code = reader(cursor) if reader else _BARE.get(name)
        cursor.spaces()
        if code is not None and cursor.skip(b"]"):
            return code
    except RemoteProtocolError:
        code = None
    return _decode_other(cursor, start, name)


def _decode_other(cursor: Cursor, start: int, name: bytes) -> ResponseCode | None:
    end = cursor.octets.find(b"]", start)
    if end < 0:
        cursor.pos = start
        return None
    cursor.pos = end + 1
    rest = cursor.octets[start + 1 + len(name) : end].strip(b" ")
    return OtherCode(name, rest)


def encode_code(writer: Writer, code: ResponseCode) -> None:
    """Write a response code with its brackets."""
    writer.raw(b"[")
    match code:
        case Code():
            writer.raw(code.value)
        case CapabilityCode(names):
            writer.raw(b"CAPABILITY")
            for name in ordered_capabilities(names):
                writer.sp()
                writer.atom(name.encode("ascii"))
        case PermanentFlags(flags):
            writer.raw(b"PERMANENTFLAGS ")
            encode_flags(writer, flags)
        case UidValidity(value):
            writer.raw(b"UIDVALIDITY %d" % value)
        case UidNext(value):
            writer.raw(b"UIDNEXT %d" % value)
        case Unseen(value):
            writer.raw(b"UNSEEN %d" % value)
        case HighestModSeq(value):
            writer.raw(b"HIGHESTMODSEQ %d" % value)
        case Modified(numbers):
            writer.raw(b"MODIFIED ")
            numbers.encode(writer)
        case AppendUid(uid_validity, uids):
            writer.raw(b"APPENDUID %d " % uid_validity)
            uids.encode(writer)
        case CopyUid(uid_validity, source, destination):
            writer.raw(b"COPYUID %d " % uid_validity)
            writer.raw(write_ranges(source) + b" " + write_ranges(destination))
        case BadCharset(charsets):
            writer.raw(b"BADCHARSET")
            if charsets:
                writer.raw(b" ")
                writer.words(charset.encode("ascii", "replace") for charset in charsets)
        case MailboxId(value):
            writer.raw(b"MAILBOXID (")
            writer.atom(value.encode("ascii", "replace"))
            writer.raw(b")")
        case OtherCode(name, rest):
            writer.atom(name)
            if rest:
                writer.raw(b" " + rest.replace(b"]", b""))
    writer.raw(b"]")


_FIRST: Final = ("IMAP4", "IMAP4rev1", "IMAP4rev2")


def ordered_capabilities(names: frozenset[str]) -> list[str]:
    """Put capabilities in the order they are sent in: the protocol first (RFC 9051 section 9)."""
    canonical = {first.upper(): first for first in _FIRST}
    written = [canonical.get(name.upper(), name) for name in names]
    return sorted(written, key=lambda name: (name not in _FIRST, name))
