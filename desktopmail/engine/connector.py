"""Connections to the servers of an account: made, protected and logged in, the same way for all.

What the password would be exposed to is known before it is sent: a connection in the clear beyond
this machine needs consent, and one that exposes more than the last time stops.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from desktopmail.door.interface import DoorError
from desktopmail.engine.discovery import providers
from desktopmail.engine.errors import may_go_in_clear, refuse_cleartext
from desktopmail.engine.masking import forms, hide_text
from desktopmail.engine.trust import MENDED_BY_A_PIN, exposes_more
from desktopmail.net.deadline import deadline
from desktopmail.net.endpoint import Endpoint, Security, join_host_port
from desktopmail.net.errors import AuthenticationError, NetError, TimedOutError, TlsError
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.smtp import SmtpClient
from desktopmail.wire.sasl.policy import READABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeGuard

    from desktopmail.door.commands import ServerSettings
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.masking import Masks
    from desktopmail.engine.proxy import Proxies
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.transcripts import Transcripts
    from desktopmail.engine.trust import Side, Trust
    from desktopmail.net.ports import Ports
    from desktopmail.wire.imap.client_events import Malformed
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.sasl.policy import Choice
    from desktopmail.wire.secret import Secret

    Told = Callable[[UntaggedResponse | Malformed], None]


C = TypeVar("C")

# Some providers take no account password from mail programs, and some take none at all.
_BY_THE_PROVIDER = frozenset({"credentials", "no-mechanism"})
# Looking up, connecting, TLS and each answer have deadlines of their own; this one is for a server
# that goes on talking without ever answering.
OPENING_TIMEOUT_S = 150.0
# Most servers greet within a second; some let a stranger wait, and are connected to again then.
GREETING_S = 8.0


class PasswordSource(Protocol):
    """Where passwords come from."""

    async def get(self, account_id: AccountId, side: str, server: ServerSettings) -> Secret:
        """Return the password for one side of an account; raises `DoorError`."""
        ...

    async def has_own(self, account_id: AccountId, side: str) -> bool:
        """Return whether there is one for this side alone; raises `DoorError`."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """Makes connections.

    Attributes:
        local_name: What we call ourselves to a submission server; empty: the address literal.
        proxies: Through which servers are reached; None: straight.
        trust: What was learned about the servers, and asks; None for accounts that are not saved.
    """

    ports: Ports
    secrets: PasswordSource
    transcripts: Transcripts
    local_name: str = ""
    proxies: Proxies | None = None
    trust: Trust | None = None
    _maildrops: dict[AccountId, asyncio.Lock] = field(default_factory=dict)

    def maildrop(self, account_id: AccountId) -> asyncio.Lock:
        """What a POP3 session of ours holds: a maildrop is open once (RFC 1939 section 4)."""
        return self._maildrops.setdefault(account_id, asyncio.Lock())

    async def pop3(self, account: Account) -> Pop3Client:
        """Connect and log in to the POP3 server of an account.

        Raises:
            NetError: It did not work; nothing is left open.
            DoorError: There is no password, no consent to send it in the clear, or a person has to
                decide first about what got worse since the last time.
        """
        secret = await self.secret(account, "incoming")
        client = await self.open_pop3(account)
        await self.log_in(account, "incoming", client, secret)
        return client

    async def imap(self, account: Account, *, told: Told | None = None) -> ImapClient:
        """Connect and log in to the IMAP server of an account; raises as `pop3` does."""
        secret = await self.secret(account, "incoming")
        client = await self.open_imap(account, told=told)
        await self.log_in(account, "incoming", client, secret)
        return client

    async def smtp(self, account: Account) -> SmtpClient:
        """Connect and log in to the submission server of an account; raises as `pop3` does."""
        secret = await self.secret(account, "outgoing")
        client = await self.open_smtp(account)
        await self.log_in(account, "outgoing", client, secret)
        return client

    # Step by step

    async def secret(self, account: Account, side: Side) -> Secret:
        """Return the password, unless nobody agreed to send it as the account says."""
        server = account.server(side)
        refuse_cleartext(server, allowed=account.allow_cleartext)
        return await self.secrets.get(account.id, side, server)

    async def open_pop3(self, account: Account) -> Pop3Client:
        """Connect to the POP3 server of an account, and start TLS as it says."""
        ports = await self._ports(account.incoming)
        recorder = self.transcripts.recorder(account.id, "pop3")
        return await self._open(
            account,
            "incoming",
            lambda endpoint: Pop3Client.connect(endpoint, ports=ports, recorder=recorder),
        )

    async def open_imap(self, account: Account, *, told: Told | None = None) -> ImapClient:
        """Connect to the IMAP server of an account, and start TLS as it says."""
        ports = await self._ports(account.incoming)
        recorder = self.transcripts.recorder(account.id, "imap")
        return await self._open(
            account,
            "incoming",
            lambda endpoint: ImapClient.connect(
                endpoint, ports=ports, recorder=recorder, told=told
            ),
        )

    async def open_smtp(self, account: Account) -> SmtpClient:
        """Connect to the submission server of an account, and start TLS as it says."""
        ports = await self._ports(account.outgoing)
        recorder = self.transcripts.recorder(account.id, "smtp")
        name = self.local_name or "[127.0.0.1]"
        return await self._open(
            account,
            "outgoing",
            lambda endpoint: SmtpClient.connect(
                endpoint, ports=ports, local_name=name, recorder=recorder
            ),
        )

    async def log_in(
        self,
        account: Account,
        side: Side,
        client: ImapClient | Pop3Client | SmtpClient,
        secret: Secret,
    ) -> Choice | None:
        """Log in; say how, and what it exposed (None: the server had logged us in).

        A client that could not log in is closed.
        """
        server = account.server(side)
        may_be_read = may_go_in_clear(server, allowed=account.allow_cleartext)

        def consent(choice: Choice) -> None:
            if not may_be_read and choice.exposure in READABLE:
                refuse_cleartext(server, allowed=False)
            if self.trust is not None and exposes_more(account, side, choice):
                raise _WorseError(choice)

        user = server.user or account.address
        masks = forms(user, secret)
        with self.transcripts.hiding(masks):
            try:
                where = join_host_port(server.host, server.port)
                async with deadline(OPENING_TIMEOUT_S, _too_long(where)):
                    choice = await client.login(user, secret, server.auth.value, consent=consent)
                if self.trust is not None:
                    tls = client.stream.tls
                    der = tls.peer_certificate if tls is not None else None
                    await self.trust.learn(account, side, choice, der)
            except BaseException as error:
                await client.aclose()
                if isinstance(error, NetError):
                    _say(error, server.host, masks)
                if self.trust is not None and isinstance(error, _WorseError):
                    raise await self.trust.downgrade(account, side, error.choice) from error
                if self.trust is not None and _is_refused(error):
                    is_shared = await self._is_shared(account, side, user, secret)
                    await self.trust.password_refused(account, side, error, is_shared=is_shared)
                raise
        return choice

    # Inside

    async def _is_shared(self, account: Account, side: Side, user: str, secret: Secret) -> bool:
        """Whether both servers of an account are told the same name and password."""
        other: Side = "incoming" if side == "outgoing" else "outgoing"
        server = account.server(other)
        if (server.user or account.address) != user:
            return False
        try:
            theirs = await self.secrets.get(account.id, other, server)
        except DoorError:
            return False  # that server has a question of its own
        return theirs.reveal() == secret.reveal()

    async def _open(
        self, account: Account, side: Side, connect: Callable[[Endpoint], Awaitable[C]]
    ) -> C:
        endpoint = endpoint_of(account, side)
        try:
            if endpoint.security is not Security.TLS:
                early = await _greeted_early(endpoint, connect)
                if early is not None:
                    return early
            async with deadline(OPENING_TIMEOUT_S, _too_long(endpoint.authority)):
                return await connect(endpoint)
        except TlsError as error:
            if error.code not in MENDED_BY_A_PIN:
                raise
            der = error.certificate or await _inspected(endpoint, connect)
            error.certificate = der
            if der is None or self.trust is None:
                raise
            raise await self.trust.certificate(account, side, error, der) from error

    async def _ports(self, server: ServerSettings) -> Ports:
        if self.proxies is None:
            return self.ports
        dialer = await self.proxies.dialer(server, self.ports.dialer)
        return dataclasses.replace(self.ports, dialer=dialer)


def _say(error: NetError, host: str, masks: Masks) -> None:
    """Take the password out of what is said of a login, and put in what the provider wants."""
    error.sentence = hide_text(error.sentence, masks.every)
    if isinstance(error, AuthenticationError) and error.code in _BY_THE_PROVIDER:
        error.remedy = providers.note_on(providers.load(), host) or error.remedy
    error.args = (f"{error.sentence} {error.remedy}".rstrip(),)


class _WorseError(Exception):
    """A login was stopped before anything of it was sent: it exposes more than the last one."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.mechanism)
        self.choice = choice


async def _greeted_early(
    endpoint: Endpoint, connect: Callable[[Endpoint], Awaitable[C]]
) -> C | None:
    """Connect to a server that is to greet in the clear; None where it is only slow to greet.

    A server that speaks TLS from the first octet says nothing at all: whether it does is tried.

    Raises:
        NetError: It speaks TLS, or did not work.
    """
    patience_s = min(GREETING_S, OPENING_TIMEOUT_S)
    try:
        async with deadline(patience_s, _too_long(endpoint.authority)):
            return await connect(endpoint)
    except TimedOutError:
        try:
            async with deadline(patience_s, _too_long(endpoint.authority)):
                certificate = await _inspected(
                    dataclasses.replace(endpoint, security=Security.TLS), connect
                )
        except TimedOutError:
            return None
        if certificate is None:
            return None
        raise TlsError(
            f"{endpoint.authority} speaks TLS from the first octet, and is set up without.",
            remedy="Choose TLS for it, or its port for STARTTLS.",
            code="tls-port",
        ) from None


def _too_long(where: str) -> str:
    return f"Connecting to {where} took longer than {OPENING_TIMEOUT_S:g} s."


def _is_refused(error: BaseException) -> TypeGuard[AuthenticationError]:
    return isinstance(error, AuthenticationError) and error.code == "credentials"


async def _inspected(
    endpoint: Endpoint, connect: Callable[[Endpoint], Awaitable[object]]
) -> bytes | None:
    """Look at the certificate of a server; nothing but the handshake is said to it."""
    try:
        await connect(dataclasses.replace(endpoint, inspect=True))
    except TlsError as error:
        return error.certificate
    except NetError:
        return None  # it is not there any more: what was wrong before is said
    raise RuntimeError("a connection that only looks at the certificate was made")


def endpoint_of(account: Account, side: Side) -> Endpoint:
    """Return where a server of an account is, as the network floor takes it."""
    server, address = account.server(side), account.address
    service = "submission" if side == "outgoing" else account.kind.value
    if server.security.value == Security.TLS.value:
        service += "s"  # RFC 6186 section 3.2, RFC 8314 section 5.1
    return Endpoint(
        server.host,
        server.port,
        Security(server.security.value),
        ca_file=Path(server.ca_file) if server.ca_file else None,
        pins=tuple(bytes.fromhex(pin) for pin in server.pins),
        domains=(address.rpartition("@")[2],) if "@" in address else (),
        services=(service,),
    )
