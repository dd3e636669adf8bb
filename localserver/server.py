"""A running server: everything wired together, started, and stopped with nothing lost."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.net.errors import TlsError
from desktopmail.net.tls import ServerTls
from desktopmail.tasks import TaskScope
from localserver import tls
from localserver.changes import Changes
from localserver.config import sharing
from localserver.context import ServerContext
from localserver.credentials import LayeredCredentials, MemoryCredentials
from localserver.effects import StoreEffects
from localserver.faults import Faults
from localserver.listener import close_listeners, open_listeners
from localserver.lock import lock_folder
from localserver.queue.capture import CapturingOutbound
from localserver.ready import FILE_IN_FOLDER, Ready
from localserver.sessions import Sessions
from localserver.spool import sweep as sweep_spool
from localserver.store.interface import StoreLimits
from localserver.store.sqlite import SqliteStore, open_store
from localserver.submission.policy import make_policy
from localserver.transcript import Transcript
from localserver.users import UserError, Users, check_name

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterable

    from desktopmail.file_lock import FileLock
    from desktopmail.net.listen import Listener
    from desktopmail.net.ports import Ports
    from localserver.api.service import AdministrationService
    from localserver.config import Config
    from localserver.credential_table import TableCredentials
    from localserver.faults import Fault
    from localserver.queue.outbound import Outbound

_SWEEP_S = 5.0
_RENEWAL_CHECK_S = 6 * 3600.0
_GRACE_S = 3.0
_LOG = logging.getLogger("localserver")


class Server:
    """One server; made by `start_server`.

    Attributes:
        context: What its sessions are given.
        sessions: Who is connected.
        ports: Port of each protocol that is served.
        ca_file: The authority to trust, None without TLS.
        token: Of the administration API.
        started: When.
        stopping: Set when somebody asks for the end, for whoever runs the server; None when nobody
            waits for it.
    """

    def __init__(
        self,
        context: ServerContext,
        sessions: Sessions,
        store: SqliteStore,
        ca_file: Path | None,
    ) -> None:
        self.context = context
        self.sessions = sessions
        self.store = store
        self.ca_file = ca_file
        self.ports: dict[str, int] = {}
        self.token = ""
        self.started = context.ports.clock.now()
        self.stopping: asyncio.Event | None = None
        self._listeners: dict[str, Listener] = {}
        self._api: AdministrationService | None = None
        self._credentials: TableCredentials | None = None
        self._lock: FileLock | None = None
        self._temporary: Path | None = None

    @property
    def ready(self) -> Ready:
        """What programs that start the server wait for."""
        return Ready(
            ports=self.ports,
            ca_file=None if self.ca_file is None else str(self.ca_file.absolute()),
            token=self.token,
            domain=self.context.config.domain,
            host=self.context.config.host,
            pid=os.getpid(),
        )

    async def aclose(self, *, grace_s: float = _GRACE_S) -> None:
        """Accept no more, let running commands end, write what was acknowledged, and close."""
        if self._api is not None:
            await self._api.aclose()
        await close_listeners(self._listeners, self.sessions, grace_s=grace_s)
        await self.context.scope.close()
        if self.context.outbound is not None:
            await self.context.outbound.aclose()
        await self.store.aclose()
        if self._credentials is not None:
            await self._credentials.aclose()
        if self._lock is not None:
            if self.context.data is not None:
                (self.context.data / FILE_IN_FOLDER).unlink(missing_ok=True)
            self._lock.release()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


async def start_server(
    config: Config,
    ports: Ports,
    *,
    users: Iterable[tuple[str, str]] = (),
    plan: Iterable[Fault] = (),
    failure_delay_s: float = 0.5,
) -> Server:
    """Start a server and return when every listener is bound.

    Args:
        config: What to serve; `config.data` is made when it does not exist.
        ports: Clock, entropy, threads and the network.
        users: Names and passwords that hold for this run; they are not written to the disk.
        plan: What shall go wrong.
        failure_delay_s: Waited after a wrong password.

    Raises:
        ListenError: A port is in use.
        LockedError: Another server works on the folder.
        DamagedError: A database is damaged.
        TlsError: The certificate cannot be read.
        UserError: A name cannot be a user's, or the configuration names a user who is not there.
        ConfigError: A capability that is switched off does not exist, or two protocols are to have
            the same port.
        OSError: The folder cannot be used.
    """
    if config.without:
        from localserver.capabilities import check  # the sessions of all protocols: see `serve`

        check(config.without)
    if (two := sharing(config.listen)) is not None:
        from localserver.config_file import ConfigError  # reads TOML, which few configurations are

        port = config.listen[two[0]]
        raise ConfigError(f"{two[0]} and {two[1]} cannot both have port {port}; move one of them.")
    lock = None if config.data is None else lock_folder(config.data)
    temporary = Path(tempfile.mkdtemp(prefix="localserver-")) if config.data is None else None
    table: TableCredentials | None = None
    store: SqliteStore | None = None
    scope = TaskScope(_report)
    server: Server | None = None
    try:
        folder = config.data or temporary or Path()
        if config.data is not None:
            # Argon2 and its database are loaded only for a server that keeps its users.
            from localserver.credential_table import open_credentials

            table = await open_credentials(config.data, ports)
        memory = _command_line_users(users, ports, table)
        credentials = memory if table is None else LayeredCredentials([memory, table])
        changes = Changes()
        people = Users(
            config, credentials, ports.clock, decoy_key=ports.entropy.token(32),
            failure_delay_s=failure_delay_s, changes=changes,
        )  # fmt: skip
        people.check_configured()
        server_tls, ca_file = _tls(config, folder / "tls", ports)
        faults = Faults(ports.clock, changes=changes, without=config.without, first=tuple(plan))
        limits = StoreLimits(
            quota_octets=config.quota_octets, max_message_octets=config.max_message_octets
        )
        store = await open_store(
            config.data,
            ports,
            limits=limits,
            known=lambda name: people.find(name) is not None,
            quota_of=credentials.quota_octets,
            changes=changes,
        )
        await store.check([user.name for user in people.all()])
        faults.effects = StoreEffects(store, folder / "wrong", ports.clock)
        sessions = Sessions(config.limits, ports.clock, changes)
        people.on_login(lambda peer, user: sessions.logged_in(peer, user.name))
        context = ServerContext(
            config=config, users=people, store=store, ports=ports, tls=server_tls, faults=faults,
            scope=scope, log=_LOG, transcript=Transcript(ports.clock), data=config.data,
            changes=changes,
        )  # fmt: skip
        context = replace(context, policy=make_policy(config, ports))
        if config.data is not None:
            sweep_spool(config.data)
        context = replace(context, outbound=await _outbound(context))
        server = Server(context, sessions, store, ca_file)
        server._credentials, server._lock, server._temporary = table, lock, temporary  # noqa: SLF001
        await _open(server)
    except BaseException:
        if server is not None:
            await server.aclose(grace_s=0.0)
        else:
            await _undo(scope, store, table, lock, temporary)
        raise
    return server


async def _open(server: Server) -> None:
    context = server.context
    server._listeners = await open_listeners(context, server.sessions)  # noqa: SLF001
    server.ports = {name: listener.port for name, listener in server._listeners.items()}  # noqa: SLF001
    if "api" in context.config.listen:
        # To import it takes 0.3 s: in a thread, so that mail is served meanwhile.
        open_service = await context.ports.executor.run(_imported_service)
        server.token = context.ports.entropy.token(24).hex()
        server._api = await open_service(server)  # noqa: SLF001
        server.ports["api"] = server._api.port  # noqa: SLF001
        if context.data is not None:
            server.ready.write(context.data / FILE_IN_FOLDER)
    context.scope.spawn(_sweep(server), name="connections without a login")
    context.scope.spawn(
        server.store.look_through(lambda error: _LOG.error("%s", error)), name="a look for damage"
    )
    if context.config.certificate is None and context.data is not None and context.tls is not None:
        context.scope.spawn(_renew(context), name="renewal of the certificate")


def _imported_service() -> Callable[[Server], Awaitable[AdministrationService]]:
    from localserver.api.service import open_service

    return open_service


async def _outbound(context: ServerContext) -> Outbound:
    if context.config.relay == "capture":
        return CapturingOutbound(context.store)
    # A relay needs DNS and an SMTP client: 200 ms that a capturing server does not pay.
    from localserver.queue.open import open_outbound

    return await open_outbound(context)


def _command_line_users(
    users: Iterable[tuple[str, str]], ports: Ports, table: TableCredentials | None
) -> MemoryCredentials:
    named: dict[str, str] = {}
    for name, password in users:
        canonical = name.partition("@")[0].lower()
        check_name(canonical)
        if not password:
            raise UserError(f"The user {name!r} needs a password: NAME:PASSWORD.")
        named[canonical] = password
    if table is None:
        return MemoryCredentials(ports.entropy, named)
    return MemoryCredentials(ports.entropy, named, iterations=table.iterations)


def _tls(config: Config, folder: Path, ports: Ports) -> tuple[ServerTls | None, Path | None]:
    if not config.offers("TLS"):
        return None, None
    if config.certificate is not None:
        key = config.key or config.certificate
        own = ServerTls(config.certificate, key, config.client_ca, report=_LOG.warning)
        own.load()
        return own, None
    names = tls.wanted_names(config.domain, config.host)
    try:
        tls.ensure(folder, names, ports.clock.now())
    except OSError as error:
        raise TlsError(
            f"The certificate in {folder} cannot be written: {error.strerror}.",
            remedy="Make the folder writable.",
            code="tls-files",
        ) from error
    own_files = folder / tls.CERTIFICATE_FILE, folder / tls.KEY_FILE
    server_tls = ServerTls(*own_files, config.client_ca, report=_LOG.warning)
    server_tls.load()
    return server_tls, folder / tls.CA_FILE


async def _sweep(server: Server) -> None:
    while True:
        await server.context.ports.clock.sleep(_SWEEP_S)
        server.sessions.sweep()


async def _renew(context: ServerContext) -> None:
    while True:
        await context.ports.clock.sleep(_RENEWAL_CHECK_S)
        if context.data is not None:
            names = tls.wanted_names(context.config.domain, context.config.host)
            try:
                tls.ensure(context.data / "tls", names, context.ports.clock.now())
            except OSError as error:  # a full disk, say: there are thirty days to try again
                context.log.warning("the certificate could not be renewed: %s", error)


async def _undo(
    scope: TaskScope,
    store: SqliteStore | None,
    table: TableCredentials | None,
    lock: FileLock | None,
    temporary: Path | None,
) -> None:
    await scope.close()
    if store is not None:
        await store.aclose()
    if table is not None:
        await table.aclose()
    if lock is not None:
        lock.release()
    if temporary is not None:
        shutil.rmtree(temporary, ignore_errors=True)


def _report(name: str, error: Exception) -> None:
    _LOG.error("%s failed", name, exc_info=error)
