"""The engine listens: to this user only, and one bad client never harms another."""

from __future__ import annotations

import asyncio
import errno
import socket
import stat
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.door.address import (
    LOOPBACK_HOST,
    TOKEN_OCTETS,
    Address,
    LoopbackAddress,
    Port,
    SocketAddress,
    read_port,
    write_port,
)
from desktopmail.door.admission import OPENING_OCTETS
from desktopmail.door.changes import AccountsChanged, EverythingChanged, StoreTrouble
from desktopmail.door.commands import Outcome, SetOffline, Undo
from desktopmail.door.frames import (
    AnswerFrame,
    CancelFrame,
    ChangeFrame,
    CommandFrame,
    ErrorFrame,
    Hello,
    OutcomeFrame,
    QueryFrame,
    encode,
    engine_decoder,
)
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.queries import EngineStatus, ReadSandbox, ReadStatus
from desktopmail.door.remote import connect, reach
from desktopmail.engine import admission, listening
from desktopmail.engine.listening import Listener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.frames import EngineFrame
    from desktopmail.door.queries import AnyAnswer, AnyQuery


class SmallDoor:
    """A door that does what the test says."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[AnyChange], None]] = []
        self.held = asyncio.Event()
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def _hold(self) -> None:
        try:
            await self.held.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def command(self, command: AnyCommand) -> Outcome:
        if isinstance(command, Undo):
            match command.token:
                case "refuse":
                    raise DoorError("No.", remedy="Ask again.", code="no-undo")
                case "bug":
                    raise RuntimeError("oops")
                case "hold":
                    await self._hold()
                case _:
                    pass
        return Outcome(label="done")

    async def query(self, query: AnyQuery) -> AnyAnswer:
        if isinstance(query, ReadSandbox):
            self.asked.set()
            await self._hold()
        return EngineStatus(version="1", pid=1, uptime_s=0.0, offline=False)

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, change: AnyChange) -> None:
        for listener in self.listeners:
            listener(change)

    async def aclose(self) -> None:
        raise AssertionError("clients do not close the engine")


class Client(asyncio.Protocol):
    """One client; its frames come into a queue."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[EngineFrame] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.transport: asyncio.Transport
        self._decoder = engine_decoder()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        for frame in self._decoder.receive(data):
            self.frames.put_nowait(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.closed.set()

    async def next(self) -> EngineFrame:
        return await asyncio.wait_for(self.frames.get(), 20)

    def say(self, frame: CommandFrame | QueryFrame | CancelFrame) -> None:
        self.transport.write(encode(frame))


class Bench:
    """A socket with its door, and clients on it."""

    def __init__(self, address: Address) -> None:
        self.door = SmallDoor()
        self.address = address
        self.failures: list[str] = []
        self.listener = Listener(
            self.door, self.address, report=lambda name, _error: self.failures.append(name)
        )
        self._clients: list[Client] = []

    async def client(self) -> Client:
        made = Client()
        await reach(self.address, made)
        self._clients.append(made)
        assert isinstance(await made.next(), Hello)
        return made

    async def aclose(self) -> None:
        await self.listener.aclose()
        for client in self._clients:
            client.transport.abort()
            await asyncio.wait_for(client.closed.wait(), 20)


@asynccontextmanager
async def listening_on(address: Address) -> AsyncIterator[Bench]:
    bench = Bench(address)
    await bench.listener.start()
    try:
        yield bench
    finally:
        await bench.aclose()


@pytest.fixture(params=[SocketAddress, LoopbackAddress])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    (tmp_path / "run").mkdir(mode=0o700)
    made: Address = request.param(tmp_path / "run" / "address")
    return made


async def test_what_says_where_it_listens_is_for_this_user_and_goes_with_it(
    address: Address,
) -> None:
    async with listening_on(address):
        assert stat.S_IMODE(address.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(address.path.parent.stat().st_mode) == 0o700
        assert list(address.path.parent.iterdir()) == [address.path]
    assert list(address.path.parent.iterdir()) == []


async def test_what_other_threads_make_while_it_starts_has_the_mode_that_they_gave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    create, made = loop.create_unix_server, tmp_path / "made"

    async def create_beside(*arguments: Any, **options: Any) -> asyncio.Server:
        await asyncio.to_thread(made.mkdir, mode=0o700)
        return await create(*arguments, **options)

    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setattr(loop, "create_unix_server", create_beside)
    async with listening_on(SocketAddress(tmp_path / "run" / "socket")):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


async def test_a_socket_is_not_put_into_a_folder_that_is_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o755)
    bench = Bench(SocketAddress(tmp_path / "run" / "socket"))
    with pytest.raises(DoorError) as caught:
        await bench.listener.start()
    assert caught.value.code == "no-socket"
    await bench.aclose()


async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for kind in (SocketAddress, LoopbackAddress):
        bench = Bench(kind(tmp_path / "file" / "address"))
        with pytest.raises(DoorError, match=r"cannot listen at .*/file/address") as caught:
            await bench.listener.start()
        assert caught.value.code == "no-socket"
        await bench.aclose()


async def test_what_a_dead_engine_left_behind_is_no_obstacle(address: Address) -> None:
    address.path.write_text("")
    with pytest.raises((OSError, EngineGoneError)):
        await connect(address)
    async with listening_on(address) as bench:
        await bench.client()


async def test_one_that_never_listened_leaves_the_address_to_another(address: Address) -> None:
    async with listening_on(address) as bench:
        second = Bench(address)  # of an engine that found the profile locked
        await second.aclose()
        await bench.client()


async def test_on_loopback_it_listens_to_this_machine_alone(tmp_path: Path) -> None:
    address = LoopbackAddress(tmp_path / "address")
    async with listening_on(address) as bench:
        assert bench.listener._server is not None
        (bound,) = bench.listener._server.sockets
        assert bound.getsockname() == ("127.0.0.1", read_port(address).port)
        before = read_port(address).token
        assert len(before) == TOKEN_OCTETS
    async with listening_on(address):
        assert read_port(address).token != before


async def test_on_loopback_a_port_is_told_before_anybody_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def write(address: LoopbackAddress, port: Port) -> None:
        write_port(address, port)
        with socket.socket() as early:
            seen.append(early.connect_ex((LOOPBACK_HOST, port.port)) == errno.ECONNREFUSED)

    monkeypatch.setattr(listening, "write_port", write)
    async with listening_on(LoopbackAddress(tmp_path / "address")) as bench:
        await bench.client()
    assert seen == [True]


@pytest.mark.parametrize(
    "said", [b"", b"\0" * 63, b"\0" * OPENING_OCTETS, encode(Hello(pid=1)) * 100]
)
async def test_on_loopback_a_stranger_goes_without_a_word_and_is_no_client(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "OPENING_TIMEOUT_S", 0.2)
    address = LoopbackAddress(tmp_path / "address")
    async with listening_on(address) as bench:
        heard = await asyncio.wait_for(
            asyncio.to_thread(heard_by_stranger, read_port(address).port, said), 5
        )
        assert heard == b""
        assert bench.listener.idle.is_set()
        assert not bench.listener.busy.is_set()
        await bench.client()


def heard_by_stranger(port: int, said: bytes) -> bytes:
    with socket.create_connection((LOOPBACK_HOST, port)) as stranger:
        stranger.sendall(said)
        try:
            return stranger.recv(1000)
        except ConnectionResetError:
            return b""


async def test_commands_run_side_by_side_and_answer_under_their_numbers(address: Address) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(CommandFrame(number=1, command=Undo(token="hold")))
        client.say(CommandFrame(number=2, command=SetOffline(offline=True)))
        client.say(QueryFrame(number=3, query=ReadStatus()))
        second, third = await client.next(), await client.next()
        assert isinstance(second, OutcomeFrame)
        assert isinstance(third, AnswerFrame)
        assert (second.number, third.number) == (2, 3)
        bench.door.held.set()
        first = await client.next()
        assert isinstance(first, OutcomeFrame)
        assert first.number == 1


async def test_a_refusal_arrives_with_sentence_remedy_and_code(address: Address) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(CommandFrame(number=1, command=Undo(token="refuse")))
        error = await client.next()
        assert error == ErrorFrame(number=1, sentence="No.", remedy="Ask again.", code="no-undo")
        assert bench.failures == []


async def test_a_bug_is_answered_and_reported_and_the_client_goes_on(address: Address) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(CommandFrame(number=1, command=Undo(token="bug")))
        error = await client.next()
        assert isinstance(error, ErrorFrame)
        assert "RuntimeError: oops" in error.sentence
        client.say(CommandFrame(number=2, command=SetOffline(offline=True)))
        assert isinstance(await client.next(), OutcomeFrame)
        assert bench.failures == ["Undo"]


async def test_what_is_cancelled_is_not_answered(address: Address) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(CommandFrame(number=1, command=Undo(token="hold")))
        client.say(QueryFrame(number=3, query=ReadStatus()))
        assert isinstance(await client.next(), AnswerFrame)  # so the first one has begun
        client.say(CancelFrame(number=1))
        client.say(CancelFrame(number=99))
        await asyncio.wait_for(bench.door.cancelled.wait(), 20)
        client.say(CommandFrame(number=2, command=SetOffline(offline=True)))
        answer = await client.next()
        assert isinstance(answer, OutcomeFrame)
        assert answer.number == 2


async def test_a_client_that_speaks_something_else_goes_and_the_others_stay(
    address: Address,
) -> None:
    async with listening_on(address) as bench:
        good, bad = await bench.client(), await bench.client()
        bad.transport.write(b"\xff\xff\xff\xffGET / HTTP/1.1\r\n\r\n")
        await asyncio.wait_for(bad.closed.wait(), 20)
        good.say(CommandFrame(number=1, command=SetOffline(offline=True)))
        assert isinstance(await good.next(), OutcomeFrame)
        assert len(bench.listener.clients) == 1


async def test_every_client_is_told_of_changes(address: Address) -> None:
    async with listening_on(address) as bench:
        clients = [await bench.client(), await bench.client()]
        bench.door.tell(AccountsChanged())
        told = [await client.next() for client in clients]
        assert told == [ChangeFrame(change=AccountsChanged())] * 2


async def test_who_comes_is_told_what_keeps_the_store_from_being_written(
    address: Address,
) -> None:
    trouble = StoreTrouble(what="The disk is full.", remedy="Make room.")
    async with listening_on(address) as bench:
        bench.door.tell(trouble)
        late = await bench.client()
        assert await late.next() == ChangeFrame(change=trouble)
        bench.door.tell(StoreTrouble())
        assert await late.next() == ChangeFrame(change=StoreTrouble())
        last = await bench.client()
        bench.door.tell(AccountsChanged())
        assert await last.next() == ChangeFrame(change=AccountsChanged())


async def test_a_client_that_does_not_read_is_told_that_it_missed_something(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "MAX_UNREAD_OCTETS", 4096)
    async with listening_on(address) as bench:
        slow = await bench.client()
        slow.transport.pause_reading()
        (served,) = bench.listener.clients
        while not served._is_slow:
            bench.door.tell(AccountsChanged())
        for _ in range(10_000):  # it costs nothing more now
            bench.door.tell(AccountsChanged())
        slow.transport.resume_reading()
        frame = await slow.next()
        while frame == ChangeFrame(change=AccountsChanged()):
            frame = await slow.next()
        assert frame == ChangeFrame(change=EverythingChanged())
        assert await slow.next() == ChangeFrame(change=StoreTrouble())


async def test_the_engine_knows_when_its_last_client_has_left(address: Address) -> None:
    async with listening_on(address) as bench:
        assert bench.listener.idle.is_set()
        client = await bench.client()
        assert not bench.listener.idle.is_set()
        client.transport.close()
        await asyncio.wait_for(bench.listener.idle.wait(), 20)


async def test_what_a_client_commanded_goes_on_when_it_leaves_and_has_the_engine_stay(
    address: Address,
) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(CommandFrame(number=1, command=Undo(token="hold")))
        client.say(CommandFrame(number=2, command=SetOffline(offline=True)))
        await client.next()
        client.transport.close()
        await left(bench)
        assert not bench.listener.idle.is_set()
        bench.door.held.set()
        await asyncio.wait_for(bench.listener.idle.wait(), 20)
        assert not bench.door.cancelled.is_set()


async def test_what_a_client_asked_ends_when_it_leaves(address: Address) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(QueryFrame(number=1, query=ReadSandbox()))
        await asyncio.wait_for(bench.door.asked.wait(), 20)
        client.transport.close()
        await asyncio.wait_for(bench.door.cancelled.wait(), 20)
        await asyncio.wait_for(bench.listener.idle.wait(), 20)


async def test_what_goes_on_for_a_client_that_has_left_ends_with_the_engine(
    address: Address,
) -> None:
    async with listening_on(address) as bench:
        client = await bench.client()
        client.say(CommandFrame(number=1, command=Undo(token="hold")))
        client.say(CommandFrame(number=2, command=SetOffline(offline=True)))
        await client.next()
        client.transport.close()
        await left(bench)
    assert bench.door.cancelled.is_set()


async def left(bench: Bench) -> None:
    """Wait until nobody is there any more."""
    async with asyncio.timeout(20):
        while bench.listener.clients:
            await asyncio.sleep(0.01)
