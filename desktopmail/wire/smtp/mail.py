"""MAIL: a message begins, with its sender and parameters (RFC 5321 section 4.1.1.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.limits import MAX_ENVID_CHARS
from desktopmail.wire.smtp.parameters import (
    CommandError,
    decode_xtext,
    encode_parameters,
    encode_xtext,
    flag,
    parse_parameters,
)
from desktopmail.wire.smtp.path import PATH_ENDS, Mailbox, encode_path, parse_reverse_path
from desktopmail.wire.smtp.reply import reply

if TYPE_CHECKING:
    from typing import Final

# mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
#
# The space after the colon is not in the grammar; widespread clients send it.
_ARGUMENT = re.compile(rf"[Ff][Rr][Oo][Mm]: ?({PATH_ENDS}|[^ ]*+)(?: ++(.*+))?")
_SIZE = re.compile(r"[0-9]{1,20}")  # RFC 1870 section 3


class Body(Enum):
    """What the octets of a message may be (RFC 6152, RFC 3030)."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT = "8BITMIME"
    BINARY = "BINARYMIME"


class Ret(Enum):
    """How much of the message a failure report returns (RFC 3461 section 4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"


@dataclass(frozen=True, slots=True)
class Mail:
    """The MAIL command.

    Attributes:
        sender: Where reports go; None is the null reverse-path, for reports themselves.
        size: Octets of the message, when known (RFC 1870).
        body: What its octets may be; None is 7BIT.
        smtputf8: Addresses or headers are UTF-8 (RFC 6531).
        ret: What failure reports return (RFC 3461).
        envid: Identifier that reports repeat (RFC 3461).
        requiretls: Every hop must use TLS (RFC 8689).
        auth: Who submitted it: an address, or `<>` for nobody known (RFC 4954 section 5).
    """

    sender: Mailbox | None
    size: int | None = None
    body: Body | None = None
    smtputf8: bool = False
    ret: Ret | None = None
    envid: str | None = None
    requiretls: bool = False
    auth: str | None = None

    @property
    def has_parameters(self) -> bool:
        """Whether anything is said beside the sender."""
        return (
            self.size is not None
            or self.body is not None
            or self.smtputf8
            or self.ret is not None
            or self.envid is not None
            or self.requiretls
            or self.auth is not None
        )

    def encode(self) -> str:
        """Return the command line."""
        parameters: dict[str, str | None] = {}
        if self.size is not None:
            parameters["SIZE"] = str(self.size)
        if self.body is not None:
            parameters["BODY"] = self.body.value
        if self.smtputf8:
            parameters["SMTPUTF8"] = None
        if self.ret is not None:
            parameters["RET"] = self.ret.value
        if self.envid is not None:
            parameters["ENVID"] = encode_xtext(self.envid)
        if self.requiretls:
            parameters["REQUIRETLS"] = None
        if self.auth is not None:
            parameters["AUTH"] = encode_xtext(self.auth)
        return f"MAIL FROM:{encode_path(self.sender)}{encode_parameters(parameters)}"


def parse_mail(argument: str) -> Mail:
    """Read the argument.

    Raises:
        CommandError: It is malformed, or has a parameter that we do not know (555).
    """
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise CommandError(reply(501, "Write MAIL FROM:<address>", "5.5.4"))
    try:
        sender = parse_reverse_path(match[1])
    except ValueError as error:
        raise CommandError(reply(501, str(error), "5.1.7")) from error
    if not match[2]:
        return Mail(sender)
    return _with_parameters(sender, parse_parameters(match[2]))


_KNOWN: Final = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "REQUIRETLS", "AUTH"})


def _with_parameters(sender: Mailbox | None, parameters: dict[str, str | None]) -> Mail:
    unknown = parameters.keys() - _KNOWN
    if unknown:
        raise CommandError(reply(555, f"Unknown parameter {min(unknown)}", "5.5.4"))
    try:
        return Mail(
            sender,
            size=_size(parameters["SIZE"]) if "SIZE" in parameters else None,
            body=Body((parameters["BODY"] or "").upper()) if "BODY" in parameters else None,
            smtputf8="SMTPUTF8" in parameters and flag("SMTPUTF8", parameters["SMTPUTF8"]),
            ret=Ret((parameters["RET"] or "").upper()) if "RET" in parameters else None,
            envid=_envid(parameters["ENVID"]) if "ENVID" in parameters else None,
            requiretls="REQUIRETLS" in parameters and flag("REQUIRETLS", parameters["REQUIRETLS"]),
            auth=decode_xtext(parameters["AUTH"] or "+") if "AUTH" in parameters else None,
        )
    except CommandError:
        raise
    except ValueError as error:
        raise CommandError(reply(501, "Malformed value of a MAIL parameter", "5.5.4")) from error


def _size(value: str | None) -> int:
    if value is None or not _SIZE.fullmatch(value):
        raise ValueError("no number")
    return int(value)


def _envid(value: str | None) -> str:
    if not value or len(value) > MAX_ENVID_CHARS:
        raise ValueError("no xtext of at most 100 characters")
    return decode_xtext(value)
