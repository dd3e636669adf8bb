"""The check of an account: both servers, step by step, each failure one sentence and one remedy."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import CheckReport, CheckStep
from desktopmail.door.rows import Kind
from desktopmail.engine.errors import door_error
from desktopmail.engine.store.account import Account, Learned
from desktopmail.net.errors import AuthenticationError, NetError, TlsError, UnreachableError
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from desktopmail.door.commands import AddAccount, ServerSettings
    from desktopmail.engine.connector import Connector
    from desktopmail.net.stream import Stream

_NOT_SAVED_YET = AccountId(0)


class GivenSecrets:
    """The passwords of an account that is not saved yet."""

    def __init__(self, command: AddAccount, saved: Connector) -> None:
        self._command = command
        self._saved = saved

    async def get(self, account_id: AccountId, side: str, server: ServerSettings) -> Secret:
        """Return the password that was given, or the one of the password file."""
        if server.password_file is not None:
            return await self._saved.secrets.get(account_id, side, server)
        password = self._command.password
        if side == "outgoing" and self._command.outgoing_password is not None:
            password = self._command.outgoing_password
        if password is None:
            raise DoorError("No password was given.", code="no-password")
        return Secret(password.text)


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
    trying = dataclasses.replace(connector, secrets=GivenSecrets(command, connector))
    report = await check(account, trying)
    for step in report.steps:
        if not step.ok:
            raise DoorError(step.detail, remedy=step.remedy, code=step.code or "check-failed")


async def check(account: Account, connector: Connector) -> CheckReport:
    """Go through both servers; the steps of the outgoing one follow those of the incoming."""
    incoming = _imap(account, connector) if account.kind is Kind.IMAP else _pop3(account, connector)
    return CheckReport(
        steps=(
            *await _steps("incoming", account.incoming, incoming),
            *await _steps("outgoing", account.outgoing, _smtp(account, connector)),
        )
    )


async def _steps(
    side: str, server: ServerSettings, trial: Awaitable[list[tuple[str, str]]]
) -> list[CheckStep]:
    """Steps that worked, and the one that did not."""
    try:
        done = await trial
    except NetError as error:
        known = door_error(error)
        step = _step_of(error)
        return [
            *_before(side, server, step),
            CheckStep(
                server=side,
                step=step,
                ok=False,
                detail=known.sentence,
                remedy=known.remedy,
                code=known.code,
            ),
        ]
    except DoorError as error:
        return [
            CheckStep(
                server=side,
                step="login",
                ok=False,
                detail=error.sentence,
                remedy=error.remedy,
                code=error.code,
            )
        ]
    return [
        *_before(side, server, "tls"),
        *(CheckStep(server=side, step=step, ok=True, detail=detail) for step, detail in done),
    ]


def _before(side: str, server: ServerSettings, step: str) -> list[CheckStep]:
    order = ["dns", "tcp", "tls"]
    reached = order[: order.index(step)] if step in order else order[:2]
    details = {
        "dns": f"{server.host} has an address.",
        "tcp": f"Port {server.port} of {server.host} is open.",
    }
    return [CheckStep(server=side, step=one, ok=True, detail=details[one]) for one in reached]


def _step_of(error: NetError) -> str:
    if isinstance(error, UnreachableError):
        return "dns" if error.code == "no-such-host" else "tcp"
    if isinstance(error, TlsError):
        return "tls"
    return "login" if isinstance(error, AuthenticationError) else "capabilities"


def _tls(stream: Stream) -> tuple[str, str]:
    tls = stream.tls
    return ("tls", f"{tls.version}, {tls.cipher}" if tls else "not encrypted")


async def _pop3(account: Account, connector: Connector) -> list[tuple[str, str]]:
    client, choice = await connector.pop3_with_choice(account)
    try:
        found = await client.stat()
        await client.quit()
    finally:
        await client.aclose()
    return [
        _tls(client.stream),
        ("auth", f"{choice.mechanism}: {choice.exposure.value}"),
        ("login", "logged in"),
        ("listing", f"{found.count} messages"),
    ]


async def _imap(account: Account, connector: Connector) -> list[tuple[str, str]]:
    client, choice = await connector.imap_with_choice(account)
    try:
        found = await client.list()
        capabilities = " ".join(sorted(str(one) for one in client.capabilities))
        await client.logout()
    finally:
        await client.aclose()
    return [
        _tls(client.stream),
        ("capabilities", capabilities),
        ("auth", f"{choice.mechanism}: {choice.exposure.value}" if choice else "none needed"),
        ("login", "logged in"),
        ("listing", f"{len(found)} mailboxes"),
    ]


async def _smtp(account: Account, connector: Connector) -> list[tuple[str, str]]:
    client, choice = await connector.smtp_with_choice(account)
    try:
        await client.quit()
    finally:
        await client.aclose()
    return [
        _tls(client.stream),
        ("auth", f"{choice.mechanism}: {choice.exposure.value}"),
        ("login", "logged in"),
    ]
