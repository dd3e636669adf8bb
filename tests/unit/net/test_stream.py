"""A stream: flow control both ways, its ends, and TLS without injection."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import ClosedError, TimedOutError, TlsError
from desktopmail.net.listen import listen
from desktopmail.net.memory import stream_pair
from desktopmail.net.stream import READ_OCTETS, Stream
from desktopmail.net.tls import ClientTls, ServerTls
from desktopmail.tasks import TaskScope
from tests.helpers.certificates import Certificates, make_certificates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server_tls(certificates: Certificates) -> ServerTls:
    return ServerTls(certificates.certificate, certificates.key)


@pytest.fixture
def client_tls(certificates: Certificates) -> ClientTls:
    return ClientTls("localhost", ca_file=certificates.ca_file)


@pytest.fixture(params=["memory", "octet by octet", "tcp"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Stream, Stream]]:
    if request.param != "tcp":
        client, server = stream_pair(segment_octets=1 if "octet" in request.param else 65536)
        yield client, server
    else:
        accepted: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()
        done = asyncio.Event()

        async def serve(stream: Stream) -> None:
            accepted.set_result(stream)
            await done.wait()

        listener = await listen("127.0.0.1", 0, serve)
        client = await TcpDialer().dial("127.0.0.1", listener.port)
        server = await accepted
        yield client, server
        done.set()
        await listener.aclose(grace_s=1)
    await client.aclose()
    await server.aclose()


async def read_exactly(stream: Stream, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        more = await stream.read()
        assert more, f"the stream ended after {len(octets)} octets"
        octets += more
    return octets


async def test_octets_arrive_in_both_directions(pair: tuple[Stream, Stream]) -> None:
    client, server = pair
    client.write(b"ping")
    assert await read_exactly(server, 4) == b"ping"
    server.write(b"pong")
    assert await read_exactly(client, 4) == b"pong"


async def test_a_stream_knows_both_addresses(pair: tuple[Stream, Stream]) -> None:
    client, server = pair
    assert client.peer == server.local
    assert client.local == server.peer
    assert client.tls is None


async def test_the_end_is_an_empty_read_that_repeats(pair: tuple[Stream, Stream]) -> None:
    client, server = pair
    client.write(b"last words")
    await client.aclose()
    assert await read_exactly(server, 10) == b"last words"
    assert await server.read() == b""
    assert await server.read() == b""


async def test_a_reader_that_waits_is_woken_by_the_end(pair: tuple[Stream, Stream]) -> None:
    client, server = pair
    reading = asyncio.get_running_loop().create_task(server.read())
    await asyncio.sleep(0)
    await client.aclose()
    assert await reading == b""


async def test_whoever_attends_gets_everything_until_it_returns_something(
    pair: tuple[Stream, Stream],
) -> None:
    client, server = pair
    came = bytearray()

    def take(octets: bytes) -> int | None:
        came.extend(octets)
        if not came.endswith(b"."):
            return None
        server.write(b"%d octets" % len(came))
        return len(came)

    client.write(b"one, two.")
    assert await server.attend(take) == 9
    assert await read_exactly(client, 8) == b"9 octets"
    client.write(b"three, ")
    attending = asyncio.get_running_loop().create_task(server.attend(take))
    await asyncio.sleep(0)
    client.write(b"four.")
    assert await attending == 21


async def test_what_comes_behind_the_answer_waits_for_the_next_read() -> None:
    client, server = stream_pair(segment_octets=4)
    attending = asyncio.get_running_loop().create_task(server.attend(lambda octets: octets))
    await asyncio.sleep(0)
    client.write(b"one two three")
    assert await attending == b"one "
    assert await read_exactly(server, 9) == b"two three"
    await client.aclose()
    await server.aclose()


async def test_whoever_attends_is_given_the_end(pair: tuple[Stream, Stream]) -> None:
    client, server = pair
    attending = asyncio.get_running_loop().create_task(
        server.attend(lambda octets: "the end" if not octets else None)
    )
    client.write(b"last words")
    await client.aclose()
    assert await attending == "the end"
    assert await server.attend(lambda octets: octets) == b""


async def test_what_an_attendant_raises_is_raised_where_it_is_awaited() -> None:
    client, server = stream_pair()

    def take(octets: bytes) -> None:
        raise ValueError(octets.decode())

    attending = asyncio.get_running_loop().create_task(server.attend(take))
    await asyncio.sleep(0)
    client.write(b"nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        await attending
    await client.aclose()
    await server.aclose()


async def test_a_cut_ends_the_attending() -> None:
    client, server = stream_pair()
    attending = asyncio.get_running_loop().create_task(server.attend(lambda _: None))
    await asyncio.sleep(0)
    client.abort()
    with pytest.raises(ClosedError):
        await attending
    await client.aclose()
    await server.aclose()


async def test_the_time_to_give_up_is_asked_again_when_it_has_come() -> None:
    client, server = stream_pair()
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.01
    attending = loop.create_task(server.attend(lambda _: None, lambda: until))
    await asyncio.sleep(0)
    until += 0.03
    with pytest.raises(TimeoutError):
        await attending
    assert loop.time() >= until
    client.write(b"late")
    assert await server.read() == b"late"
    await client.aclose()
    await server.aclose()


async def test_inside_tls_the_attendant_gets_what_was_encrypted(
    server_tls: ServerTls, client_tls: ClientTls
) -> None:
    client, server = stream_pair()
    async with asyncio.TaskGroup() as group:
        group.create_task(client.start_tls(client_tls))
        group.create_task(server.start_tls(server_tls))
    came = bytearray()

    def take(octets: bytes) -> bytes | None:
        came.extend(octets)
        server.write(b"more")
        return bytes(came) if len(came) == 40_000 else None

    client.write(b"x" * 40_000)
    assert await server.attend(take) == b"x" * 40_000
    assert (await client.read()).startswith(b"more")
    await client.aclose()
    await server.aclose()


async def test_writing_to_a_closed_stream_is_an_error(pair: tuple[Stream, Stream]) -> None:
    client, _ = pair
    await client.aclose()
    assert client.is_closed
    with pytest.raises(ClosedError):
        client.write(b"more")
    with pytest.raises(ClosedError):
        await client.drain()


async def test_what_is_written_to_a_peer_that_is_gone_is_told_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as peers:
        stream = await TcpDialer().dial("127.0.0.1", peers.getsockname()[1])
        peer, _ = peers.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        for _ in range(20):  # the loop has not been told yet
            stream.write(b"x")
        with pytest.raises(ClosedError):
            await stream.read()
        with pytest.raises(ClosedError):
            await stream.drain()
        await stream.aclose()


async def test_closing_twice_does_no_harm(pair: tuple[Stream, Stream]) -> None:
    client, _ = pair
    await client.aclose()
    await client.aclose()


async def test_reading_after_ones_own_abort_is_an_error() -> None:
    client, server = stream_pair()
    client.abort()
    with pytest.raises(ClosedError):
        await client.read()
    await server.aclose()
    await client.aclose()


async def test_a_reset_is_told_to_the_reader() -> None:
    client, server = stream_pair()
    client.abort()
    with pytest.raises(ClosedError) as caught:
        await server.read()
    assert caught.value.code == "reset"
    await server.aclose()
    await client.aclose()


async def test_two_readers_of_one_stream_are_refused() -> None:
    client, server = stream_pair()
    first = asyncio.get_running_loop().create_task(server.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await server.read()
    client.write(b"x")
    assert await first == b"x"
    await client.aclose()
    await server.aclose()


async def test_drain_waits_while_the_peer_does_not_read(pair: tuple[Stream, Stream]) -> None:
    client, server = pair
    sent = 0

    async def pour() -> None:
        nonlocal sent
        while True:
            client.write(bytes(READ_OCTETS))
            sent += READ_OCTETS
            await client.drain()

    async with TaskScope(lambda *_: None) as scope:
        scope.spawn(pour(), name="pour")
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.1)
        # What both ends and the kernel hold is bounded, and far below what could be sent.
        assert sent < 32 * 1024 * 1024
        received = 0
        while received <= sent // 2 and received < 2 * READ_OCTETS:
            received += len(await server.read())
    client.abort()


async def test_a_reader_that_is_slow_is_not_flooded() -> None:
    client, server = stream_pair()
    async with TaskScope(lambda *_: None) as scope:

        async def pour() -> None:
            for _ in range(64):
                await client.send(bytes(READ_OCTETS))

        scope.spawn(pour(), name="pour")
        await asyncio.sleep(0.05)
        held = len(await server.read())
        assert held <= 3 * READ_OCTETS
        total = held
        while total < 64 * READ_OCTETS:
            total += len(await server.read())
    assert total == 64 * READ_OCTETS
    await client.aclose()
    await server.aclose()


async def test_a_drain_that_waits_is_woken_by_the_cut() -> None:
    client, server = stream_pair()

    async def pour() -> None:
        while True:
            await client.send(bytes(READ_OCTETS))

    pouring = asyncio.get_running_loop().create_task(pour())
    await asyncio.sleep(0.05)
    assert not pouring.done()
    server.abort()
    with pytest.raises(ClosedError):
        await pouring
    await server.aclose()
    await client.aclose()


async def test_closing_does_not_hang_on_a_peer_that_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktopmail.net.stream._CLOSE_TIMEOUT_S", 0.05)
    client, server = stream_pair()
    client.write(bytes(8 * READ_OCTETS))
    async with asyncio.timeout(5):
        await client.aclose()
    await server.aclose()


async def test_octets_that_were_read_too_far_can_be_put_back() -> None:
    client, server = stream_pair()
    client.write(b"first second")
    assert await server.read() == b"first second"
    server.unread(b"second")
    server.unread(b"")
    assert await server.read() == b"second"
    await client.aclose()
    await server.aclose()


async def test_large_octets_are_sent_in_pieces_and_arrive_whole(
    pair: tuple[Stream, Stream],
) -> None:
    client, server = pair
    size = 3 * READ_OCTETS + 17 if client.peer.startswith("127.") else 3000
    octets = bytes(range(256)) * (size // 256)
    sending = asyncio.get_running_loop().create_task(client.send(octets))
    assert await read_exactly(server, len(octets)) == octets
    await sending


async def test_a_stream_says_when_its_peer_does_not_read() -> None:
    client, server = stream_pair()
    assert not client.is_congested
    client.write(bytes(8 * READ_OCTETS))
    assert client.is_congested
    client.abort()
    await server.aclose()
    await client.aclose()


# --- TLS -----------------------------------------------------------------------------------------


async def handshake(
    client: Stream, server: Stream, client_tls: ClientTls, server_tls: ServerTls
) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(client.start_tls(client_tls))
        group.create_task(server.start_tls(server_tls))


async def test_octets_travel_inside_tls(
    pair: tuple[Stream, Stream], client_tls: ClientTls, server_tls: ServerTls
) -> None:
    client, server = pair
    await handshake(client, server, client_tls, server_tls)
    client.write(b"ping")
    assert await read_exactly(server, 4) == b"ping"
    server.write(b"pong" * 10_000)
    assert await read_exactly(client, 40_000) == b"pong" * 10_000


async def test_both_sides_agree_on_version_cipher_and_channel_binding(
    pair: tuple[Stream, Stream],
    client_tls: ClientTls,
    server_tls: ServerTls,
    certificates: Certificates,
) -> None:
    client, server = pair
    await handshake(client, server, client_tls, server_tls)
    assert client.tls is not None
    assert server.tls is not None
    assert client.tls.version in {"TLSv1.2", "TLSv1.3"}
    assert (client.tls.version, client.tls.cipher) == (server.tls.version, server.tls.cipher)
    assert client.tls.peer_certificate is not None
    # trustme signs with ECDSA and SHA-256, so RFC 5929 section 4.1 wants SHA-256.
    digest = hashlib.sha256(client.tls.peer_certificate).digest()
    assert client.tls.end_point == server.tls.end_point == digest
    assert server.tls.peer_certificate is None
    assert certificates.certificate.exists()


async def test_the_end_inside_tls_is_an_empty_read(
    pair: tuple[Stream, Stream], client_tls: ClientTls, server_tls: ServerTls
) -> None:
    client, server = pair
    await handshake(client, server, client_tls, server_tls)
    client.write(b"last words")
    await client.aclose()
    assert await read_exactly(server, 10) == b"last words"
    assert await server.read() == b""


async def test_octets_behind_the_last_of_the_handshake_are_read(
    client_tls: ClientTls, server_tls: ServerTls
) -> None:
    client, server = stream_pair()
    started = asyncio.get_running_loop().create_task(server.start_tls(server_tls))
    await client.start_tls(client_tls)
    client.write(b"at once")
    await started
    assert await read_exactly(server, 7) == b"at once"
    await client.aclose()
    await server.aclose()


async def test_octets_in_the_clear_in_front_of_the_handshake_are_refused_by_a_server(
    server_tls: ServerTls,
) -> None:
    client, server = stream_pair()
    client.write(b"STLS\r\nDELE 1\r\n")
    assert (await server.read()).startswith(b"STLS")
    client.write(b"USER mallory\r\n")
    await asyncio.sleep(0.01)
    with pytest.raises(TlsError) as caught:
        await server.start_tls(server_tls)
    assert caught.value.code == "tls-injection"
    assert server.is_closed
    await client.aclose()
    await server.aclose()


async def test_octets_in_the_clear_in_front_of_the_handshake_are_refused_by_a_client(
    client_tls: ClientTls,
) -> None:
    client, server = stream_pair(segment_octets=5)
    server.write(b"+OK\r\n+OK injected\r\n")
    assert await client.read() == b"+OK\r\n"
    await asyncio.sleep(0.01)
    with pytest.raises(TlsError) as caught:
        await client.start_tls(client_tls)
    assert caught.value.code == "tls-injection"
    await client.aclose()
    await server.aclose()


async def test_octets_in_the_clear_that_come_late_break_the_handshake_and_are_never_read(
    client_tls: ClientTls,
) -> None:
    client, server = stream_pair()
    starting = asyncio.get_running_loop().create_task(client.start_tls(client_tls))
    await asyncio.sleep(0)
    server.write(b"+OK injected\r\n")
    with pytest.raises(TlsError):
        await starting
    with pytest.raises(TlsError):
        await client.read()
    await client.aclose()
    await server.aclose()


async def test_a_handshake_has_a_deadline(certificates: Certificates) -> None:
    client, server = stream_pair()
    with pytest.raises(TimedOutError) as caught:
        await client.start_tls(ClientTls("localhost", ca_file=certificates.ca_file, timeout_s=0.05))
    assert "192.0.2.2:1" in caught.value.sentence
    assert client.is_closed
    await client.aclose()
    await server.aclose()


async def test_a_server_that_speaks_no_tls_is_named(client_tls: ClientTls) -> None:
    client, server = stream_pair()
    server.write(b"+OK POP3 ready\r\n")
    starting = asyncio.get_running_loop().create_task(client.start_tls(client_tls))
    with pytest.raises(TlsError) as caught:
        await starting
    assert "localhost does not speak TLS" in str(caught.value) or "clear" in str(caught.value)
    await client.aclose()
    await server.aclose()


async def test_a_peer_that_hangs_up_in_the_handshake_is_an_error(client_tls: ClientTls) -> None:
    client, server = stream_pair()
    starting = asyncio.get_running_loop().create_task(client.start_tls(client_tls))
    await asyncio.sleep(0.01)
    await server.aclose()
    with pytest.raises((TlsError, ClosedError)):
        await starting
    await client.aclose()


async def test_tls_is_started_once(client_tls: ClientTls, server_tls: ServerTls) -> None:
    client, server = stream_pair()
    await handshake(client, server, client_tls, server_tls)
    with pytest.raises(RuntimeError):
        await client.start_tls(client_tls)
    await client.aclose()
    await server.aclose()


async def test_garbage_inside_tls_ends_the_connection(
    client_tls: ClientTls, server_tls: ServerTls
) -> None:
    client, server = stream_pair()
    await handshake(client, server, client_tls, server_tls)
    transport = server._protocol._transport
    assert transport is not None
    transport.write(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(TlsError) as caught:
        await client.read()
    assert caught.value.code == "tls-broken"
    await client.aclose()
    await server.aclose()


async def test_a_client_that_writes_in_two_segments_is_acknowledged_at_once() -> None:
    """imaplib's APPEND: without TCP_QUICKACK each one costs the 40 ms of a delayed ACK."""

    async def serve(stream: Stream) -> None:
        buffer = b""
        while octets := await stream.read():
            buffer += octets
            while b"\n" in buffer:
                _, _, buffer = buffer.partition(b"\n")
                await stream.send(b"ok\n")

    listener = await listen("127.0.0.1", 0, serve)

    def talk() -> float:
        import time

        with socket.create_connection(("127.0.0.1", listener.port)) as peer:
            begin = time.perf_counter()
            for _ in range(50):
                peer.sendall(b"literal")
                peer.sendall(b"\n")
                assert peer.recv(100) == b"ok\n"
            return time.perf_counter() - begin

    seconds = await asyncio.get_running_loop().run_in_executor(None, talk)
    await listener.aclose()
    assert seconds < 1.0, "each exchange waited for a delayed ACK"


@pytest.mark.parametrize("first_octets", [4, 700_000])
async def test_a_server_that_writes_in_two_segments_is_acknowledged_at_once(
    first_octets: int,
) -> None:
    """Replies to a group (RFC 2920) of a server that leaves Nagle's rule on, as smtp-sink does."""
    rounds = 50
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            peer, _ = listening.accept()
            with peer:
                for _ in range(rounds):
                    assert peer.recv(100) == b"command\n"
                    peer.sendall(b"2" * first_octets)
                    peer.sendall(b"ok\n")

        loop = asyncio.get_running_loop()
        serving = loop.run_in_executor(None, serve)
        host, port = listening.getsockname()
        stream = await TcpDialer().dial(host, port, tls=None, timeout_s=5)
        begin = loop.time()
        for _ in range(rounds):
            stream.write(b"command\n")
            answer = bytearray()
            while not answer.endswith(b"\n"):
                octets = await stream.read()
                assert octets
                answer += octets
            assert len(answer) == first_octets + 3
        seconds = loop.time() - begin
        await serving
        await stream.aclose()
    assert seconds < 1.0, "each exchange waited for a delayed ACK"


async def test_a_read_gives_up_at_its_time_and_the_stream_can_be_read_on() -> None:
    near, far = stream_pair()
    loop = asyncio.get_running_loop()
    with pytest.raises(TimeoutError):
        await near.read(loop.time() + 0.01)
    far.write(b"late")
    assert await near.read(loop.time() + 5) == b"late"
    # A shorter limit behind a longer one, and the other way round, by the same timer.
    for limit_s in (0.02, 0.04, 0.01):
        begun = loop.time()
        with pytest.raises(TimeoutError):
            await near.read(begun + limit_s)
        assert loop.time() - begun < 1
    await near.aclose()
    await far.aclose()
