"""APOP: proving that one knows a secret without sending it (RFC 1939 section 7)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.pop3.command import Command, CommandSyntaxError
from desktopmail.wire.pop3.state import AUTHORIZATION

# timestamp = "<" local-part "@" domain ">"        ; RFC 1939 section 7, RFC 822 msg-id
#
# Refusing anything but one plain addr-spec is deliberate: a man in the middle may choose a
# malformed one to mount the MD5 collision attack on APOP (CVE-2007-1558), so it means "no APOP".
# All attacks known need octets outside of printable ASCII.
_TIMESTAMP = re.compile(rb"<[!-;=?A-~]+@[!-;=?A-~]+>")
_HEX_DIGEST = re.compile(rb"[0-9a-f]{32}")


def find_timestamp(line: bytes) -> bytes | None:
    """Return the timestamp of a greeting with its angle brackets, or None for "no APOP".

    A greeting with more than one "<" or ">", or with octets that are not printable ASCII anywhere,
    has none.
    """
    if line.count(b"<") != 1 or line.count(b">") != 1:
        return None
    if any(octet < 0x20 or octet > 0x7E for octet in line):
        return None
    found = _TIMESTAMP.search(line)
    return found[0] if found else None


def make_timestamp(process: int, clock: int, host: str) -> bytes:
    """Make a timestamp for a greeting, in the form of RFC 1939's example.

    Args:
        process: A number that differs between connections of the same moment.
        clock: A number that never comes again, such as nanoseconds since 1970.
        host: Our name; what cannot stand in a msg-id is replaced by "localhost".
    """
    timestamp = b"<%d.%d@%b>" % (process, clock, host.encode("ascii", "replace"))
    if _TIMESTAMP.fullmatch(timestamp):
        return timestamp
    return b"<%d.%d@localhost>" % (process, clock)


def apop_digest(timestamp: bytes, secret: bytes) -> str:
    """Return the 32 lower-case hex digits that APOP sends.

    Args:
        timestamp: With its angle brackets.
        secret: The shared secret, in UTF-8 after SASLprep (RFC 6856 section 2.2).

    Raises:
        LocalProtocolError: It is not a timestamp; computing a digest of it might give the secret
            away.
    """
    if not _TIMESTAMP.fullmatch(timestamp):
        raise LocalProtocolError("the server offered no APOP timestamp")
    return hashlib.md5(timestamp + secret, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Apop(Command[None]):
    """`APOP name digest`.

    Attributes:
        name: The mailbox.
        digest: 32 lower-case hex digits.
    """

    name: str
    digest: str

    keyword = b"APOP"
    states = AUTHORIZATION
    pipelined = False

    @property
    def arguments(self) -> bytes:
        """Name and digest."""
        if not self.name or " " in self.name:
            raise LocalProtocolError("a name with spaces cannot stand in APOP")
        if not _HEX_DIGEST.fullmatch(self.digest.encode()):
            raise LocalProtocolError("an APOP digest is 32 lower-case hex digits")
        return f"{self.name} {self.digest}".encode()

    @property
    def mask(self) -> str:
        """A digest can be attacked offline, so it is as secret as a weak password."""
        return f"{self.name} <digest>"

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read `name digest`; upper-case digits are taken."""
        name, _, digest = arguments.strip(b" ").rpartition(b" ")
        digest = digest.lower()
        if not name or not _HEX_DIGEST.fullmatch(digest):
            raise CommandSyntaxError("APOP takes a name and a digest of 32 hex digits")
        try:
            return cls(name.strip(b" ").decode(), digest.decode())
        except UnicodeDecodeError as broken:
            raise CommandSyntaxError("the name is not UTF-8") from broken

    def proves(self, timestamp: bytes, secret: bytes | None) -> bool:
        """Whether the digest is the one of this secret; None (no such user) costs the same time."""
        expected = apop_digest(timestamp, secret if secret is not None else b"\0 nobody")
        return hmac.compare_digest(expected, self.digest) and secret is not None
