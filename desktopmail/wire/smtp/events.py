"""What the two machines tell their pumps, beside the commands and replies themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.wire.smtp.command import Command
    from desktopmail.wire.smtp.data import Flaw
    from desktopmail.wire.smtp.reply import Reply


@dataclass(frozen=True, slots=True)
class BadCommand:
    """Server: a command that cannot be obeyed; the machine says what to answer.

    Attributes:
        reply: To be sent, unless the pump knows better.
        line: What the client sent (cut to 80 octets); empty when it may hold a secret.
        fatal: The connection has to be closed behind the reply: what follows cannot be understood.
    """

    reply: Reply
    line: bytes = b""
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class MessageData:
    """Server: the next octets of the message, unstuffed."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChunkEnd:
    """Server: a BDAT chunk that is not the last is complete; a reply is owed.

    Attributes:
        size: Octets of the message so far.
        flaw: Why the message will be refused, if anything.
    """

    size: int
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """Server: the message is complete; a reply is owed (in LMTP one for each recipient).

    Attributes:
        size: Octets of the message.
        flaw: Why it has to be refused, or None.
    """

    size: int
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """Both: the peer ended the connection.

    Attributes:
        clean: Nothing was half said.
    """

    clean: bool


@dataclass(frozen=True, slots=True)
class Greeting:
    """Client: the first reply of the server."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Answer:
    """Client: the reply to the oldest command that had none.

    Attributes:
        command: What it answers; `EndOfData` for the message itself.
        reply: What the server said.
    """

    command: Command | EndOfData | object
    reply: Reply


@dataclass(frozen=True, slots=True)
class EndOfData:
    """Client: stands in `Answer` for the end of a message.

    Attributes:
        recipient: In LMTP, the index of the accepted recipient that the reply is for; else None.
    """

    recipient: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceClosing:
    """Client: the server said 421 although nothing was asked; it is about to close."""

    reply: Reply
