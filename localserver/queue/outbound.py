"""What submission hands to the queue, and the one method it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktopmail.wire.smtp.tls_required import is_tls_optional
from localserver.queue.interface import QueueAdmin

if TYPE_CHECKING:
    from desktopmail.wire.smtp.mail import Ret
    from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient


@dataclass(frozen=True, slots=True)
class OutgoingRecipient:
    """One recipient elsewhere.

    Attributes:
        address: Where to.
        notify: When the sender wants a report; None: of failures, and of delays.
        orcpt: The address that the sender first wrote to.
    """

    address: str
    notify: frozenset[Notify] | None = None
    orcpt: OriginalRecipient | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for elsewhere.

    Attributes:
        identifier: As in its Received field.
        sender: Where reports go; empty for reports themselves.
        recipients: At least one.
        octets: As they are to be sent.
        user: Who submitted it, or None.
        ret: How much of it a failure report returns.
        envid: What reports repeat.
        smtputf8: It needs SMTPUTF8.
        binary: It needs BINARYMIME.
        requiretls: It must not travel without TLS (RFC 8689).
        hold: Keep it until somebody lets it go.
    """

    identifier: str
    sender: str
    recipients: tuple[OutgoingRecipient, ...]
    octets: bytes
    user: str | None = None
    ret: Ret | None = None
    envid: str | None = None
    smtputf8: bool = False
    binary: bool = False
    requiretls: bool = False
    hold: bool = False

    @property
    def must_use_tls(self) -> bool:
        """Whether it is rather returned than sent without TLS; reports never are (section 5)."""
        return self.requiretls and bool(self.sender)

    @property
    def tls_optional(self) -> bool:
        """Whether its header asks that no policy for TLS keeps it back (RFC 8689 section 4.1)."""
        return not self.requiretls and is_tls_optional(self.octets)


class Outbound(QueueAdmin, Protocol):
    """Takes mail for elsewhere."""

    async def submit(self, message: Outgoing) -> None:
        """Take responsibility for a message; durable when it returns.

        Raises:
            StoreError: It could not be kept.
        """

    async def aclose(self) -> None:
        """Finish what is under way; what was not delivered stays in the queue."""
