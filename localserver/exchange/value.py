"""A message between the store and a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  part of a value


@dataclass(frozen=True, slots=True)
class ExchangedMessage:
    """One message.

    Attributes:
        octets: Exactly as it is stored.
        flags: Flags and keywords.
        internal_date: Aware; None when the file does not tell.
    """

    octets: bytes
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None


class ExchangeError(Exception):
    """A file cannot be read as mail; the sentence names it."""
