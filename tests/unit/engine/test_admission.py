"""Who connects to an engine on loopback is let in for the token, and for nothing else."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.address import LOOPBACK_HOST, TOKEN_OCTETS
from desktopmail.door.admission import NONCE_OCTETS, OPENING_OCTETS, answer, opening
from desktopmail.engine import admission
from desktopmail.engine.admission import MAX_WAITING, Admission

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = bytes(range(TOKEN_OCTETS))
NONCE = b"n" * NONCE_OCTETS


class Served(asyncio.Protocol):
    """Says that it is there, and says everything again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"in:")

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class Bench:
    """An admission that listens; the other side is a plain socket."""

    def __init__(self) -> None:
        self.served: list[Served] = []
        self.admission = Admission(TOKEN, self._serve)
        self.port = 0
        self._sockets: list[socket.socket] = []

    def _serve(self) -> Served:
        self.served.append(Served())
        return self.served[-1]

    async def connected(self) -> socket.socket:
        made = socket.socket()
        self._sockets.append(made)
        made.setblocking(False)
        before = len(self.admission.waiting)
        await asyncio.get_running_loop().sock_connect(made, (LOOPBACK_HOST, self.port))
        await until(lambda: len(self.admission.waiting) in {before + 1, MAX_WAITING})
        return made

    def close(self) -> None:
        for made in self._sockets:
            made.close()


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def heard(client: socket.socket, octets: int = 1000) -> bytes:
    """What arrives next; b"" at the end, however the connection was ended."""
    try:
        received = asyncio.get_running_loop().sock_recv(client, octets)
        return await asyncio.wait_for(received, 20)
    except ConnectionResetError:
        return b""


async def say(client: socket.socket, octets: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(client, octets)


@asynccontextmanager
async def listening() -> AsyncIterator[Bench]:
    bench = Bench()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(bench.admission.stranger, LOOPBACK_HOST, 0)
    bench.port = server.sockets[0].getsockname()[1]
    try:
        yield bench
    finally:
        server.close()
        bench.admission.close()
        bench.close()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("size", [1, 31, OPENING_OCTETS])
async def test_who_knows_the_token_is_answered_and_let_in(size: int) -> None:
    async with listening() as bench:
        client = await bench.connected()
        said = opening(TOKEN, NONCE)
        for at in range(0, len(said), size):
            await say(client, said[at : at + size])
            await asyncio.sleep(0)
        answered = b""
        while len(answered) < 35:
            answered += await heard(client)
        assert answered == answer(TOKEN, NONCE) + b"in:"
        assert not bench.admission.waiting
        await say(client, b"hello")
        assert await heard(client) == b"hello"


@pytest.mark.parametrize(
    "said",
    [
        b"\0" * OPENING_OCTETS,
        opening(b"t" * TOKEN_OCTETS, NONCE),
        opening(TOKEN, NONCE)[:-1] + b"x",
        opening(TOKEN, NONCE) + b"x",  # more than an opening, before it was answered
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html, text/plain, */*;q=0.1\r\n\r\n",
        b"x" * 1_000_000,
    ],
)
async def test_a_wrong_token_ends_the_connection_without_a_word(said: bytes) -> None:
    async with listening() as bench:
        client = await bench.connected()
        try:
            await say(client, said)
        except ConnectionError:
            assert len(said) > OPENING_OCTETS  # the end came before all was taken
        assert await heard(client) == b""
        assert bench.served == []
        assert not bench.admission.waiting


@pytest.mark.parametrize("said", [b"", b"x", opening(TOKEN, NONCE)[:-1]])
async def test_who_says_nothing_or_says_it_slowly_goes_at_the_deadline(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "OPENING_TIMEOUT_S", 0.1)
    async with listening() as bench:
        client = await bench.connected()
        await say(client, said)
        assert await heard(client) == b""
        assert bench.served == []
        assert not bench.admission.waiting


async def test_many_who_wait_make_room_for_one_who_knows_the_token() -> None:
    async with listening() as bench:
        idle = [await bench.connected() for _ in range(MAX_WAITING)]
        assert len(bench.admission.waiting) == MAX_WAITING
        client = await bench.connected()
        assert await heard(idle[0]) == b""  # the one that waited longest
        assert len(bench.admission.waiting) == MAX_WAITING
        await say(client, opening(TOKEN, NONCE))
        assert (await heard(client)).startswith(answer(TOKEN, NONCE))
        assert len(bench.admission.waiting) == MAX_WAITING - 1


async def test_one_that_leaves_is_not_waited_for() -> None:
    async with listening() as bench:
        client = await bench.connected()
        client.close()
        await until(lambda: not bench.admission.waiting)


async def test_the_end_of_the_engine_sends_all_away() -> None:
    async with listening() as bench:
        clients = [await bench.connected() for _ in range(3)]
        late = socket.create_connection((LOOPBACK_HOST, bench.port))  # accepted behind the end
        bench.admission.close()
        late.setblocking(False)
        assert await heard(late) == b""
        late.close()
        assert [await heard(client) for client in clients] == [b""] * 3
        assert not bench.admission.waiting
