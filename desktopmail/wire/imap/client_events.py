"""What a server said, as the client's machine tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from desktopmail.wire.imap.condition import Answer, Tag, Tagged
from desktopmail.wire.imap.cutter import LiteralEnds, LiteralPiece
from desktopmail.wire.imap.fetch_rows import FetchRows

if TYPE_CHECKING:
    from desktopmail.wire.imap.announced import Announced
    from desktopmail.wire.imap.response import (
        UntaggedResponse,
    )


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first thing a server says: OK, PREAUTH or BYE."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Untagged:
    """Something the server tells, asked or not."""

    value: UntaggedResponse


@dataclass(frozen=True, slots=True)
class ContinuationRequested:
    """The server wants more of an AUTHENTICATE, or has begun an IDLE.

    Attributes:
        tag: Of that command.
        challenge: What a SASL exchange says, decoded; None for an IDLE.
    """

    tag: Tag
    challenge: bytes | None


@dataclass(frozen=True, slots=True)
class LiteralBegins:
    """A large literal is about to come in pieces; its answer follows when it has ended."""

    announced: Announced
    size: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """An untagged response that could not be read; the ones behind it are none the worse.

    Attributes:
        octets: Its beginning.
        reason: What is wrong with it.
    """

    octets: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The server has closed the connection.

    Attributes:
        expected: It had said BYE, or was asked to.
    """

    expected: bool


Event: TypeAlias = (
    Greeting | Untagged | Tagged | ContinuationRequested | LiteralBegins | LiteralPiece
    | LiteralEnds | FetchRows | Malformed | Closed
)  # fmt: skip
