"""AUTH: how SMTP carries a SASL exchange (RFC 4954)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import reply

# auth-command     = "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) [CRLF
# cancel-response] initial-response = base64 / "="
# cancel-response  = "*"
# sasl-mech        = 1*20mech-char ; upper-case letters, digits, hyphens and underscores (RFC 4422)
_ARGUMENT = re.compile(r"([A-Za-z0-9_-]{1,20})(?: +([A-Za-z0-9+/]+={0,2}|=))?")


@dataclass(frozen=True, slots=True)
class Auth:
    """The AUTH command.

    Attributes:
        mechanism: In upper case.
        initial: The initial response, decoded; None when there is none, which differs from empty.
        mask: What a transcript shows in place of the initial response.
    """

    mechanism: str
    initial: bytes | None = field(default=None, repr=False)
    mask: str = "<initial response>"

    def encode(self) -> str:
        """Return the command line without the initial response, which is a secret."""
        return f"AUTH {self.mechanism}"


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """The client's answer to a 334."""

    octets: bytes = field(repr=False)
    mask: str = "<response>"


@dataclass(frozen=True, slots=True)
class AuthCancel:
    """The client's "*"."""


def parse_auth(argument: str) -> Auth:
    """Read the argument.

    Raises:
        CommandError: It is malformed.
    """
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise CommandError(reply(501, "Write AUTH mechanism [initial-response]", "5.5.4"))
    if match[2] is None:
        return Auth(match[1].upper())
    if match[2] == "=":
        return Auth(match[1].upper(), b"")
    return Auth(match[1].upper(), decode_base64(match[2].encode()))


def parse_response(line: bytes) -> AuthResponse | AuthCancel:
    """Read a line of the client inside an exchange.

    Raises:
        CommandError: It is not base64; the exchange is over (section 4).
    """
    return AuthCancel() if line == b"*" else AuthResponse(decode_base64(line))


def decode_base64(octets: bytes) -> bytes:
    """Decode base64 strictly.

    Raises:
        CommandError: 501 5.5.2, as section 4 wants it.
    """
    try:
        return base64.b64decode(octets, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CommandError(reply(501, "Not base64", "5.5.2")) from error
