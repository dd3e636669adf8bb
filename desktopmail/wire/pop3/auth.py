"""AUTH: a SASL exchange (RFC 5034, and RFC 1734 before it)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.limits import POP3_MAX_COMMAND_OCTETS
from desktopmail.wire.pop3.command import Command, CommandSyntaxError, Follows
from desktopmail.wire.pop3.state import AUTHORIZATION

if TYPE_CHECKING:
    from desktopmail.wire.pop3.reply import Reply

# auth-command     = "AUTH" SP sasl-mech [SP initial-response]
#                    *(CRLF [base64]) [CRLF cancel-response] CRLF        ; RFC 5034 section 5
# initial-response = base64 / "="
# cancel-response  = "*"
# continue-req     = "+" SP [base64] CRLF
# sasl-mech        = 1*20mech-char                                        ; RFC 4422 section 3.1
_MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
CANCEL = b"*"


def decode_base64(octets: bytes) -> bytes:
    """Decode base64, refusing what the RFC says must be refused (section 4).

    Raises:
        ValueError: Octets outside of the alphabet, or "=" anywhere but at the end.
    """
    if not _BASE64.fullmatch(octets):
        raise ValueError("not base64")
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error as broken:
        raise ValueError("not base64") from broken


def encode_base64(octets: bytes) -> bytes:
    """Encode a challenge or a response; nothing becomes an empty line."""
    return base64.b64encode(octets)


@dataclass(frozen=True, slots=True)
class Auth(Command[None]):
    """`AUTH mechanism [initial-response]`.

    Attributes:
        mechanism: In upper case.
        initial: The initial response, not in base64; None for none (which is not an empty one).
        hint: What a transcript shows in its place.
    """

    mechanism: str
    initial: bytes | None = None
    hint: str = "<response>"

    keyword = b"AUTH"
    states = AUTHORIZATION
    pipelined = False

    @property
    def arguments(self) -> bytes:
        """Mechanism and initial response."""
        if not _MECHANISM.fullmatch(self.mechanism):
            raise LocalProtocolError(f"{self.mechanism!r} is not the name of a mechanism")
        if self.initial is None:
            return self.mechanism.encode()
        return self.mechanism.encode() + b" " + (encode_base64(self.initial) or b"=")

    @property
    def mask(self) -> str | None:
        """The initial response is secret, the mechanism is not."""
        return None if self.initial is None else f"{self.mechanism} {self.hint}"

    @property
    def fits(self) -> bool:
        """Whether the line has at most 255 octets, as it must (RFC 5034 section 4)."""
        return len(self.keyword) + 1 + len(self.arguments) + 2 <= POP3_MAX_COMMAND_OCTETS

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read mechanism and initial response."""
        mechanism, _, initial = arguments.strip(b" ").partition(b" ")
        try:
            name = mechanism.decode("ascii").upper()
        except UnicodeDecodeError as broken:
            raise CommandSyntaxError("AUTH takes the name of a mechanism") from broken
        if not _MECHANISM.fullmatch(name):
            raise CommandSyntaxError("AUTH takes the name of a mechanism")
        initial = initial.strip(b" ")
        if not initial:
            return cls(name)
        if initial == b"=":
            return cls(name, b"")
        try:
            return cls(name, decode_base64(initial))
        except ValueError:
            # From None: the error would carry the response.
            raise CommandSyntaxError("the initial response is not base64") from None


@dataclass(frozen=True, slots=True)
class AuthList(Command[tuple[str, ...]]):
    """`AUTH` alone: which mechanisms there are.

    No RFC has it, but servers without CAPA answered it, and fetchmail and mutt ask it. Servers that
    do not know it answer -ERR, which RFC 1734 makes harmless.
    """

    keyword = b"AUTH"
    states = AUTHORIZATION

    @property
    def follows(self) -> Follows:
        """The mechanisms, one a line."""
        return Follows.LISTING

    def read(self, reply: Reply, lines: bytes) -> tuple[str, ...]:
        """Read the mechanisms, in upper case."""
        del reply
        return tuple(lines.decode("ascii", "replace").upper().split())
