"""Our POP3 client against poplib, and our streams against asyncio's, on loopback."""

from __future__ import annotations

import asyncio
import poplib
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from desktopmail.net.dial import TcpDialer
from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.listen import listen
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import system_ports
from desktopmail.wire.pop3.events import Data
from desktopmail.wire.pop3.message import Retr
from desktopmail.wire.secret import Secret
from tests.benchmarks.ratio import Ratio, median_seconds, medians_by_turns
from tests.helpers.pop3 import client_in_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.net.stream import Stream

_STREAM_OCTETS = 300 * 1024 * 1024
_PIECE = bytes(1024 * 1024)


def measure() -> list[Ratio]:
    """Return the ratios."""
    return [
        _fetch("5 KB", 5_000, 4_000, bound=2.0),
        _fetch("1 MB", 1_000_000, 60, bound=2.0),
        _throughput(),
        _linear(),
    ]


@contextmanager
def _canned(size: int) -> Iterator[int]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.pop3_canned", str(size)], stdout=subprocess.PIPE
    )
    if server.stdout is None:
        raise RuntimeError("the server has no output")
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def _fetch(name: str, size: int, count: int, *, bound: float) -> Ratio:
    with _canned(size) as port:
        expected = _by_poplib(port, 1)
        if asyncio.run(_by_ours(port, 1)) != expected:
            raise RuntimeError("the two clients read different messages")
        ours = median_seconds(lambda: asyncio.run(_by_ours(port, count)))
        peer = median_seconds(lambda: _by_poplib(port, count))
    return Ratio(
        f"messages of {name} by RETR", count / ours, count / peer, "poplib", "messages/s", bound,
        at_least=True,
    )  # fmt: skip


async def _by_ours(port: int, count: int) -> int:
    client = await Pop3Client.connect(
        Endpoint("127.0.0.1", port, Security.NONE), ports=system_ports()
    )
    await client.login("alice", Secret("wonderland"), "user")
    octets = 0
    async for _, message in client.retr_many(range(1, count + 1)):
        octets += len(message)
    await client.quit()
    return octets


def _by_poplib(port: int, count: int) -> int:
    client = poplib.POP3("127.0.0.1", port)
    client.user("alice")
    client.pass_("wonderland")
    octets = 0
    for number in range(1, count + 1):
        # A client needs the message and not its lines.
        octets += len(b"\r\n".join([*client.retr(number)[1], b""]))
    client.quit()
    return octets


def _throughput() -> Ratio:
    ours = median_seconds(lambda: asyncio.run(_by_our_stream()))
    peer = median_seconds(lambda: asyncio.run(_by_asyncio()))
    megabytes = _STREAM_OCTETS / 1e6
    return Ratio(
        "octets through a stream, sent and received", megabytes / ours, megabytes / peer,
        "asyncio's StreamReader and StreamWriter", "MB/s", 0.7, at_least=True,
    )  # fmt: skip


def _linear() -> Ratio:
    one, ten = medians_by_turns(
        lambda: _through_the_machine(10_000_000), lambda: _through_the_machine(100_000_000)
    )
    return Ratio(
        "ten times the octets through the client's machine", ten, one, "one time", "s", 11.0,
        at_least=False,
    )  # fmt: skip


def _through_the_machine(octets: int) -> float:
    """Read messages of that many octets; returns the seconds of the processor."""
    began = time.process_time()
    message = b"+OK\r\n" + b"..dot\r\n" + (b"x" * 76 + b"\r\n") * 64 + b".\r\n"
    piece = message * 13  # not a multiple of what the reads below are
    client = client_in_transaction()
    expected = octets // len(piece)
    ended = 0
    for _ in range(expected):
        for _unused in range(13):
            client.send(Retr(1))
        for begin in range(0, len(piece), 65_521):
            client.receive(piece[begin : begin + 65_521])
            while (event := client.next_event()) is not None:
                ended += isinstance(event, Data) and event.is_last
        client.take_output()
    if ended != expected * 13:
        raise RuntimeError(f"{ended} messages were read")
    return time.process_time() - began


async def _by_our_stream() -> None:
    async def serve(stream: Stream) -> None:
        for _ in range(_STREAM_OCTETS // len(_PIECE)):
            await stream.send(_PIECE)

    listener = await listen("127.0.0.1", 0, serve)
    stream = await TcpDialer().dial("127.0.0.1", listener.port)
    received = 0
    while octets := await stream.read():
        received += len(octets)
    await stream.aclose()
    await listener.aclose()
    if received != _STREAM_OCTETS:
        raise RuntimeError(f"{received} octets arrived")


async def _by_asyncio() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _unused in range(_STREAM_OCTETS // len(_PIECE)):
            writer.write(_PIECE)
            await writer.drain()
        writer.close()

    # The peer of this benchmark, which is why it may be called here.
    server = await asyncio.start_server(serve, "127.0.0.1", 0)  # noqa: TID251
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)  # noqa: TID251
    received = 0
    while octets := await reader.read(256 * 1024):
        received += len(octets)
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    if received != _STREAM_OCTETS:
        raise RuntimeError(f"{received} octets arrived")
