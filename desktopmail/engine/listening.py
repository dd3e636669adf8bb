"""The engine listens: clients come and go; a slow one is told that it missed something.

What a client has commanded goes on when it leaves, and what it has asked ends: only it would know.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from typing import TYPE_CHECKING

from desktopmail.door.address import (
    LOOPBACK_HOST,
    TOKEN_OCTETS,
    LoopbackAddress,
    Port,
    SocketAddress,
    refuse_open_folder,
    write_port,
)
from desktopmail.door.changes import EverythingChanged, StoreTrouble
from desktopmail.door.frames import (
    AnswerFrame,
    CancelFrame,
    ChangeFrame,
    CommandFrame,
    ErrorFrame,
    FrameError,
    Hello,
    OutcomeFrame,
    QueryFrame,
    client_decoder,
    encode,
)
from desktopmail.door.interface import Door, DoorError
from desktopmail.door.transport import both_ways
from desktopmail.engine.admission import Admission
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from desktopmail.door.address import Address
    from desktopmail.door.changes import AnyChange
    from desktopmail.door.frames import ClientFrame, EngineFrame

# So much may wait for a client that does not read; then changes are dropped, and it is told so.
MAX_UNREAD_OCTETS = 1024 * 1024
_REMEDIES = {
    SocketAddress: "Check the folder, or set XDG_RUNTIME_DIR to another one.",
    LoopbackAddress: "Check the folder, and whether programs may listen on 127.0.0.1.",
}


class Listener:
    """Listens for clients and serves the door to them.

    Attributes:
        clients: Those that are connected now.
        idle: Set while there is no client, and nothing goes on that one has commanded.
        trouble: What keeps the store from being written now.
    """

    def __init__(
        self, door: Door, address: Address, *, report: Callable[[str, Exception], None]
    ) -> None:
        self._door = door
        self._address = address
        self._server: asyncio.Server | None = None
        self._admission: Admission | None = None
        self._is_published = False  # what stands at the address is ours
        self._scope = TaskScope(report)
        self._commands: set[asyncio.Task[None]] = set()  # that are being carried out
        self.clients: set[_Client] = set()
        self.idle = asyncio.Event()
        self.busy = asyncio.Event()
        self.trouble = StoreTrouble()
        self.idle.set()
        self._unsubscribe = door.subscribe(self._tell)

    async def start(self) -> None:
        """Listen; only this user may connect. The lock of the profile has to be ours.

        Raises:
            DoorError: It is not possible to listen there.
        """
        try:
            match self._address:
                case SocketAddress(path):
                    await self._start_on_socket(path)
                case LoopbackAddress():
                    await self._start_on_loopback(self._address)
        except OSError as error:
            raise DoorError(
                f"The engine cannot listen at {self._address.path}: {error.strerror or error}.",
                remedy=_REMEDIES[type(self._address)],
                code="no-socket",
            ) from error

    async def aclose(self) -> None:
        """Stop listening, end what is being carried out, and send all clients away."""
        self._unsubscribe()
        if self._server is not None:
            self._server.close()
        if self._admission is not None:
            self._admission.close()
        await self._scope.close()
        for client in list(self.clients):
            client.close()
        if self._is_published:
            self._address.path.unlink(missing_ok=True)

    async def _start_on_socket(self, path: Path) -> None:
        bound = _bind(path)
        self._is_published = True
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_unix_server(self._serve, sock=bound)
        except BaseException:
            bound.close()
            raise

    async def _start_on_loopback(self, address: LoopbackAddress) -> None:
        token = secrets.token_bytes(TOKEN_OCTETS)
        self._admission = Admission(token, self._serve)
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows others could bind it, too
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            bound.bind((LOOPBACK_HOST, 0))
            # Who reads it before we listen is refused, and tries again.
            write_port(address, Port(port=bound.getsockname()[1], token=token))
            self._is_published = True
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._admission.stranger, sock=bound)
        except BaseException:
            bound.close()
            raise

    def joined(self, client: _Client) -> None:
        """A client has come."""
        self.clients.add(client)
        client.tell_trouble(self.trouble)
        self.busy.set()
        self._look()

    def left(self, client: _Client) -> None:
        """A client has gone."""
        self.clients.discard(client)
        if not self.clients:
            self.busy.clear()
        self._look()

    def begin(
        self, answer: Coroutine[None, None, None], *, name: str, is_command: bool
    ) -> asyncio.Task[None] | None:
        """Carry out what a client wants; None where the engine ends."""
        task = self._scope.spawn(answer, name=name)
        if task is not None and is_command:
            self._commands.add(task)
            task.add_done_callback(self._carried_out)
        return task

    def _carried_out(self, task: asyncio.Task[None]) -> None:
        self._commands.discard(task)
        self._look()

    def _look(self) -> None:
        if self.clients or self._commands:
            self.idle.clear()
        else:
            self.idle.set()

    def _serve(self) -> _Client:
        return _Client(self, self._door)

    def _tell(self, change: AnyChange) -> None:
        if isinstance(change, StoreTrouble):
            self.trouble = change
        if not self.clients:
            return
        octets = encode(ChangeFrame(change=change))
        for client in self.clients:
            client.tell(octets)


class _Client(asyncio.Protocol):
    """One client: commands run side by side, each answered under its number."""

    def __init__(self, listener: Listener, door: Door) -> None:
        self._listener = listener
        self._door = door
        self._decoder = client_decoder()
        self._transport: asyncio.Transport | None = None
        self._running: dict[int, asyncio.Task[None]] = {}
        self._queries: set[int] = set()  # of those that run
        self._is_slow = False
        self._missed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = both_ways(transport)
        self._transport.set_write_buffer_limits(high=MAX_UNREAD_OCTETS)
        self._write(Hello(pid=os.getpid()))
        self._listener.joined(self)

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._decoder.receive(data):
                self._take(frame)
        except FrameError:
            if self._transport is not None:
                self._transport.abort()  # it speaks something else; the others go on

    def pause_writing(self) -> None:
        self._is_slow = True

    def resume_writing(self) -> None:
        self._is_slow = False
        if self._missed:
            self._missed = False
            self._write(ChangeFrame(change=EverythingChanged()))
            self._write(ChangeFrame(change=self._listener.trouble))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        for number in self._queries:
            self._running[number].cancel()
        self._listener.left(self)

    def tell(self, octets: bytes) -> None:
        """Send a change, or remember that one was missed."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_slow:
            self._missed = True
        else:
            self._transport.write(octets)

    def tell_trouble(self, trouble: StoreTrouble) -> None:
        """Tell one who comes what keeps the store from being written, if anything does."""
        if trouble.what:
            self._write(ChangeFrame(change=trouble))

    def close(self) -> None:
        """Send it away."""
        if self._transport is not None:
            self._transport.close()

    def _take(self, frame: ClientFrame) -> None:
        match frame:
            case Hello():
                return  # it compares the versions, and says so to its person
            case CancelFrame():
                task = self._running.get(frame.number)
                if task is not None:
                    task.cancel()
            case CommandFrame() | QueryFrame():
                is_command = isinstance(frame, CommandFrame)
                name = type(frame.command if isinstance(frame, CommandFrame) else frame.query)
                task = self._listener.begin(
                    self._answer(frame), name=name.__name__, is_command=is_command
                )
                if task is not None:
                    self._running[frame.number] = task
                    if not is_command:
                        self._queries.add(frame.number)

    async def _answer(self, frame: CommandFrame | QueryFrame) -> None:
        try:
            if isinstance(frame, CommandFrame):
                outcome = await self._door.command(frame.command)
                self._write(OutcomeFrame(number=frame.number, outcome=outcome))
            else:
                answer = await self._door.query(frame.query)
                self._write(AnswerFrame(number=frame.number, answer=answer))
        except DoorError as error:
            self._refuse(frame.number, error)
        except Exception as error:
            self._refuse(
                frame.number,
                DoorError(
                    f"The engine failed in itself: {type(error).__name__}: {error}.",
                    remedy="Look into the engine's log, and tell us.",
                    code="bug",
                ),
            )
            raise
        finally:
            self._running.pop(frame.number, None)
            self._queries.discard(frame.number)

    def _refuse(self, number: int, error: DoorError) -> None:
        self._write(
            ErrorFrame(
                number=number,
                sentence=error.sentence,
                remedy=error.remedy,
                code=error.code,
                certificate=error.certificate,
            )
        )

    def _write(self, frame: EngineFrame) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(frame))


def _bind(path: Path) -> socket.socket:
    """Make a socket that this user alone may connect to."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_open_folder(path.parent)
    path.unlink(missing_ok=True)  # whoever left it behind has died: the lock of the profile is ours
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        # In time, as nobody listens yet; a umask would be that of each thread of the process.
        path.chmod(0o600)
    except BaseException:
        bound.close()
        raise
    return bound
