"""The check of an account: both servers, step by step, each failure one sentence and one remedy."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import CheckReport, CheckStep
from desktopmail.door.rows import Kind
from desktopmail.engine.certificates import Certificate, advice, difference
from desktopmail.engine.errors import door_error, is_loopback, refuse_cleartext
from desktopmail.engine.store.account import Account, Learned
from desktopmail.engine.trust import MENDED_BY_A_PIN
from desktopmail.net.dial import resolve
from desktopmail.net.endpoint import join_host_port
from desktopmail.net.errors import AuthenticationError, NetError, TlsError, UnreachableError
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.commands import AddAccount, Password, ServerSettings
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.trust import Side
    from desktopmail.net.smtp import SmtpClient
    from desktopmail.net.stream import Stream

_NOT_SAVED_YET = AccountId(0)
SIDES: tuple[Side, Side] = ("incoming", "outgoing")


class GivenSecrets:
    """The passwords of an account as it is to be saved.

    Args:
        incoming: The password that was given.
        outgoing: None: the one that is kept for it alone, else the same as the incoming one, which
            it is in any case where this is empty.
        saved: Where the others are; those of an account that is not saved yet are nowhere.
    """

    def __init__(
        self, incoming: Password | None, outgoing: Password | None, saved: Connector
    ) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._saved = saved

    async def get(self, account_id: AccountId, side: str, server: ServerSettings) -> Secret:
        """Return the password that was given, or the one that is kept, or that of the file."""
        if server.password_file is not None:
            return await self._saved.secrets.get(account_id, side, server)
        if side == "outgoing" and self._outgoing is not None:
            if self._outgoing.text:
                return Secret(self._outgoing.text)
            side = "incoming"
        password = self._incoming
        if account_id != _NOT_SAVED_YET and (
            password is None
            or (side == "outgoing" and await self._saved.secrets.has_own(account_id, side))
        ):
            return await self._saved.secrets.get(account_id, side, server)
        if password is None:
            raise DoorError(
                "No password was given.",
                remedy="Give it by --password-stdin, or name a file with --password-file.",
                code="no-password",
            )
        return Secret(password.text)

    async def has_own(self, account_id: AccountId, side: str) -> bool:
        """Return whether one was given, or is kept, for this side alone."""
        given = self._incoming if side == "incoming" else self._outgoing
        return given is not None or await self._saved.secrets.has_own(account_id, side)


async def before_adding(command: AddAccount, connector: Connector) -> None:
    """Log in to both servers of an account that is to be added.

    Raises:
        DoorError: One of them refused; nothing was saved.
    """
    account = Account(
        _NOT_SAVED_YET,
        command.name,
        command.address,
        command.display_name,
        command.kind,
        command.incoming,
        command.outgoing,
        command.allow_cleartext,
        Learned(),
    )
    secrets = GivenSecrets(command.password, command.outgoing_password, connector)
    await before_saving(account, secrets, connector)


async def before_saving(
    account: Account, secrets: GivenSecrets, connector: Connector, sides: Sequence[Side] = SIDES
) -> None:
    """Log in to servers of an account as it is to be saved.

    Raises:
        DoorError: One of them refused; nothing was saved.
    """
    trying = dataclasses.replace(connector, secrets=secrets, trust=None)
    for side in sides:
        await trying.secret(account, side)  # without one nobody has to be called
    report = await check(account, trying, sides)
    for step in report.steps:
        if not step.ok:
            raise DoorError(
                step.detail,
                remedy=step.remedy,
                code=step.code or "check-failed",
                certificate=step.certificate,
            )


async def check(
    account: Account, connector: Connector, sides: Sequence[Side] = SIDES
) -> CheckReport:
    """Go through both servers; the steps of the outgoing one follow those of the incoming."""
    steps: list[CheckStep] = []
    for side in sides:
        steps += await _Trial(account, side, connector).run()
    return CheckReport(steps=tuple(steps))


class _Trial:
    """One server, step by step, up to the first that fails."""

    def __init__(self, account: Account, side: Side, connector: Connector) -> None:
        self._account = account
        self._side = side
        self._server = account.server(side)
        self._connector = connector
        self._steps: list[CheckStep] = []
        self._step = "dns"

    async def run(self) -> list[CheckStep]:
        """Try; an error is the step that was under way, or the one it tells of."""
        is_maildrop = self._side == "incoming" and self._account.kind is Kind.POP3
        try:
            if is_maildrop:
                async with self._connector.maildrop(self._account.id):
                    await self._try()
            else:
                await self._try()
        except NetError as error:
            self._failed(_step_of(error, self._step), self._known(error))
        except DoorError as error:
            self._failed(_STEP_OF_CODE.get(error.code, self._step), error)
        return self._steps

    async def _try(self) -> None:
        refuse_cleartext(self._server, allowed=self._account.allow_cleartext)
        await self._look_up()
        client = await self._open()
        try:
            self._passed("tls", _tls(client.stream))
            self._step = "capabilities"
            before = _offered(client)
            self._passed("capabilities", " ".join(sorted(before)) or "none are told")
            self._step = "auth"
            ways = _ways(client, self._server.auth.value)
            if ways:
                self._passed("auth", ways)
            self._step = "login"
            secret = await self._connector.secret(self._account, self._side)
            choice = await self._connector.log_in(self._account, self._side, client, secret)
            how = f"by {choice.mechanism}: {choice.exposure.value}" if choice else "by itself"
            self._passed("login", f"logged in {how}")
            self._step = "listing"
            listing = await _listing(client)
            if listing:
                more = sorted(_offered(client) - before)
                also = f"; offers here also {' '.join(more)}" if more else ""
                self._passed("listing", listing + also)
            await _leave(client)
        finally:
            await client.aclose()

    async def _look_up(self) -> None:
        proxies = self._connector.proxies
        is_proxied = proxies is not None and proxies.of(self._server) is not None
        if is_proxied or is_loopback(self._server.host):
            self._passed("dns", f"{self._server.host} is not looked up here.")
            return
        found = await resolve(self._server.host, self._server.port)
        addresses = list(dict.fromkeys(str(address[0]) for _, address in found))
        self._passed("dns", f"{self._server.host} is {', '.join(addresses)}.")

    async def _open(self) -> ImapClient | Pop3Client | SmtpClient:
        self._step = "tcp"
        connector, account = self._connector, self._account
        if self._side == "outgoing":
            client: ImapClient | Pop3Client | SmtpClient = await connector.open_smtp(account)
        elif account.kind is Kind.IMAP:
            client = await connector.open_imap(account)
        else:
            client = await connector.open_pop3(account)
        self._passed("tcp", f"{client.stream.peer} answers.")
        return client

    def _known(self, error: NetError) -> DoorError:
        """The error for the door; of a certificate that might be pinned, with what it says."""
        known = door_error(error)
        if (
            not isinstance(error, TlsError)
            or error.certificate is None
            or error.code not in MENDED_BY_A_PIN
        ):
            return known
        host, port = self._server.host, self._server.port
        fingerprint = Certificate.read(error.certificate).fingerprint
        text = f"{difference(None, error.certificate)}\n{advice(join_host_port(host, port))}"
        return DoorError(
            known.sentence,
            remedy=f"{known.remedy} Its SHA-256 is {fingerprint}.".lstrip(),
            code=known.code,
            certificate=ShownCertificate(
                side=self._side, host=host, port=port, text=text, fingerprint=fingerprint
            ),
        )

    def _passed(self, step: str, detail: str) -> None:
        self._steps.append(CheckStep(server=self._side, step=step, ok=True, detail=detail))

    def _failed(self, step: str, error: DoorError) -> None:
        remedy = error.remedy or _SUGGESTIONS.get(step, "")
        done = {one.step for one in self._steps}
        if step in _BEHIND_TCP and "tcp" not in done:
            where = join_host_port(self._server.host, self._server.port)
            self._passed("tcp", f"{where} answers.")
        self._steps.append(
            CheckStep(
                server=self._side,
                step=step,
                ok=False,
                detail=error.sentence,
                remedy=remedy,
                code=error.code,
                certificate=error.certificate,
            )
        )


_BEHIND_TCP = frozenset({"tls", "capabilities", "auth", "login"})
# Where the error itself knows nothing better.
_SUGGESTIONS = {
    "dns": "Check the host name.",
    "tcp": "Check host and port.",
    "tls": "Check port and security with the provider; nothing was sent.",
    "capabilities": "Check host and port; otherwise try again later, or ask the provider.",
    "auth": "Ask the provider how mail programs log in.",
    "login": "Try again later, or ask the provider.",
    "listing": "Try again later, or ask the provider.",
}
_STEP_OF_CODE = {"certificate": "tls", "cleartext": "tls", "downgrade": "auth"}


def _step_of(error: NetError, under_way: str) -> str:
    if isinstance(error, UnreachableError):
        return "dns" if error.code == "no-such-host" else "tcp"
    if isinstance(error, TlsError):
        return "tls"
    if isinstance(error, AuthenticationError):
        return "auth" if error.code == "no-mechanism" else "login"
    return "capabilities" if under_way == "tcp" else under_way


def _tls(stream: Stream) -> str:
    tls = stream.tls
    if tls is None or tls.peer_certificate is None:
        return "not encrypted"
    shown = Certificate.read(tls.peer_certificate)
    pinned = "; accepted by its fingerprint alone" if tls.pinned else ""
    return (
        f"{tls.version}, {tls.cipher}; certificate of {shown.subject} for {shown.names}, by"
        f" {shown.issuer}, valid {shown.valid}{pinned}"
    )


def _offered(client: ImapClient | Pop3Client | SmtpClient) -> frozenset[str]:
    if isinstance(client, ImapClient):
        return client.capabilities
    if isinstance(client, Pop3Client):
        return frozenset(client.capabilities.parameters)
    return frozenset(client.extensions.keywords)


def _ways(client: ImapClient | Pop3Client | SmtpClient, auth: str) -> str:
    """What could be used, best first, and what it exposes."""
    by_exposure: dict[str, list[str]] = {}
    for one in client.ways(auth):
        by_exposure.setdefault(one.exposure.value, []).append(one.mechanism)
    return "; ".join(f"{', '.join(names)}: {what}" for what, names in by_exposure.items())


async def _listing(client: ImapClient | Pop3Client | SmtpClient) -> str:
    if isinstance(client, ImapClient):
        count = len(await client.list())
        return f"{count} mailbox" if count == 1 else f"{count} mailboxes"
    if isinstance(client, Pop3Client):
        count = (await client.stat()).count
        return f"{count} message" if count == 1 else f"{count} messages"
    return ""


async def _leave(client: ImapClient | Pop3Client | SmtpClient) -> None:
    if isinstance(client, ImapClient):
        await client.logout()
    else:
        await client.quit()
