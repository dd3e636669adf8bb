"""LOGIN: user and password as they are, for want of SASL (RFC 9051 section 6.2.3)."""

# login = "LOGIN" SP userid SP password                              ; both an astring

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.imap.octets import escaped_octets, escaped_text
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Login:
    """Log in with a password that the server gets to see."""

    user: str
    password: Secret

    name: ClassVar[bytes] = b"LOGIN"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        user = cursor.astring()
        cursor.sp()
        return cls(escaped_text(user), Secret(escaped_text(cursor.astring())))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"LOGIN ")
        writer.astring(escaped_octets(self.user))
        writer.sp()
        writer.astring(escaped_octets(self.password.reveal()), mask="<password>")
