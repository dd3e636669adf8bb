"""The door to an engine in another process, at its address."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import TYPE_CHECKING

from desktopmail import __version__
from desktopmail.door.address import (
    LOOPBACK_HOST,
    LoopbackAddress,
    SocketAddress,
    read_port,
    refuse_open_folder,
)
from desktopmail.door.admission import NONCE_OCTETS, Applicant
from desktopmail.door.changes import StoreTrouble
from desktopmail.door.frames import (
    AnswerFrame,
    CancelFrame,
    ChangeFrame,
    ClientFrame,
    CommandFrame,
    ErrorFrame,
    FrameError,
    Hello,
    OutcomeFrame,
    QueryFrame,
    encode,
    engine_decoder,
)
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.transport import both_ways

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.door.address import Address
    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.frames import EngineFrame
    from desktopmail.door.queries import AnyAnswer, AnyQuery

HELLO_TIMEOUT_S = 10.0
ADMISSION_TIMEOUT_S = 5.0


class RemoteDoor(asyncio.Protocol):
    """A `Door` over a connection; made by `connect`.

    Attributes:
        gone: Done when the connection ended, whoever ended it.
        engine_pid: The process that is spoken to.
        died: Called when the engine ended the connection and not we.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.gone = asyncio.Event()
        self.engine_pid = 0
        self.died: Callable[[], None] | None = None
        self._has_left = False
        self._greeted: asyncio.Future[None] = loop.create_future()
        self._decoder = engine_decoder()
        self._waiting: dict[int, asyncio.Future[OutcomeFrame | AnswerFrame]] = {}
        self._listeners: list[Callable[[AnyChange], None]] = []
        self._trouble = StoreTrouble()
        self._transport: asyncio.Transport | None = None
        self._next = 1

    # The door

    async def command(self, command: AnyCommand) -> Outcome:
        """Have a command journaled and begun; see `Door.command`."""
        frame = await self._ask(lambda number: CommandFrame(number=number, command=command))
        if not isinstance(frame, OutcomeFrame):
            raise EngineGoneError("The engine answered something else than it was asked.")
        return frame.outcome

    async def query(self, query: AnyQuery) -> AnyAnswer:
        """Ask something; see `Door.query`."""
        frame = await self._ask(lambda number: QueryFrame(number=number, query=query))
        if not isinstance(frame, AnswerFrame):
            raise EngineGoneError("The engine answered something else than it was asked.")
        return frame.answer

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        """Have changes told; see `Door.subscribe`."""
        self._listeners.append(listener)
        if self._trouble.what:
            listener(self._trouble)
        return lambda: self._listeners.remove(listener)

    async def aclose(self) -> None:
        """Leave; the engine goes on for its other clients."""
        self._has_left = True
        if self._transport is not None:
            self._transport.close()
            await self.gone.wait()

    # The protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the engine."""
        self._transport = both_ways(transport)
        self._transport.write(encode(Hello(pid=os.getpid())))

    def data_received(self, data: bytes) -> None:
        """Settle what was waited for, and tell changes."""
        try:
            for frame in self._decoder.receive(data):
                self._take(frame)
        except FrameError as error:
            self._fail(EngineGoneError(f"The engine cannot be understood: {error}."))
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The engine ended, or we left."""
        reason = f" ({exc})" if exc else ""
        self._fail(
            EngineGoneError(
                f"The engine ended while it was spoken to{reason}.",
                remedy="It is started again; what it had acknowledged is safe.",
                code="engine-gone",
            )
        )
        self.gone.set()
        if self.died is not None and not self._has_left:
            self.died()

    async def _ask(self, make: Callable[[int], ClientFrame]) -> OutcomeFrame | AnswerFrame:
        if self._transport is None or self._transport.is_closing():
            raise EngineGoneError("The engine has ended.", code="engine-gone")
        number, self._next = self._next, self._next + 1
        future: asyncio.Future[OutcomeFrame | AnswerFrame]
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._transport.write(encode(make(number)))
        try:
            return await future
        except asyncio.CancelledError:
            if not self._transport.is_closing():
                self._transport.write(encode(CancelFrame(number=number)))
            raise
        finally:
            self._waiting.pop(number, None)

    def _take(self, frame: EngineFrame) -> None:
        match frame:
            case Hello():
                self.engine_pid = frame.pid
                if frame.version == __version__:
                    self._settle_greeting(None)
                else:
                    self._settle_greeting(_other_version(frame.version))
            case ChangeFrame():
                if isinstance(frame.change, StoreTrouble):
                    self._trouble = frame.change
                for listener in list(self._listeners):
                    listener(frame.change)
            case ErrorFrame():
                error = DoorError(
                    frame.sentence,
                    remedy=frame.remedy,
                    code=frame.code,
                    certificate=frame.certificate,
                )
                self._settle(frame.number, error)
            case OutcomeFrame() | AnswerFrame():
                self._settle(frame.number, frame)

    def _settle(self, number: int, result: OutcomeFrame | AnswerFrame | DoorError) -> None:
        future = self._waiting.get(number)
        if future is None or future.done():
            return  # it was cancelled
        if isinstance(result, DoorError):
            future.set_exception(result)
        else:
            future.set_result(result)

    def _settle_greeting(self, error: DoorError | None) -> None:
        if self._greeted.done():
            return
        if error is None:
            self._greeted.set_result(None)
        else:
            self._greeted.set_exception(error)

    def _fail(self, error: EngineGoneError) -> None:
        self._settle_greeting(error)
        for number in list(self._waiting):
            self._settle(number, error)

    async def greeted(self) -> None:
        """Wait for the greeting of the engine."""
        await self._greeted


async def connect(address: Address) -> RemoteDoor:
    """Connect to the engine that listens at an address.

    Raises:
        OSError: Nobody listens there.
        EngineGoneError: Somebody else listens there, or the engine is just ending.
        DoorError: It is an engine of another version, or none, or others may have made its socket.
    """
    door = RemoteDoor()
    await reach(address, door)
    try:
        await asyncio.wait_for(door.greeted(), HELLO_TIMEOUT_S)
    except TimeoutError as error:
        await door.aclose()
        raise DoorError(
            f"The engine ({address.path}) does not answer.",
            remedy="End that process and start again.",
            code="engine-silent",
        ) from error
    except BaseException:
        await door.aclose()
        raise
    return door


async def reach(address: Address, client: asyncio.Protocol) -> None:
    """Connect a client to the engine that listens at an address.

    Raises:
        OSError: Nobody listens there.
        EngineGoneError: Somebody else does, or one that does not answer, or the engine is ending.
        DoorError: Others may have made the socket.
    """
    loop = asyncio.get_running_loop()
    match address:
        case SocketAddress(path):
            refuse_open_folder(path.parent)
            await loop.create_unix_connection(lambda: client, str(path))
        case LoopbackAddress():
            port = read_port(address)
            applicant = Applicant(port, secrets.token_bytes(NONCE_OCTETS), client)
            await loop.create_connection(lambda: applicant, LOOPBACK_HOST, port.port)
            await _admitted(applicant)


async def _admitted(applicant: Applicant) -> None:
    try:
        await asyncio.wait_for(applicant.admitted, ADMISSION_TIMEOUT_S)
    except TimeoutError as error:
        applicant.leave()
        # An engine that hangs is told from one that died by its lock, when another one is started.
        raise EngineGoneError("Who listens at the engine's port does not answer.") from error
    except BaseException:
        applicant.leave()
        raise


def _other_version(version: str) -> DoorError:
    return DoorError(
        f"The engine that runs is that of desktopmail {version}, this program is {__version__}.",
        remedy="Close the other desktopmail, and start again.",
        code="other-version",
    )
