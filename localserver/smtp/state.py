"""What one SMTP session knows: who is there, and the message that is on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream
    from desktopmail.wire.sasl.server import ServerMechanism
    from desktopmail.wire.smtp.mail import Mail
    from desktopmail.wire.smtp.rcpt import Rcpt
    from desktopmail.wire.smtp.server import ServerConnection
    from localserver.context import ServerContext
    from localserver.faults import SessionFaults
    from localserver.spool import Spool
    from localserver.transcript import SessionRecorder
    from localserver.users import User


@dataclass(frozen=True, slots=True)
class Route:
    """Where the message goes for one accepted recipient.

    Attributes:
        rcpt: The command.
        users: Who gets it here; empty when it is for elsewhere.
    """

    rcpt: Rcpt
    users: tuple[User, ...]

    @property
    def local(self) -> bool:
        """Whether it stays here."""
        return bool(self.users)


@dataclass(slots=True)
class Session:
    """One connection.

    Attributes:
        context: The server.
        stream: The connection, as the fault plan lets it be.
        faults: The fault plan, seen from here.
        recorder: The transcript.
        wire: The machine.
        submission: Port 587 or 465: authentication is required.
        user: Who is logged in.
        mechanism: The SASL exchange under way.
        failures: Logins that came to nothing.
        mistakes: Commands that could not be obeyed so far.
        mail: MAIL of the message under way.
        routes: One for each accepted recipient.
        spool: The message under way.
        spool_error: Why it could not be kept.
        ending: Close behind the next reply.
    """

    context: ServerContext
    stream: Stream
    faults: SessionFaults
    recorder: SessionRecorder
    wire: ServerConnection
    submission: bool
    user: User | None = None
    mechanism: ServerMechanism | None = None
    failures: int = 0
    mistakes: int = 0
    mail: Mail | None = None
    routes: list[Route] = field(default_factory=list)
    spool: Spool | None = None
    spool_error: OSError | None = None
    ending: bool = False

    @property
    def name(self) -> str:
        """The protocol as the fault plan and the transcript call it."""
        return "submission" if self.submission else "smtp"

    def offers(self, capability: str) -> bool:
        """Whether an extension is on for this session."""
        return not self.faults.hides(capability)

    def sent_away(self, reason: str) -> None:
        """Log that the client is sent away for what it did (`ServerContext.sent_away`)."""
        self.context.sent_away("SMTP", self.stream.peer, self.user, reason)

    def forget_message(self) -> None:
        """Throw the message under way away."""
        self.faults.takes_message = False
        self.mail = None
        self.routes.clear()
        self.spool_error = None
        if self.spool is not None:
            self.spool.discard()
            self.spool = None
