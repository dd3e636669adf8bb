"""How much of a mailbox is kept here: everything, what arrived in the last days, or headers."""

from __future__ import annotations

from dataclasses import dataclass

_DAY_S = 24 * 3600
_MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Policy:
    """Which messages are fetched whole; the headers of all of them are, in any case.

    What is here already stays, whatever the policy says; and what a person opens is fetched.

    Attributes:
        days: Those that arrived so many days ago or later; 0 for none, None for all.
    """

    days: int | None = None

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read `everything`, `headers` or `days:N`; the empty text is everything.

        Raises:
            ValueError: It is none of these; the text is a sentence.
        """
        if text in {"", "everything"}:
            return EVERYTHING
        if text == "headers":
            return HEADERS
        word, _, digits = text.partition(":")
        if word == "days" and digits.isascii() and digits.isdigit():
            days = int(digits)
            if 0 < days <= _MAX_DAYS:
                return cls(days)
        raise ValueError(f"“{text}” is none of everything, headers and days:N.")

    def __str__(self) -> str:
        """As `parse` reads it."""
        if self.days is None:
            return "everything"
        return f"days:{self.days}" if self.days else "headers"

    @property
    def words(self) -> str:
        """As it stands in a sentence, behind "keeps"."""
        if self.days is None:
            return "everything here"
        if not self.days:
            return "only headers here"
        return f"what arrived in the last {'day' if self.days == 1 else f'{self.days} days'} here"

    def since_s(self, now_s: float) -> float | None:
        """From which arrival on messages are fetched whole; None for no message at all."""
        if self.days is None:
            return 0.0
        return now_s - self.days * _DAY_S if self.days else None


EVERYTHING = Policy()
HEADERS = Policy(0)
