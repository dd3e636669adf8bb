"""SELECT and EXAMINE open a mailbox, CLOSE and UNSELECT leave it; CONDSTORE and QRESYNC resume."""

# select        = "SELECT" SP mailbox [select-params]                ; RFC 9051 section 9, RFC 4466
# examine       = "EXAMINE" SP mailbox [select-params]
# select-params = SP "(" select-param *(SP select-param) ")"
# select-param  = "CONDSTORE"                                        ; RFC 7162 section 7
# select-param  =/ "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids]
#                  [SP seq-match-data] ")"
# seq-match-data = "(" known-sequence-set SP known-uid-set ")"

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.bare import Bare
from desktopmail.wire.imap.flags import Flag, decode_flags, encode_flags
from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class QResync:
    """What a client knows of a mailbox when it comes back to it (RFC 7162 section 3.2.5).

    Attributes:
        uid_validity: The UIDVALIDITY it knew.
        modseq: The HIGHESTMODSEQ it knew.
        known_uids: The UIDs it holds, the only ones that are told of; None means all.
        seq_match: Pairs of sequence numbers and UIDs that shorten the server's answer.
    """

    uid_validity: int
    modseq: int
    known_uids: UidSet | None = None
    seq_match: tuple[SeqSet, UidSet] | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """Open a mailbox.

    Attributes:
        mailbox: Its name.
        readonly: EXAMINE it: nothing can be changed.
        condstore: Have mod-sequences told from now on.
        qresync: What has to be brought up to date; needs `ENABLE QRESYNC` before.
    """

    mailbox: str
    readonly: bool = False
    condstore: bool = False
    qresync: QResync | None = None

    name: ClassVar[bytes] = b"SELECT"

    @classmethod
    def decode(cls, cursor: Cursor, *, readonly: bool = False) -> Select:
        """Read what follows the name of the command."""
        cursor.sp()
        mailbox = read_mailbox(cursor)
        condstore = False
        qresync: QResync | None = None
        if cursor.skip_sp():
            for parameter in cursor.parenthesised(_decode_parameter, empty=False):
                if parameter is None:
                    condstore = True
                else:
                    qresync = parameter
        return cls(mailbox, readonly, condstore, qresync)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"EXAMINE " if self.readonly else b"SELECT ")
        write_mailbox(writer, self.mailbox)
        if not self.condstore and self.qresync is None:
            return
        writer.raw(b" (CONDSTORE" if self.condstore else b" (")
        if self.qresync is not None:
            writer.raw(b" QRESYNC (" if self.condstore else b"QRESYNC (")
            _encode_qresync(writer, self.qresync)
            writer.raw(b")")
        writer.raw(b")")


def _decode_parameter(cursor: Cursor) -> QResync | None:
    name = cursor.word()
    if name == b"CONDSTORE":
        return None
    if name != b"QRESYNC":
        raise cursor.error("CONDSTORE or QRESYNC")
    cursor.sp()
    cursor.expect(b"(")
    uid_validity = cursor.nz_number()
    cursor.sp()
    modseq = cursor.number64()
    known_uids: UidSet | None = None
    seq_match: tuple[SeqSet, UidSet] | None = None
    if cursor.skip_sp():
        if not cursor.peek(b"("):
            known_uids = UidSet.decode(cursor)
            if cursor.skip_sp():
                seq_match = _decode_match(cursor)
        else:
            seq_match = _decode_match(cursor)
    cursor.expect(b")")
    if known_uids is not None and known_uids.is_open:
        raise cursor.error("known UIDs without *")
    return QResync(uid_validity, modseq, known_uids, seq_match)


def _decode_match(cursor: Cursor) -> tuple[SeqSet, UidSet]:
    cursor.expect(b"(")
    numbers = SeqSet.decode(cursor)
    cursor.sp()
    uids = UidSet.decode(cursor)
    cursor.expect(b")")
    if numbers.is_open or uids.is_open or len(numbers) != len(uids):
        raise cursor.error("as many UIDs as sequence numbers, without *")
    return numbers, uids


def _encode_qresync(writer: Writer, qresync: QResync) -> None:
    writer.raw(b"%d %d" % (qresync.uid_validity, qresync.modseq))
    if qresync.known_uids:
        writer.sp()
        qresync.known_uids.encode(writer)
    if qresync.seq_match is not None:
        numbers, uids = qresync.seq_match
        if len(numbers) != len(uids):
            raise LocalProtocolError("QRESYNC pairs as many UIDs as sequence numbers")
        writer.raw(b" (")
        numbers.encode(writer)
        writer.sp()
        uids.encode(writer)
        writer.raw(b")")


class Close(Bare):
    """Leave the mailbox and expunge what is deleted in it. Clients of ours use `Unselect`."""

    __slots__ = ()

    name: ClassVar[bytes] = b"CLOSE"


class Unselect(Bare):
    """Leave the mailbox and change nothing (RFC 3691)."""

    __slots__ = ()

    name: ClassVar[bytes] = b"UNSELECT"


@dataclass(frozen=True, slots=True)
class ExistsResponse:
    """How many messages the mailbox has now."""

    count: int

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"%d EXISTS" % self.count)


@dataclass(frozen=True, slots=True)
class RecentResponse:
    r"""How many messages are `\Recent`, to IMAP4rev1."""

    count: int

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"%d RECENT" % self.count)


@dataclass(frozen=True, slots=True)
class FlagsResponse:
    """The flags that are in use in the mailbox."""

    flags: frozenset[Flag]

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"FLAGS ")
        encode_flags(writer, self.flags)


def decode_flags_response(cursor: Cursor) -> FlagsResponse:
    """Read a response behind its name."""
    cursor.sp()
    return FlagsResponse(decode_flags(cursor))
