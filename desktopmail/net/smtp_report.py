"""What became of a message that was sent, recipient by recipient, and when nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.net.errors import NetError

if TYPE_CHECKING:
    from desktopmail.wire.smtp.reply import Reply


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What the server said to one recipient.

    Attributes:
        recipient: As it was given to `send`.
        reply: To RCPT; in LMTP to the message, where that was what failed.
        accepted: The message was taken for it.
    """

    recipient: str
    reply: Reply
    accepted: bool


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of a message.

    Attributes:
        recipients: One result for each, in order.
        reply: The final reply, or the one that refused the message as a whole.
        accepted: The server took the message for at least one recipient.
        octets: Written for the message itself, dots included.
    """

    recipients: tuple[RecipientResult, ...]
    reply: Reply
    accepted: bool
    octets: int = 0

    @property
    def refused(self) -> tuple[RecipientResult, ...]:
        """The recipients that will not get it from this attempt."""
        return tuple(result for result in self.recipients if not result.accepted)


class AmbiguousSendError(NetError):
    """The connection ended after the end of the message was written and before its reply came.

    The server may have the message or not: sending again may double it. Code: `ambiguous`.

    Attributes:
        accepted_recipients: Those that the server had agreed to and said nothing of since.
        settled: What is known of the others; in LMTP some may have the message for sure.
    """

    def __init__(
        self,
        sentence: str,
        accepted_recipients: tuple[str, ...],
        settled: tuple[RecipientResult, ...] = (),
    ) -> None:
        super().__init__(
            sentence,
            remedy="Look into Sent, or ask the recipient, before sending it again.",
            code="ambiguous",
        )
        self.accepted_recipients = accepted_recipients
        self.settled = settled
