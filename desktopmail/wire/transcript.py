"""One thing that was said on a connection, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Sender = Literal["C", "S", "*"]


@dataclass(frozen=True, slots=True)
class Record:
    """Octets in one direction, secrets already replaced.

    Attributes:
        at: When they passed (aware).
        sender: `"C"` for the client, `"S"` for the server, `"*"` for a remark (TLS started,
            closed).
        octets: What passed.
    """

    at: datetime
    sender: Sender
    octets: bytes

    def lines(self) -> list[str]:
        r"""The record as lines of text, each with its sender, as RFCs print dialogues.

        What is not printable ASCII or well-formed UTF-8 is shown as `\xNN`.
        """
        text = self.octets.decode("utf-8", "backslashreplace")
        pieces = text.split("\r\n")
        if pieces[-1] == "":
            pieces.pop()
        return [f"{self.sender}: {_printable(piece)}" for piece in pieces]


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\t" else char.encode("unicode_escape").decode()
        for char in text
    )
