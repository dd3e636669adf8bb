"""CAPA: what a server can do (RFC 2449 sections 5 and 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.limits import POP3_MAX_REPLY_OCTETS
from desktopmail.wire.pop3.command import Command, Follows
from desktopmail.wire.pop3.reply import printable
from desktopmail.wire.pop3.state import BOTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.wire.pop3.reply import Reply

# capability = capa-tag *(SP param) CRLF         ;512 octets maximum
# capa-tag   = 1*cchar
# cchar      = %x21-2D / %x2F-7F                  ;printable ASCII, excluding "."
#
# Servers of old send tags with dots, and tabs; what cannot be read at all is left out, because a
# capability nobody can name does no harm.
_TAG = re.compile(rb"[!-~]+")
_SENDABLE_TAG = re.compile(r"[!-\-/-~]+")
_SENDABLE_WORD = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server announced; tags compare without regard to case.

    Attributes:
        parameters: Tag in upper case to its parameters.
    """

    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, lines: bytes) -> Capabilities:
        """Read the listing; nothing in it is an error."""
        found: dict[str, tuple[str, ...]] = {}
        for line in lines.split(b"\r\n"):
            words = line.split()
            if words and _TAG.fullmatch(words[0]):
                tag = words[0].decode("ascii").upper()
                found[tag] = tuple(printable(word) for word in words[1:])
        return cls(found)

    def encode(self) -> bytes:
        """Write the listing.

        Raises:
            LocalProtocolError: A tag or parameter cannot stand on a line.
        """
        lines = []
        for tag, parameters in self.parameters.items():
            line = " ".join([tag, *parameters])
            sendable = _SENDABLE_TAG.fullmatch(tag) and all(
                map(_SENDABLE_WORD.fullmatch, parameters)
            )
            if not sendable or len(line) + 2 > POP3_MAX_REPLY_OCTETS:
                raise LocalProtocolError(f"{line!r} cannot be a capability")
            lines.append(line.encode() + b"\r\n")
        return b"".join(lines)

    def __contains__(self, tag: object) -> bool:
        return isinstance(tag, str) and tag.upper() in self.parameters

    def __bool__(self) -> bool:
        return bool(self.parameters)

    @property
    def sasl(self) -> tuple[str, ...]:
        """The mechanisms of AUTH, in upper case (section 6.3)."""
        return tuple(name.upper() for name in self.parameters.get("SASL", ()))

    @property
    def login_delay_s(self) -> int | None:
        """Seconds between two logins (section 6.5), or None when nothing is asked for."""
        return _leading_number(self.parameters.get("LOGIN-DELAY", ()))

    @property
    def expire_days(self) -> int | None:
        """Days that messages stay at least; 0: none may be left; None: nothing said, or NEVER."""
        return _leading_number(self.parameters.get("EXPIRE", ()))

    @property
    def never_expires(self) -> bool:
        """The server said that it deletes nothing by itself (`EXPIRE NEVER`, section 6.7)."""
        return self.parameters.get("EXPIRE", ("",))[:1] == ("NEVER",)

    @property
    def differs_per_user(self) -> bool:
        """Whether asking again after the login tells more (`USER` behind EXPIRE or LOGIN-DELAY)."""
        return any(
            "USER" in (word.upper() for word in self.parameters.get(tag, ())[1:])
            for tag in ("EXPIRE", "LOGIN-DELAY")
        )

    @property
    def implementation(self) -> str:
        """What the server calls itself (section 6.9), or ""."""
        return " ".join(self.parameters.get("IMPLEMENTATION", ()))

    @property
    def takes_utf8_names(self) -> bool:
        """Whether USER, PASS and APOP may have UTF-8 (RFC 6856 section 2.2)."""
        return "USER" in (word.upper() for word in self.parameters.get("UTF8", ()))


def _leading_number(words: tuple[str, ...]) -> int | None:
    if words and words[0].isascii() and words[0].isdigit() and len(words[0]) < 10:
        return int(words[0])
    return None


@dataclass(frozen=True, slots=True)
class Capa(Command[Capabilities]):
    """`CAPA`."""

    keyword = b"CAPA"
    states = BOTH

    @property
    def follows(self) -> Follows:
        """The listing."""
        return Follows.LISTING

    def read(self, reply: Reply, lines: bytes) -> Capabilities:
        """Read the listing."""
        del reply
        if b"\0" in lines:
            raise RemoteProtocolError("a NUL stands in the answer to CAPA")
        return Capabilities.parse(lines)
