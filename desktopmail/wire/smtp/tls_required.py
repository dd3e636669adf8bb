"""The TLS-Required header field: the sender lets a message travel without TLS (RFC 8689)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

# requiretls-field = "TLS-Required:" [FWS] "No" CRLF        ; RFC 8689 section 3
_NAME = re.compile(rb"(?:\A|\n)tls-required[ \t]*:", re.IGNORECASE)
_FIELD = re.compile(
    rb"(?:\A|\n)tls-required[ \t]*:(?:[ \t]*\r?\n)?[ \t]*no[ \t]*(?=\r?\n(?![ \t])|\Z)",
    re.IGNORECASE,
)
_HEADER_END = re.compile(rb"(?:\A|\n)\r?\n")

NOT_REQUIRED: Final = b"TLS-Required: No\r\n"
"""The field as it is written."""


def is_tls_optional(message: bytes) -> bool:
    """Whether the header of a message asks that no policy for TLS keeps it back.

    A message with REQUIRETLS in its envelope is not asked (section 4.1). Several such fields, which
    section 3 forbids, and one with another value say nothing.

    Args:
        message: The message, or its beginning with the header.
    """
    end = _HEADER_END.search(message)
    header = message if end is None else message[: end.start() + 1]
    return len(_NAME.findall(header)) == 1 and _FIELD.search(header) is not None
