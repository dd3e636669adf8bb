"""AUTHENTICATE: SASL carried by IMAP, with the first answer in the same line (RFC 4959)."""

# authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)   ; RFC 9051 section 9
# initial-resp = (base64 / "=")

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Self

from desktopmail.wire.imap.condition import decode_base64

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

CANCEL: Final = b"*"
"""The line with which a client gives up an exchange."""

_INITIAL = re.compile(rb"[A-Za-z0-9+/=]++")


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Begin a SASL exchange.

    Attributes:
        mechanism: Its name, in upper case.
        initial: The initial response; None when it is sent on request, `b""` when it is empty.
    """

    mechanism: str
    initial: bytes | None = field(default=None, repr=False)

    name: ClassVar[bytes] = b"AUTHENTICATE"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        mechanism = cursor.word().decode("ascii")
        if not cursor.skip_sp():
            return cls(mechanism)
        return cls(mechanism, decode_base64(cursor.match(_INITIAL, "an initial response")))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"AUTHENTICATE ")
        writer.atom(self.mechanism.encode("ascii", "replace"))
        if self.initial is not None:
            writer.sp()
            writer.secret(b64encode(self.initial) or b"=", "<credentials>")
