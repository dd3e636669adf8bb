"""What is to be delivered: a message, its envelope, and what is to be said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.tls_required import NOT_REQUIRED, is_tls_optional

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence

    from desktopmail.net.smtp_report import RecipientResult
    from desktopmail.wire.smtp.mail import Body, Ret
    from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient


class SendStep(Enum):
    """How far a message came; told to `on_state` before the step is taken."""

    MAIL = "the envelope goes out"
    DATA = "the message goes out"
    FINAL_DOT = "the end of the message goes out: from here on only the reply knows"
    DONE = "the server replied"


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What is to be said about a message.

    Attributes:
        body: What its octets may be; None means look at them (a stream counts as 8BITMIME).
        smtputf8: Ask for SMTPUTF8; None means when an address or the header needs it.
        ret: How much a failure report returns.
        envid: Identifier that reports repeat.
        notify: When to report.
        requiretls: Every hop must use TLS (RFC 8689).
        tls_optional: No hop shall keep it back for want of TLS: the header field that says so is
            put before the message (RFC 8689 section 3), unless octets have it in their header; a
            stream must not have it.
        auth: Who submitted it (RFC 4954 section 5), for relays.
        size: Octets of a stream, when known.
        chunking: Use BDAT when offered.
        original: Recipient to its original address, for ORCPT.
        notify_each: Recipient to its own `notify`.
    """

    body: Body | None = None
    smtputf8: bool | None = None
    ret: Ret | None = None
    envid: str | None = None
    notify: frozenset[Notify] | None = None
    requiretls: bool = False
    tls_optional: bool = False
    auth: str | None = None
    size: int | None = None
    chunking: bool = True
    original: dict[str, OriginalRecipient] = field(default_factory=dict)
    notify_each: dict[str, frozenset[Notify]] = field(default_factory=dict)


async def no_state(_step: SendStep) -> None:
    """Do nothing."""


def no_refusals(_refused: Sequence[RecipientResult]) -> None:
    """Do nothing."""


def no_progress(_done: int, _total: int | None) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One message for `SmtpClient.send_all`; what is not given is as in `SmtpClient.send`.

    Attributes:
        sender: Envelope sender; empty for the null reverse-path.
        recipients: Envelope recipients.
        message: Its octets, or a stream of pieces; line ends become CRLF.
        options: What is to be said about it.
        on_state: Awaited before each step; before `FINAL_DOT` nothing can have been delivered.
        on_refused: Told, before `DATA`, who was refused where others were not.
        on_progress: Told octets written so far, and the total where it is known.
    """

    sender: str
    recipients: Sequence[str]
    message: bytes | AsyncIterable[bytes] = field(repr=False)
    options: SendOptions = SendOptions()
    on_state: Callable[[SendStep], Awaitable[None]] = no_state
    on_refused: Callable[[Sequence[RecipientResult]], None] = no_refusals
    on_progress: Callable[[int, int | None], None] = no_progress

    def content(self) -> tuple[bytes | AsyncIterable[bytes], int | None]:
        """Return what goes out as the message, and its octets where they are known."""
        message, options = self.message, self.options
        if not options.tls_optional:
            return message, len(message) if isinstance(message, bytes) else options.size
        if isinstance(message, bytes):
            if not is_tls_optional(message):
                message = NOT_REQUIRED + message
            return message, len(message)
        size = None if options.size is None else options.size + len(NOT_REQUIRED)
        return _behind_field(message), size


async def _behind_field(message: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    yield NOT_REQUIRED
    async for piece in message:
        yield piece
