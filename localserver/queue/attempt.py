"""One attempt to hand a message to the servers of a domain, or to the smarthost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import seven_bit
from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import NetError, RefusedError, TlsError
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.smtp_delivery import SendOptions
from desktopmail.wire.smtp.mail import Body
from desktopmail.wire.smtp.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.net.ports import Ports
    from localserver.queue.outbound import Outgoing
    from localserver.queue.route import Hop
    from localserver.queue.table import Queued

_SUBMISSIONS = 465


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient.

    Attributes:
        status: Enhanced code; its first digit decides.
        text: What was said, for people.
        host: Who said it, or None when we did.
        reports: The server will send the reports that were asked for (it knows DSN).
    """

    status: str
    text: str
    host: str | None = None
    reports: bool = False

    @property
    def delivered(self) -> bool:
        """Taken."""
        return self.status.startswith("2")

    @property
    def hopeless(self) -> bool:
        """Not to be tried again."""
        return self.status.startswith("5")


class Attempts:
    """Connects to servers; remembers which of them have no usable TLS.

    Args:
        ports: Dialer, entropy, executor.
        local_name: What we call ourselves.
    """

    def __init__(self, ports: Ports, local_name: str) -> None:
        self._ports = ports
        self._local_name = local_name
        self._without_tls: set[Hop] = set()

    async def send(
        self, message: Outgoing, recipients: Sequence[Queued], hops: Sequence[Hop]
    ) -> dict[int, Outcome]:
        """Try the servers in their order; returns an outcome for each recipient's position.

        A server that cannot be reached, or says that it cannot now, leads to the next one; what one
        server refuses for good is refused (RFC 5321 section 5.1).
        """
        outcomes: dict[int, Outcome] = {}
        for hop in hops:
            waiting = [r for r in recipients if r.position not in outcomes or _again(outcomes, r)]
            if not waiting:
                break
            try:
                outcomes |= await self._send_to(hop, message, waiting)
            except NetError as error:
                failed = self._failed(error, hop)
                outcomes |= {each.position: failed for each in waiting}
        return outcomes

    async def _send_to(
        self, hop: Hop, message: Outgoing, recipients: Sequence[Queued]
    ) -> dict[int, Outcome]:
        client = await self._connect(hop, message)
        try:
            impossible = _impossible(client, message, hop)
            if impossible is not None:
                return {each.position: impossible for each in recipients}
            report = await client.send(
                message.sender,
                [each.recipient.address for each in recipients],
                await self._octets_for(client, message),
                options=_options(message, recipients, client),
            )
            knows_dsn = "DSN" in client.extensions
            await client.quit()
        finally:
            await client.aclose()
        return {
            each.position: _outcome(result.reply, hop, accepted=result.accepted, dsn=knows_dsn)
            for each, result in zip(recipients, report.recipients, strict=True)
        }

    async def _octets_for(self, client: SmtpClient, message: Outgoing) -> bytes:
        """Convert for a server without 8BITMIME (RFC 6152 section 3) what a seal does not keep."""
        octets = message.octets
        if "8BITMIME" in client.extensions or octets.isascii():
            return octets
        return await self._ports.executor.run(seven_bit.convert, octets) or octets

    async def _connect(self, hop: Hop, message: Outgoing) -> SmtpClient:
        """Connect with TLS where the server has it, else without (RFC 7435)."""
        if hop.port == _SUBMISSIONS:
            return await self._dial(hop, Security.TLS)
        # TLS-Required: No asks for TLS all the same where it can be had, whatever was seen before.
        if hop not in self._without_tls or message.requiretls or message.tls_optional:
            try:
                return await self._dial(hop, Security.STARTTLS)
            except TlsError:
                if message.must_use_tls:
                    raise
                self._without_tls.add(hop)
        return await self._dial(hop, Security.NONE)

    async def _dial(self, hop: Hop, security: Security) -> SmtpClient:
        return await SmtpClient.connect(
            Endpoint(hop.host, hop.port, security), ports=self._ports, local_name=self._local_name
        )

    def _failed(self, error: NetError, hop: Hop) -> Outcome:
        said = error.reply if isinstance(error, RefusedError) else None
        if isinstance(said, Reply):
            return _outcome(said, hop, accepted=False, dsn=False)
        if isinstance(error, TlsError):
            return Outcome("4.7.10", error.sentence)  # RFC 8689 section 5, and worth another try
        return Outcome("4.4.1", error.sentence)


def _again(outcomes: dict[int, Outcome], recipient: Queued) -> bool:
    outcome = outcomes[recipient.position]
    return not outcome.delivered and not outcome.hopeless


def _impossible(client: SmtpClient, message: Outgoing, hop: Hop) -> Outcome | None:
    if message.must_use_tls and not _takes_requiretls(client):
        return Outcome("5.7.30", f"{hop.host} does not support REQUIRETLS.")  # RFC 8689 section 4.2
    if message.binary and "BINARYMIME" not in client.extensions:
        return Outcome("5.6.1", f"{hop.host} does not take binary messages.")
    if message.smtputf8 and "SMTPUTF8" not in client.extensions:
        return Outcome("5.6.7", f"{hop.host} does not take addresses beyond ASCII.")
    return None


def _takes_requiretls(client: SmtpClient) -> bool:
    return "REQUIRETLS" in client.extensions and client.stream.tls is not None


def _options(message: Outgoing, recipients: Sequence[Queued], client: SmtpClient) -> SendOptions:
    return SendOptions(
        body=Body.BINARY if message.binary else None,
        smtputf8=message.smtputf8,
        ret=message.ret,
        envid=message.envid,
        requiretls=message.requiretls and _takes_requiretls(client),
        original={
            each.recipient.address: each.recipient.orcpt
            for each in recipients
            if each.recipient.orcpt is not None
        },
        notify_each={
            each.recipient.address: each.recipient.notify
            for each in recipients
            if each.recipient.notify is not None
        },
    )


def _outcome(said: Reply, hop: Hop, *, accepted: bool, dsn: bool) -> Outcome:
    default = "2.0.0" if accepted else "4.0.0" if said.temporary else "5.0.0"
    status = str(said.enhanced) if said.enhanced else default
    if status[0] != default[0]:
        status = default
    return Outcome(status, str(said), hop.host, reports=dsn)
