"""The sandbox: the bundled server as a process of its own, two users, and sample mail for them.

It is an ordinary server to everything else: the engine talks to it over TLS on loopback, and
whoever has its token (`Sandbox.state`) administers it over HTTP, where it can be stopped, too.
Started again, it has the same ports, users and mail. It ends with the engine, also with one that is
killed: its standard input is a pipe from us, whose end it reads then. Beside it waits a process for
the same (`sweeper.py`), and takes the folder away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from desktopmail import resources
from desktopmail.door.commands import AddAccount, Password, ServerSettings
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import Discovered, DiscoveredAccount, SandboxState
from desktopmail.door.rows import Kind, Security
from desktopmail.engine.errors import door_error
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.errors import NetError, RefusedError
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.flags import flag
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.door.ids import AccountId
    from desktopmail.net.ports import Ports

START_TIMEOUT_S = 30.0
_POLL_S = 0.05
_HOST = "localhost"
_PASSWORD_OCTETS = 12
_INCOMING = {Kind.IMAP: "imaps", Kind.POP3: "pop3s"}
_SERVICES = ("smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps", "api")


class _User(msgspec.Struct, frozen=True):
    name: str
    display_name: str
    protocol: str
    mailboxes: tuple[str, ...] = ()


class _Message(msgspec.Struct, frozen=True):
    user: str
    file: str
    mailbox: str
    date: datetime
    flags: tuple[str, ...] = ()


class Index(msgspec.Struct, frozen=True):
    """What `resources/demo/index.toml` says."""

    domain: str
    user: tuple[_User, ...]
    message: tuple[_Message, ...]


class _Ready(msgspec.Struct, frozen=True):
    ports: dict[str, int]
    ca_file: str
    domain: str = ""
    token: str = ""


# Of the folder of a sandbox, which also holds the certificate that its server shows.
_PREFIX = "desktopmail-sandbox-"


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    ready: _Ready


class Sandbox:
    """A server with sample mail.

    Attributes:
        account_ids: Of the accounts that were made for its users.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._ready_file = self._folder / "ready.json"
        self._index = _load_index()
        self._passwords = {
            user.name: ports.entropy.token(_PASSWORD_OCTETS).hex() for user in self._index.user
        }
        self._running: _Running | None = None
        self._sweeper: subprocess.Popen[bytes] | None = None
        self.account_ids: tuple[AccountId, ...] = ()

    async def start(self) -> None:
        """Start the server and give its users their mail.

        Raises:
            DoorError: It did not start.
        """
        try:
            self._sweeper = _spawn(
                ["desktopmail.engine.sweeper", str(self._folder), str(self._ready_file)]
            )
            self._running = await self._serve(dict.fromkeys(_SERVICES, 0))
            for user in self._index.user:
                await self._fill(user, self._running.ready)
        except NetError as error:
            await self.aclose()
            raise door_error(error) from error
        except BaseException:
            await self.aclose()
            raise

    @property
    def is_running(self) -> bool:
        """Whether the server's process is there."""
        return self._running is not None and self._running.process.poll() is None

    async def start_again(self) -> None:
        """Start a server that was stopped, with its ports, users and mail.

        Raises:
            DoorError: It did not start, or never ran.
        """
        if self._running is None:
            raise DoorError("The sandbox does not run.", code="no-sandbox")
        await self._ports.executor.run(_stop, self._running.process)
        self._running = await self._serve(self._running.ready.ports)

    def state(self) -> SandboxState:
        """Where its administration API is, as long as it runs."""
        if self._running is None or not self.is_running:
            return SandboxState(running=False)
        ready = self._running.ready
        return SandboxState(running=True, api_port=ready.ports["api"], token=Password(ready.token))

    async def aclose(self) -> None:
        """Stop the server and remove what it needed."""
        running, self._running = self._running, None
        sweeper, self._sweeper = self._sweeper, None
        if running is not None:
            await self._ports.executor.run(_stop, running.process)
        shutil.rmtree(self._folder, ignore_errors=True)
        if sweeper is not None:
            await self._ports.executor.run(_stop, sweeper)

    def account_commands(self) -> list[AddAccount]:
        """The accounts of its users, for the engine to add."""
        if self._running is None:
            raise DoorError("The sandbox does not run.", code="no-sandbox")
        ready = self._running.ready
        return [self._account(user, ready) for user in self._index.user]

    def is_home_of(self, address: str) -> bool:
        """Whether an address is one of its users'."""
        name, _, domain = address.lower().rpartition("@")
        is_user = any(user.name == name for user in self._index.user)
        return self._running is not None and is_user and domain == self._index.domain

    @staticmethod
    def has_server(server: ServerSettings) -> bool:
        """Whether a server is that of a sandbox, this one or an earlier one."""
        folders = Path(server.ca_file).parts if server.ca_file is not None else ()
        return any(name.startswith(_PREFIX) for name in folders)

    def discovered(self, address: str) -> Discovered:
        """Its servers, for an address of a user of it.

        Raises:
            DoorError: It does not run.
        """
        if self._running is None:
            raise DoorError("The sandbox does not run.", code="no-sandbox")
        ready, user = self._running.ready, address.lower().rpartition("@")[0]
        return Discovered(
            accounts=tuple(
                DiscoveredAccount(
                    kind=kind,
                    incoming=_server(user, ready, service),
                    outgoing=_server(user, ready, "submissions"),
                    source="the sandbox",
                )
                for kind, service in _INCOMING.items()
            )
        )

    def _account(self, user: _User, ready: _Ready) -> AddAccount:
        address = f"{user.name}@{self._index.domain}"
        kind = Kind(user.protocol)
        return AddAccount(
            name=user.name,
            address=address,
            display_name=user.display_name,
            kind=kind,
            incoming=_server(user.name, ready, _INCOMING[kind]),
            outgoing=_server(user.name, ready, "submissions"),
            password=Password(self._passwords[user.name]),
            check=False,
        )

    async def _serve(self, ports: Mapping[str, int]) -> _Running:
        users = self._folder / "users"
        users.touch(mode=0o600)
        users.write_text("".join(f"{name}:{word}\n" for name, word in self._passwords.items()))
        ready_file = self._ready_file
        ready_file.unlink(missing_ok=True)  # of a server that was killed
        command = [
            "localserver", "serve", "--until-eof", "--data", str(self._folder / "mail"),
            "--host", "127.0.0.1", "--domain", self._index.domain, "--users-file", str(users),
            "--ready-file", str(ready_file),
            # Free ports at first (0): another server, another sandbox may run beside it.
            *(word for service in _SERVICES for word in (f"--{service}", str(ports[service]))),
        ]  # fmt: skip
        with (self._folder / "log").open("wb") as log:
            process = _spawn(command, log)
        waited_s = 0.0
        while waited_s < START_TIMEOUT_S and process.poll() is None:
            if ready_file.exists():
                try:
                    return _Running(
                        process, msgspec.json.decode(ready_file.read_bytes(), type=_Ready)
                    )
                except msgspec.DecodeError:
                    waited_s += _POLL_S  # it is being written
            await self._ports.clock.sleep(_POLL_S)
            waited_s += _POLL_S
        log_text = (self._folder / "log").read_text("utf-8", "replace").strip()
        await self._ports.executor.run(_stop, process)
        said = log_text.splitlines()[-1] if log_text else "it said nothing"
        raise DoorError(
            f"The bundled server did not start: {said}.",
            remedy='Try "localserver serve" in a terminal.',
            code="no-sandbox",
        )

    async def _fill(self, user: _User, ready: _Ready) -> None:
        endpoint = Endpoint(
            _HOST, ready.ports["imaps"], NetSecurity.TLS, ca_file=Path(ready.ca_file)
        )
        client = await ImapClient.connect(endpoint, ports=self._ports)
        try:
            await client.login(user.name, Secret(self._passwords[user.name]))
            there = {row.mailbox for row, _ in await client.list()}
            for path in user.mailboxes:
                if path not in there:
                    await _create(client, path)
            for message in self._index.message:
                if message.user == user.name:
                    octets = resources.path("demo", *message.file.split("/")).read_bytes()
                    names = [flag(name) for name in message.flags]
                    await client.append(message.mailbox, octets, names, message.date)
            await client.logout()
        finally:
            await client.aclose()


def _server(user: str, ready: _Ready, service: str) -> ServerSettings:
    return ServerSettings(
        host=_HOST,
        port=ready.ports[service],
        security=Security.TLS,
        user=user,
        ca_file=ready.ca_file,
    )


async def _create(client: ImapClient, path: str) -> None:
    try:
        await client.create(path)
    except RefusedError as error:
        if "exist" not in str(error).lower():
            raise  # its child made it, or the server has it from the beginning


def _load_index() -> Index:
    return msgspec.convert(
        tomllib.loads(resources.path("demo", "index.toml").read_text("utf-8")), Index
    )


def _spawn(module: list[str], log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a module of ours that ends when its standard input does, as it does with us."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", *module],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if log is None else log,
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let go of a process, and wait until it has finished."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
