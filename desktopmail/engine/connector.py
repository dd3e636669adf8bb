"""Connections to the servers of an account: made, protected and logged in, the same way for all.

What the password would be exposed to is known before it is sent: a connection in the clear beyond
this machine needs consent, and one that exposes more than the last time stops.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktopmail.engine.errors import may_go_in_clear, refuse_cleartext
from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.smtp import SmtpClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.commands import ServerSettings
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.proxies import Proxies
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.transcripts import Transcripts
    from desktopmail.net.ports import Ports
    from desktopmail.wire.imap.client import Malformed
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.secret import Secret

    Told = Callable[[UntaggedResponse | Malformed], None]


class PasswordSource(Protocol):
    """Where passwords come from."""

    async def get(self, account_id: AccountId, side: str, server: ServerSettings) -> Secret:
        """Return the password for one side of an account; raises `DoorError`."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """Makes connections.

    Attributes:
        local_name: What we call ourselves to a submission server; empty: the address literal.
        proxies: Through which servers are reached; None: straight.
    """

    ports: Ports
    secrets: PasswordSource
    transcripts: Transcripts
    local_name: str = ""
    proxies: Proxies | None = None

    async def pop3(self, account: Account) -> Pop3Client:
        """Connect and log in to the POP3 server of an account.

        Raises:
            NetError: It did not work; nothing is left open.
            DoorError: There is no password, or no consent to send it in the clear.
        """
        client, _ = await self.pop3_with_choice(account)
        return client

    async def pop3_with_choice(self, account: Account) -> tuple[Pop3Client, Choice]:
        """Connect and log in; say how, and what it exposed."""
        server = account.incoming
        secret = await self._secret(account, "incoming", server)
        client = await Pop3Client.connect(
            endpoint_of(server, account.address),
            ports=await self._ports(server),
            recorder=self.transcripts.recorder(account.id, "pop3"),
        )
        try:
            choice = await client.login(
                server.user or account.address,
                secret,
                server.auth.value,
                allow_clear=may_go_in_clear(server, allowed=account.allow_cleartext),
            )
        except BaseException:
            await client.aclose()
            raise
        return client, choice

    async def imap(self, account: Account, *, told: Told | None = None) -> ImapClient:
        """Connect and log in to the IMAP server of an account; raises as `pop3` does."""
        client, _ = await self.imap_with_choice(account, told=told)
        return client

    async def imap_with_choice(
        self, account: Account, *, told: Told | None = None
    ) -> tuple[ImapClient, Choice | None]:
        """Connect and log in; say how (None: the server had logged us in), and what it exposed."""
        server = account.incoming
        secret = await self._secret(account, "incoming", server)
        client = await ImapClient.connect(
            endpoint_of(server, account.address),
            ports=await self._ports(server),
            recorder=self.transcripts.recorder(account.id, "imap"),
            told=told,
        )
        try:
            choice = await client.login(server.user or account.address, secret, server.auth.value)
        except BaseException:
            await client.aclose()
            raise
        return client, choice

    async def smtp(self, account: Account) -> SmtpClient:
        """Connect and log in to the submission server of an account; raises as `pop3` does."""
        client, _ = await self.smtp_with_choice(account)
        return client

    async def smtp_with_choice(self, account: Account) -> tuple[SmtpClient, Choice]:
        """Connect and log in; say how, and what it exposed."""
        server = account.outgoing
        secret = await self._secret(account, "outgoing", server)
        client = await SmtpClient.connect(
            endpoint_of(server, account.address),
            ports=await self._ports(server),
            local_name=self.local_name or "[127.0.0.1]",
            recorder=self.transcripts.recorder(account.id, "smtp"),
        )
        try:
            choice = await client.login(
                server.user or account.address,
                secret,
                server.auth.value,
                allow_clear=may_go_in_clear(server, allowed=account.allow_cleartext),
            )
        except BaseException:
            await client.aclose()
            raise
        return client, choice

    async def _ports(self, server: ServerSettings) -> Ports:
        if self.proxies is None:
            return self.ports
        dialer = await self.proxies.dialer(server, self.ports.dialer)
        return dataclasses.replace(self.ports, dialer=dialer)

    async def _secret(self, account: Account, side: str, server: ServerSettings) -> Secret:
        refuse_cleartext(server, allowed=account.allow_cleartext)
        return await self.secrets.get(account.id, side, server)


def endpoint_of(server: ServerSettings, address: str) -> Endpoint:
    """Return where a server is, as the network floor takes it."""
    return Endpoint(
        server.host,
        server.port,
        Security(server.security.value),
        ca_file=Path(server.ca_file) if server.ca_file else None,
        pins=tuple(bytes.fromhex(pin) for pin in server.pins),
        domains=(address.rpartition("@")[2],) if "@" in address else (),
    )
