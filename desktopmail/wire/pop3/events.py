"""What the two machines tell their pumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from desktopmail.wire.pop3.greeting import Greeting
    from desktopmail.wire.pop3.reply import Reply
    from desktopmail.wire.pop3.table import AnyCommand

# --- of the client's machine -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeted:
    """The server opened the dialogue."""

    greeting: Greeting


@dataclass(frozen=True, slots=True)
class Answered:
    """The oldest command waiting was answered; `Data` follows for RETR and TOP that were accepted.

    Attributes:
        command: The command.
        reply: Its status line.
        result: What `command.read` made of the answer; None when it was refused or means nothing.
    """

    command: AnyCommand
    reply: Reply
    result: object = None


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a message, dots taken out.

    Attributes:
        command: The RETR or TOP it belongs to.
        octets: May be empty.
        is_last: Whether the message ends here.
    """

    command: AnyCommand
    octets: bytes
    is_last: bool


@dataclass(frozen=True, slots=True)
class Challenged:
    """AUTH goes on: answer with `respond` or `cancel`.

    Attributes:
        octets: The challenge, not in base64.
    """

    octets: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The other side will send no more.

    Attributes:
        is_clean: Nothing was left open: no answer, no half line.
    """

    is_clean: bool


ClientEvent: TypeAlias = Greeted | Answered | Data | Challenged | Closed

# --- of the server's machine -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """A command to be answered."""

    command: AnyCommand


@dataclass(frozen=True, slots=True)
class Responded:
    """AUTH goes on.

    Attributes:
        octets: The response, not in base64; None when the client cancelled.
    """

    octets: bytes | None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that cannot be carried out; to be answered with -ERR.

    Attributes:
        text: Why, for the answer; never repeats what was sent.
        shown: The line as a transcript may show it.
    """

    text: str
    shown: bytes


ServerEvent: TypeAlias = Received | Responded | Malformed | Closed
