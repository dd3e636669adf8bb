"""EXPUNGE removes what is deleted; EXPUNGE and VANISHED responses tell what is gone."""

# uid-expunge       = "EXPUNGE" SP sequence-set                      ; behind "UID", RFC 4315
# message-data      = nz-number SP "EXPUNGE"                         ; RFC 9051 section 9
# expunged-resp     = "VANISHED" [SP "(EARLIER)"] SP known-uids      ; RFC 7162 section 7

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.imap.sequence import Seq, UidSet

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Expunge:
    r"""Remove the messages marked `\Deleted`: all of them, or those among `uids` (UIDPLUS)."""

    uids: UidSet | None = None

    name: ClassVar[bytes] = b"EXPUNGE"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Expunge:
        """Read what follows the name of the command."""
        if not uid:
            return cls()
        cursor.sp()
        return cls(UidSet.decode(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        if self.uids is None:
            writer.raw(b"EXPUNGE")
            return
        writer.raw(b"UID EXPUNGE ")
        self.uids.encode(writer)


@dataclass(frozen=True, slots=True)
class ExpungeResponse:
    """A message is gone, and every later sequence number is one less."""

    seq: Seq

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"%d EXPUNGE" % self.seq)


@dataclass(frozen=True, slots=True)
class VanishedResponse:
    """Messages are gone (QRESYNC).

    Attributes:
        uids: Theirs; UIDs that never existed may be among them.
        earlier: They went before, and sequence numbers do not change by this.
    """

    uids: UidSet
    earlier: bool = False

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"VANISHED (EARLIER) " if self.earlier else b"VANISHED ")
        self.uids.encode(writer)


def decode_vanished(cursor: Cursor) -> VanishedResponse:
    """Read a response behind its name."""
    cursor.sp()
    earlier = cursor.octets[cursor.pos : cursor.pos + 9].upper() == b"(EARLIER)"
    if earlier:
        cursor.pos += 9
        cursor.sp()
    uids = UidSet.decode(cursor)
    if uids.is_open:
        raise cursor.error("UIDs without *")
    return VanishedResponse(uids, earlier)
