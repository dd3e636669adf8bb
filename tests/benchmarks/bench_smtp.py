"""SMTP: our server machine against aiosmtpd with smtp-source, our client against aiosmtplib.

Both servers throw the messages away. Each runs in a process of its own; what sends to them is
postfix's `smtp-source`, ten sessions at once. Both clients send to postfix's `smtp-sink`.

Left to itself, the system puts the two ends now on one core and now on two, and every number
doubles or halves. So the servers and their ten sessions stay on a core each. The clients are left
to the system: at 5 KB they take turns with their server and gain by sharing its core, at 1 MB both
work at once and lose by it: any place chosen for them would favour one of the two numbers.

Our client sends as the outbox does, `send_all`: the next envelope goes out behind the message. One
message for each call of `send` is measured too, without a bound of the project's: aiosmtplib has no
other way.

Measured on two cores that others used too: the servers pass 4 at 5 KB in quiet minutes (4.9 to 6)
and fall to 2.8 in others.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, cast

from tests.benchmarks.peer import program
from tests.benchmarks.ratio import Ratio, medians_by_turns
from tests.helpers.port import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from desktopmail.net.smtp import SmtpClient
    from desktopmail.net.stream import Stream
    from desktopmail.wire.smtp.reply import Reply

SMALL, LARGE = 5 * 1024, 1024 * 1024
SMALL_COUNT, LARGE_COUNT = 2000, 200


def stay_on_core(place: int) -> None:
    """Keep this process on its first core (0) or its last (-1)."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[place]})


# -- the servers, each in its own process


async def ours() -> None:
    """Serve with our machine behind a bare asyncio.Protocol, as aiosmtpd sits behind its own."""

    class Session(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)
            self.answer = _machine()
            self.transport.write(self.answer(b""))

        def data_received(self, data: bytes) -> None:
            octets = self.answer(data)
            if octets:
                self.transport.write(octets)

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(Session, "127.0.0.1", 0)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def ours_in_stream() -> None:
    """Serve with our machine behind `net.stream.Stream`, as the bundled server does."""
    from desktopmail.net.listen import listen

    async def serve(stream: Stream) -> None:
        answer = _machine()
        stream.write(answer(b""))

        def take(octets: bytes) -> bool | None:
            if not octets:
                return True
            answers = answer(octets)
            if answers:
                stream.write(answers)
            return None

        await stream.attend(take)

    listening = await listen("127.0.0.1", 0, serve)
    sys.stdout.write(f"{listening.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _machine() -> Callable[[bytes], bytes]:
    """Return what makes answers of octets, and throws every message away."""
    from desktopmail.wire.smtp.control import Data, Quit
    from desktopmail.wire.smtp.events import BadCommand, Closed, MessageData
    from desktopmail.wire.smtp.extensions import Extensions
    from desktopmail.wire.smtp.hello import Hello
    from desktopmail.wire.smtp.reply import reply
    from desktopmail.wire.smtp.server import ServerConnection

    offered = Extensions("localhost", {"PIPELINING": (), "8BITMIME": (), "SIZE": ("33554432",)})
    fine = reply(250, "OK", "2.0.0")
    replies: dict[type, Reply] = {Data: reply(354, "go"), Quit: reply(221, "bye")}
    silent = {MessageData, Closed}
    wire = ServerConnection(max_message_octets=33_554_432)
    wire.open(reply(220, "localhost"))

    def answer(octets: bytes) -> bytes:
        if octets:
            wire.receive(octets)
        while (event := wire.next_event()) is not None:
            kind = type(event)
            if kind in silent:
                continue
            if kind is Hello:
                wire.greet(offered)
            else:
                wire.send(event.reply if isinstance(event, BadCommand) else replies.get(kind, fine))
        return b"".join([segment.octets for segment in wire.take_output()])

    return answer


async def theirs() -> None:
    """Serve with aiosmtpd."""
    from aiosmtpd.smtp import SMTP

    class Sink:
        async def handle_DATA(self, _server: object, _session: object, _envelope: object) -> str:  # noqa: N802 - aiosmtpd's name
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Sink(), data_size_limit=33_554_432, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


@contextlib.contextmanager
def server(name: str) -> Iterator[int]:
    """Run one of the two and give its port."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_smtp", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def source(
    port: int,
    size: int,
    count: int,
    recipient: str = "b@localhost",
    *,
    before: Callable[[], None] | None = None,
) -> float:
    """Send messages with smtp-source; return the seconds. `before` runs in its process first."""
    command = [
        program("smtp-source"), "-d", "-s", "10", "-l", str(size), "-m", str(count),
        "-f", "a@localhost", "-t", recipient, f"inet:127.0.0.1:{port}",
    ]  # fmt: skip
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=120, preexec_fn=before)
    return time.perf_counter() - begin


def _paced(port: int, size: int, count: int) -> float:
    return source(port, size, count, before=partial(stay_on_core, -1))


# -- the clients


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run smtp-sink on a free port."""
    port = free_port()
    # As root it wants to know whom to become.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [program("smtp-sink"), *user, f"inet:127.0.0.1:{port}", "100"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with contextlib.suppress(ConnectionRefusedError):  # it is not listening yet
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.01)
            yield port
        finally:
            process.kill()


async def send_ours(port: int, message: bytes, count: int) -> float:
    """Send with our client over one connection, one behind the other; return the seconds."""
    from desktopmail.net.smtp_delivery import Delivery
    from desktopmail.net.smtp_report import SendReport

    async def deliveries() -> AsyncIterator[Delivery]:
        for _ in range(count):
            yield Delivery("a@localhost", ["b@localhost"], message)

    client = await _client(port)
    begin = time.perf_counter()
    accepted = 0
    async for _, outcome in client.send_all(deliveries()):
        assert isinstance(outcome, SendReport)
        accepted += outcome.accepted
    seconds = time.perf_counter() - begin
    assert accepted == count
    await client.quit()
    return seconds


async def send_ours_alone(port: int, message: bytes, count: int) -> float:
    """Send with our client over one connection, each when the one before has its reply."""
    client = await _client(port)
    begin = time.perf_counter()
    for _ in range(count):
        report = await client.send("a@localhost", ["b@localhost"], message)
        assert report.accepted
    seconds = time.perf_counter() - begin
    await client.quit()
    return seconds


async def _client(port: int) -> SmtpClient:
    from desktopmail.net.endpoint import Endpoint, Security
    from desktopmail.net.ports import system_ports
    from desktopmail.net.smtp import SmtpClient

    return await SmtpClient.connect(
        Endpoint("127.0.0.1", port, Security.NONE), ports=system_ports(), local_name="localhost"
    )


async def send_theirs(port: int, message: bytes, count: int) -> float:
    """Send with aiosmtplib over one connection; return the seconds."""
    import aiosmtplib

    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, use_tls=False)
    await client.connect()
    begin = time.perf_counter()
    for _ in range(count):
        await client.sendmail("a@localhost", ["b@localhost"], message)
    seconds = time.perf_counter() - begin
    await client.quit()
    return seconds


def _message(size: int) -> bytes:
    line = b"x" * 70 + b"\r\n"
    return b"Subject: x\r\n\r\n" + line * (size // len(line))


# -- the machine alone


def _pieces(message: bytes) -> list[bytes]:
    octets = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@localhost>\r\nDATA\r\n" + message + b".\r\n"
    return [octets[begin : begin + 65536] for begin in range(0, len(octets), 65536)]


def _receive(pieces: list[bytes]) -> float:
    """Return the seconds of the processor that a machine takes for octets as they come."""
    from desktopmail.wire.smtp.control import Data
    from desktopmail.wire.smtp.events import MessageData
    from desktopmail.wire.smtp.extensions import Extensions
    from desktopmail.wire.smtp.hello import Hello
    from desktopmail.wire.smtp.reply import reply
    from desktopmail.wire.smtp.server import ServerConnection

    wire = ServerConnection()
    begin = time.process_time()
    for piece in pieces:
        wire.receive(piece)
        while (event := wire.next_event()) is not None:
            if isinstance(event, Hello):
                wire.greet(Extensions("localhost"))
            elif not isinstance(event, MessageData):
                wire.send(reply(354 if isinstance(event, Data) else 250, "ok"))
    return time.process_time() - begin


def linear() -> Ratio:
    """Ten times the octets, at most eleven times the time; with every line stuffed.

    The pieces are made before: to copy 13 MB at once costs more than ten times 1.3 MB, which no
    cache has to be left for.
    """
    line = b"..x\r\n" + b"y" * 60 + b"\r\n"
    small, large = _pieces(line * 20_000), _pieces(line * 200_000)
    one, ten = medians_by_turns(lambda: _receive(small), lambda: _receive(large))
    return Ratio("SMTP server machine, ten times the octets", ten, one, "one tenth", "s", 11,
                 at_least=False)  # fmt: skip


# -- the table


def measure() -> Iterator[Ratio]:
    """Measure everything."""
    yield linear()
    for kind, behind in (("ours", "behind asyncio"), ("stream", "behind our Stream")):
        with server(kind) as here, server("theirs") as there:
            yield _server(here, there, SMALL, f"SMTP server {behind}, messages of 5 KB", 4)
            yield _server(here, there, LARGE, f"SMTP server {behind}, messages of 1024 KB", 6)
    with sink() as port:
        yield _sent(port, send_ours, SMALL, "SMTP client, messages of 5 KB", 2)
        yield _sent(port, send_ours_alone, SMALL, "SMTP client, of 5 KB, each waited for", 1.5)
        yield _sent(port, send_ours, LARGE, "SMTP client, messages of 1024 KB", 3)


def _server(here: int, there: int, size: int, name: str, bound: float) -> Ratio:
    count = SMALL_COUNT if size == SMALL else LARGE_COUNT
    fewer = 1 if size == SMALL else 4  # the peer is slow enough to be measured by few
    ours, peer = medians_by_turns(
        lambda: _paced(here, size, count), lambda: _paced(there, size, count // fewer) * fewer
    )
    unit = "messages/s" if size == SMALL else "MB/s"
    return Ratio(name, count / ours, count / peer, "aiosmtpd", unit, bound, at_least=True)


def _sent(
    port: int, send: Callable[[int, bytes, int], Awaitable[float]], size: int, name: str,
    bound: float,
) -> Ratio:  # fmt: skip
    message = _message(size)
    count = 1000 if size == SMALL else 100

    def run(send: Callable[[int, bytes, int], Awaitable[float]]) -> float:
        async def body() -> float:
            return await send(port, message, count)

        return asyncio.run(body())

    ours, peer = medians_by_turns(lambda: run(send), lambda: run(send_theirs))
    amount = count if size == SMALL else len(message) * count / (1024 * 1024)
    unit = "messages/s" if size == SMALL else "MB/s"
    return Ratio(name, amount / ours, amount / peer, "aiosmtplib", unit, bound, at_least=True)


if __name__ == "__main__":
    stay_on_core(0)
    asyncio.run({"ours": ours, "stream": ours_in_stream, "theirs": theirs}[sys.argv[1]]())
