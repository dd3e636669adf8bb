"""Dialling: the first address that answers wins, and every failure is one clear sentence."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

import pytest

from desktopmail.net import dial
from desktopmail.net.dial import TcpDialer, resolve
from desktopmail.net.errors import TlsError, UnreachableError
from desktopmail.net.listen import listen
from desktopmail.net.stream import StreamProtocol
from desktopmail.net.tls import ClientTls, ServerTls
from tests.helpers.certificates import make_certificates
from tests.helpers.port import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.dial import Address
    from desktopmail.net.stream import Stream


async def echo(stream: Stream) -> None:
    while octets := await stream.read():
        await stream.send(octets)


async def test_a_name_is_dialled() -> None:
    listener = await listen("localhost", 0, echo)
    stream = await TcpDialer().dial("localhost", listener.port)
    await stream.send(b"hello")
    assert await stream.read() == b"hello"
    await stream.aclose()
    await listener.aclose()


async def test_a_connection_is_kept_alive_and_writes_without_delay() -> None:
    listener = await listen("127.0.0.1", 0, echo)
    stream = await TcpDialer().dial("127.0.0.1", listener.port)
    assert stream._protocol._transport is not None
    connected = stream._protocol._transport.get_extra_info("socket")
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # what nobody acknowledges is noticed in half a minute
        assert 0 < connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
    await stream.aclose()
    await listener.aclose()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_is_dialled(host: str) -> None:
    try:
        listener = await listen(host, 0, echo)
    except Exception:  # noqa: BLE001 - a machine without IPv6
        pytest.skip(f"this machine cannot listen on {host}")
    stream = await TcpDialer().dial(host, listener.port)
    assert stream.peer == (f"[::1]:{listener.port}" if ":" in host else f"{host}:{listener.port}")
    await stream.aclose()
    await listener.aclose()


async def test_tls_is_started_when_asked_for(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    listener = await listen("127.0.0.1", 0, echo, tls=ServerTls(files.certificate, files.key))
    tls = ClientTls("localhost", ca_file=files.ca_file)
    stream = await TcpDialer().dial("127.0.0.1", listener.port, tls=tls)
    assert stream.tls is not None
    await stream.send(b"hello")
    assert await stream.read() == b"hello"
    await stream.aclose()
    await listener.aclose()


async def test_tls_to_a_server_in_the_clear_fails_in_a_sentence() -> None:
    async def greet(stream: Stream) -> None:
        await stream.send(b"+OK ready\r\n")
        await stream.read()

    listener = await listen("127.0.0.1", 0, greet)
    with pytest.raises(TlsError):
        await TcpDialer().dial("127.0.0.1", listener.port, tls=ClientTls("localhost"))
    await listener.aclose()


async def test_a_refused_connection_names_host_and_port_and_a_remedy() -> None:
    port = free_port()
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("127.0.0.1", port)
    assert caught.value.code == "refused"
    assert caught.value.sentence == f"127.0.0.1:{port} refuses the connection."
    assert caught.value.remedy


async def test_an_unknown_host_is_named() -> None:
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("no-such-host.invalid", 110)
    assert caught.value.code in {"no-such-host", "no-network"}
    assert "no-such-host.invalid" in caught.value.sentence


async def test_what_is_no_host_name_is_named() -> None:
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("a..b", 110)
    assert caught.value.code == "no-such-host"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.ENETUNREACH, "no-network"),
        (errno.ETIMEDOUT, "timed-out"),
        (errno.ECONNRESET, "refused"),
        (errno.EACCES, "unreachable"),
        (errno.EPROTO, "unreachable"),
    ],
)
async def test_every_failure_has_a_code_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    async def fail(_address: Address) -> None:
        raise OSError(number, "as the system says it")

    monkeypatch.setattr(dial, "_attempt", fail)
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("127.0.0.1", 110)
    assert caught.value.code == code
    assert caught.value.sentence.startswith("127.0.0.1:110 ")
    assert caught.value.sentence.count(".") == caught.value.sentence.count("127.0.0.1") * 3 + 1


async def test_a_host_that_does_not_answer_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_address: Address) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(dial, "_attempt", hang)
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("192.0.2.1", 110, timeout_s=0.05)
    assert caught.value.code == "timed-out"
    assert caught.value.sentence == "192.0.2.1:110 did not answer within 0.05 s."


async def test_a_name_server_that_does_not_answer_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(_host: str, _port: int) -> list[Address]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr(dial, "resolve", hang)
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("slow.example", 110, timeout_s=0.05)
    assert caught.value.code == "timed-out"
    assert "slow.example" in caught.value.sentence


# --- RFC 8305
# --------------------------------------------------------------------------------------


def use_addresses(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def answer(_host: str, port: int) -> list[Address]:
        return [(socket.AF_INET, (address, port)) for address in addresses]

    monkeypatch.setattr(dial, "resolve", answer)


async def test_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 8305 section 4: the first family stays first, then they alternate.
    async def getaddrinfo(*_: object, **__: object) -> list[object]:
        six = [(socket.AF_INET6, 1, 6, "", (f"2001:db8::{n}", 1, 0, 0)) for n in (1, 2, 3)]
        four = [(socket.AF_INET, 1, 6, "", ("192.0.2.1", 1))]
        return [*six, *four]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    found = [address[0] for _, address in await resolve("example.org", 1)]
    assert found == ["2001:db8::1", "192.0.2.1", "2001:db8::2", "2001:db8::3"]


async def test_the_next_address_is_tried_when_the_first_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = await listen("127.0.0.1", 0, echo)
    use_addresses(monkeypatch, "127.0.0.2", "127.0.0.3", "127.0.0.1")
    stream = await TcpDialer().dial("example.org", listener.port)
    assert stream.peer == f"127.0.0.1:{listener.port}"
    await stream.aclose()
    await listener.aclose()


async def test_a_slow_address_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = await listen("127.0.0.1", 0, echo)
    use_addresses(monkeypatch, "192.0.2.1", "127.0.0.1")
    real = dial._attempt
    tried: list[str] = []
    cancelled = asyncio.Event()

    async def attempt(address: Address) -> object:
        tried.append(str(address[1][0]))
        if address[1][0] == "192.0.2.1":
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()
        return await real(address)

    monkeypatch.setattr(dial, "_attempt", attempt)
    monkeypatch.setattr(dial, "ATTEMPT_DELAY_S", 0.02)
    stream = await TcpDialer().dial("example.org", listener.port)
    assert tried == ["192.0.2.1", "127.0.0.1"]
    assert cancelled.is_set(), "the slow attempt was left running"
    await stream.aclose()
    await listener.aclose()


async def test_when_all_fail_the_error_is_that_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    use_addresses(monkeypatch, "127.0.0.1", "127.0.0.2")
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("example.org", port)
    assert caught.value.code == "refused"
    assert caught.value.sentence == f"example.org:{port} refuses the connection."


async def test_a_host_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use_addresses(monkeypatch)
    with pytest.raises(UnreachableError) as caught:
        await TcpDialer().dial("example.org", 110)
    assert caught.value.sentence == "There is no address for example.org:110."


async def test_a_dial_that_is_cancelled_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(_address: Address) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(dial, "_attempt", hang)
    dialling = asyncio.get_running_loop().create_task(TcpDialer().dial("127.0.0.1", 110))
    await asyncio.sleep(0.05)
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling


async def test_a_dial_that_is_cancelled_when_one_has_answered_closes_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waits for a slower one to clean up."""
    listener = await listen("127.0.0.1", 0, echo)
    use_addresses(monkeypatch, "192.0.2.1", "127.0.0.1")
    real = dial._attempt
    cleans_up, made = asyncio.Event(), list[StreamProtocol]()

    async def attempt(address: Address) -> StreamProtocol:
        if address[1][0] == "192.0.2.1":
            try:
                await asyncio.sleep(60)
            finally:
                cleans_up.set()
                await asyncio.sleep(60)
        made.append(await real(address))
        return made[0]

    monkeypatch.setattr(dial, "_attempt", attempt)
    monkeypatch.setattr(dial, "ATTEMPT_DELAY_S", 0.02)
    dialling = asyncio.get_running_loop().create_task(
        TcpDialer().dial("example.org", listener.port)
    )
    await cleans_up.wait()
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    assert [one.is_closed for one in made] == [True]
    await listener.aclose()
