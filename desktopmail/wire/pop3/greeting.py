"""The line a POP3 server opens with (RFC 1939 section 4, RFC 2449 section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from desktopmail.wire.pop3.apop import apop_digest, find_timestamp
from desktopmail.wire.pop3.reply import Reply

# greeting = "+OK" [resp-code] *gchar [timestamp] *gchar CRLF      ; 512 octets at most
# gchar    = %x21-3B / %x3D-7F                                      ; printable ASCII, excluding "<"


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first line a POP3 server sends.

    Attributes:
        reply: The line as a reply; `-ERR` means that the server does not want us now.
        timestamp: The APOP timestamp with its angle brackets, or None when there is no APOP.
    """

    reply: Reply
    timestamp: bytes | None = None

    @classmethod
    def parse(cls, line: bytes) -> Greeting:
        """Read the line without its CRLF.

        Raises:
            RemoteProtocolError: It is neither +OK nor -ERR.
        """
        reply = Reply.parse(line)
        return cls(reply, find_timestamp(line) if reply.ok else None)

    def encode(self) -> bytes:
        """Return the line with its CRLF; the timestamp stands at its end, unless the text has it.

        Raises:
            LocalProtocolError: It is not one line of at most 512 octets.
        """
        timestamp = (self.timestamp or b"").decode("ascii")
        if timestamp in self.reply.text:
            return self.reply.encode()
        text = f"{self.reply.text} {timestamp}".lstrip()
        return Reply(self.reply.ok, text, self.reply.code).encode()

    def apop_digest(self, secret: bytes) -> str:
        """Return the 32 lower-case hex digits APOP sends (RFC 1939 section 7).

        Raises:
            LocalProtocolError: The server offered no timestamp.
        """
        return apop_digest(self.timestamp or b"", secret)
