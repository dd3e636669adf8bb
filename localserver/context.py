"""What every session of the server is given: configuration, users, store, ports, TLS and faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localserver.changes import Changes

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from desktopmail.net.ports import Ports
    from desktopmail.net.tls import ServerTls
    from desktopmail.tasks import TaskScope
    from localserver.config import Config
    from localserver.faults import Faults
    from localserver.queue.outbound import Outbound
    from localserver.store.interface import Store
    from localserver.submission.policy import Policy
    from localserver.transcript import Transcript
    from localserver.users import User, Users


@dataclass(frozen=True, slots=True)
class ServerContext:
    """The one argument of every session beside its stream.

    Attributes:
        config: What the server was started with; frozen.
        users: Who may log in, and who receives mail for an address.
        store: The mail.
        ports: Clock, entropy, dialer, executor.
        tls: Certificate and key for implicit TLS and STARTTLS; None when TLS is switched off.
        faults: The fault plan; `faults.session(protocol, stream)` is one session's view of it.
        scope: Owns the tasks that outlive a session (the queue, the sweeper).
        log: Where sessions write warnings; never secrets.
        transcript: `transcript.session(protocol, stream.peer)` is a recorder for one session.
        data: The server's folder, or None when everything is in memory.
        outbound: Takes mail for elsewhere; None captures it.
        policy: Limits of the users and filters; None knows neither.
        changes: Tells what changes.
    """

    config: Config
    users: Users
    store: Store
    ports: Ports
    tls: ServerTls | None
    faults: Faults
    scope: TaskScope
    log: logging.Logger
    transcript: Transcript
    data: Path | None
    outbound: Outbound | None = None
    policy: Policy | None = None
    changes: Changes = field(default_factory=Changes)

    def sent_away(self, protocol: str, peer: str, user: User | None, reason: str) -> None:
        """Log in one sentence that a client was sent away for what it did.

        Args:
            protocol: Which it spoke.
            peer: Its address.
            user: Who logged in there, or None.
            reason: What it did, without a full stop and without anything it said.
        """
        name = f" ({user.name})" if user is not None else ""
        self.log.info("%s: %s%s was sent away: %s.", protocol, peer, name, reason)
