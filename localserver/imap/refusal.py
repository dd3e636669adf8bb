"""What the errors of the store are in IMAP: a response code and a sentence (RFC 5530, RFC 9051)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.codes import Code
from localserver.store.errors import (
    CannotError,
    DamagedError,
    DiskFullError,
    InUseError,
    InvalidNameError,
    LimitError,
    MailboxExistsError,
    NoSuchMailboxError,
    OverQuotaError,
    StoreError,
)

if TYPE_CHECKING:
    from desktopmail.wire.imap.codes import ResponseCode

_CODES: Final[dict[type[StoreError], Code]] = {
    NoSuchMailboxError: Code.NONEXISTENT,
    MailboxExistsError: Code.ALREADYEXISTS,
    InvalidNameError: Code.CANNOT,
    CannotError: Code.CANNOT,
    OverQuotaError: Code.OVERQUOTA,
    DiskFullError: Code.OVERQUOTA,
    LimitError: Code.LIMIT,
    InUseError: Code.INUSE,
    DamagedError: Code.CORRUPTION,
}


def of(error: StoreError) -> tuple[ResponseCode, str]:
    """Return the code and the text for a refusal of the store."""
    return _CODES.get(type(error), Code.UNAVAILABLE), one_line(str(error))


def one_line(text: str) -> str:
    """Return a text as it may stand in a status response."""
    return " ".join(text.encode("ascii", "replace").decode().split()) or "Refused."
