"""RCPT: one recipient, and what it wants to be told (RFC 5321 section 4.1.1.3, RFC 3461)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.limits import MAX_ORCPT_CHARS
from desktopmail.wire.smtp.parameters import (
    CommandError,
    decode_xtext,
    encode_parameters,
    encode_xtext,
    parse_parameters,
)
from desktopmail.wire.smtp.path import PATH_ENDS, Mailbox, encode_path, parse_forward_path
from desktopmail.wire.smtp.reply import reply

if TYPE_CHECKING:
    from typing import Final

# rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
#        [SP Rcpt-parameters] CRLF
_ARGUMENT = re.compile(rf"[Tt][Oo]: ?({PATH_ENDS}|[^ ]*+)(?: ++(.*+))?")
# orcpt-parameter = "ORCPT=" original-recipient-address ; original-recipient-address =
# addr-type ";" xtext (RFC 3461 section 4.2); utf-8-addr-xtext of RFC 6533 is taken as it is.
_ORCPT = re.compile(r"([A-Za-z0-9-]+);(.+)")


class Notify(Enum):
    """When the sender wants a report (RFC 3461 section 4.1)."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


@dataclass(frozen=True, slots=True)
class OriginalRecipient:
    """The address that the sender first wrote to.

    Attributes:
        kind: `rfc822` or `utf-8`.
        address: Decoded.
    """

    kind: str
    address: str

    def encode(self) -> str:
        """Return the value of the ORCPT parameter."""
        if self.kind.lower() == "utf-8":
            return f"{self.kind};{self.address}"
        return f"{self.kind};{encode_xtext(self.address)}"


@dataclass(frozen=True, slots=True)
class Rcpt:
    """The RCPT command.

    Attributes:
        recipient: Who receives it.
        notify: When to report; None leaves it to the server (failures, perhaps delays).
        orcpt: The original recipient.
    """

    recipient: Mailbox
    notify: frozenset[Notify] | None = None
    orcpt: OriginalRecipient | None = None

    def encode(self) -> str:
        """Return the command line."""
        parameters: dict[str, str | None] = {}
        if self.notify is not None:
            parameters["NOTIFY"] = ",".join(n.value for n in Notify if n in self.notify)
        if self.orcpt is not None:
            parameters["ORCPT"] = self.orcpt.encode()
        return f"RCPT TO:{encode_path(self.recipient)}{encode_parameters(parameters)}"


_KNOWN: Final = frozenset({"NOTIFY", "ORCPT"})


def parse_rcpt(argument: str) -> Rcpt:
    """Read the argument.

    Raises:
        CommandError: It is malformed, or has a parameter that we do not know (555).
    """
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise CommandError(reply(501, "Write RCPT TO:<address>", "5.5.4"))
    try:
        recipient = parse_forward_path(match[1])
    except ValueError as error:
        raise CommandError(reply(501, str(error), "5.1.3")) from error
    if not match[2]:
        return Rcpt(recipient)
    parameters = parse_parameters(match[2])
    unknown = parameters.keys() - _KNOWN
    if unknown:
        raise CommandError(reply(555, f"Unknown parameter {min(unknown)}", "5.5.4"))
    try:
        return Rcpt(
            recipient,
            notify=_notify(parameters["NOTIFY"]) if "NOTIFY" in parameters else None,
            orcpt=_orcpt(parameters["ORCPT"]) if "ORCPT" in parameters else None,
        )
    except ValueError as error:
        raise CommandError(reply(501, "Malformed value of a RCPT parameter", "5.5.4")) from error


def _notify(value: str | None) -> frozenset[Notify]:
    words = (value or "").upper().split(",")
    wanted = frozenset(Notify(word) for word in words)
    if len(wanted) != len(words) or (Notify.NEVER in wanted and len(wanted) > 1):
        raise ValueError("NEVER stands alone, and no word stands twice")
    return wanted


def _orcpt(value: str | None) -> OriginalRecipient:
    match = _ORCPT.fullmatch(value or "")
    if match is None or len(value or "") > MAX_ORCPT_CHARS:
        raise ValueError("no addr-type;xtext of at most 500 characters")
    if match[1].lower() == "utf-8":
        return OriginalRecipient(match[1], match[2])
    return OriginalRecipient(match[1], decode_xtext(match[2]))
