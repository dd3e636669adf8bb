"""The remote door against an engine that a test plays."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from desktopmail.door import remote
from desktopmail.door.address import (
    LOOPBACK_HOST,
    TOKEN_OCTETS,
    Address,
    LoopbackAddress,
    Port,
    SocketAddress,
    write_port,
)
from desktopmail.door.admission import OPENING_OCTETS
from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.changes import EverythingChanged, StoreTrouble
from desktopmail.door.commands import Outcome, SetOffline
from desktopmail.door.frames import (
    ChangeFrame,
    ErrorFrame,
    Hello,
    OutcomeFrame,
    encode,
)
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.remote import connect
from desktopmail.engine.admission import Admission

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = bytes(range(TOKEN_OCTETS))


class Played(asyncio.Protocol):
    """Says what the test says, as soon as it is asked anything."""

    def __init__(self, greeting: bytes, answer: bytes | None) -> None:
        self._greeting = greeting
        self._answer = answer
        self._asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._greeting)

    def data_received(self, _data: bytes) -> None:
        self._asked += 1
        if self._asked == 2:
            if self._answer is None:
                self._transport.abort()
            else:
                self._transport.write(self._answer)


@pytest.fixture(params=[SocketAddress, LoopbackAddress])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    made: Address = request.param(tmp_path / "s")
    return made


async def play(
    address: Address, answer: bytes | None, greeting: bytes = encode(Hello(pid=1))
) -> asyncio.Server:
    loop = asyncio.get_running_loop()

    def played() -> Played:
        return Played(greeting, answer)

    if isinstance(address, SocketAddress):
        return await loop.create_unix_server(played, str(address.path))
    server = await loop.create_server(Admission(TOKEN, played).stranger, LOOPBACK_HOST, 0)
    write_port(address, Port(port=server.sockets[0].getsockname()[1], token=TOKEN))
    return server


async def ask(address: Address, answer: bytes | None) -> Outcome:
    server = await play(address, answer)
    door = await connect(address)
    try:
        return await door.command(SetOffline(offline=True))
    finally:
        await door.aclose()
        server.close()


async def test_an_outcome_comes_back_under_its_number(address: Address) -> None:
    outcome = Outcome(label="Offline")
    assert await ask(address, encode(OutcomeFrame(number=1, outcome=outcome))) == outcome


async def test_a_refusal_comes_back_as_it_was_raised(address: Address) -> None:
    shown = ShownCertificate(
        side="incoming", host="h", port=993, text="subject: CN=mail", fingerprint="a" * 64
    )
    frame = ErrorFrame(number=1, sentence="No.", remedy="Try yes.", code="no", certificate=shown)
    with pytest.raises(DoorError) as caught:
        await ask(address, encode(frame))
    assert (caught.value.sentence, caught.value.remedy, caught.value.code) == (
        "No.",
        "Try yes.",
        "no",
    )
    assert caught.value.certificate == shown


@pytest.mark.parametrize("answer", [None, b"\xff\xff\xff\xff", b"\0\0\0\1\xc1"])
async def test_an_engine_that_goes_or_talks_nonsense_fails_what_waits(
    answer: bytes | None, address: Address
) -> None:
    with pytest.raises(EngineGoneError):
        await ask(address, answer)


async def test_what_keeps_the_store_from_being_written_is_told_to_who_listens_later(
    address: Address,
) -> None:
    trouble = StoreTrouble(what="The disk is full.", remedy="Make room.")
    answer = encode(OutcomeFrame(number=1, outcome=Outcome()))
    greeting = encode(Hello(pid=1)) + encode(ChangeFrame(change=trouble))
    server = await play(address, encode(ChangeFrame(change=StoreTrouble())) + answer, greeting)
    door = await connect(address)
    told: list[object] = []
    door.subscribe(told.append)
    await door.command(SetOffline(offline=True))
    assert told == [trouble, StoreTrouble()]
    door.subscribe(told.append)
    assert told == [trouble, StoreTrouble()]
    await door.aclose()
    server.close()


async def test_changes_are_told_until_one_stops_listening(address: Address) -> None:
    changes = encode(ChangeFrame(change=EverythingChanged())) * 2
    server = await play(
        address, changes + encode(OutcomeFrame(number=1, outcome=Outcome())) + changes
    )
    door = await connect(address)
    told: list[object] = []
    stop = door.subscribe(told.append)
    await door.command(SetOffline(offline=True))
    stop()
    assert told[:2] == [EverythingChanged(), EverythingChanged()]
    await door.aclose()
    server.close()


async def test_an_engine_of_another_version_is_said(address: Address) -> None:
    server = await play(address, None, encode(Hello(version="99.1", pid=1)))
    with pytest.raises(DoorError, match=r"desktopmail 99\.1") as caught:
        await connect(address)
    assert caught.value.code == "other-version"
    server.close()


class Stranger(asyncio.Protocol):
    """Listens where an engine did, and says something."""

    def __init__(self, said: bytes | None) -> None:
        self._said = said
        self.heard = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if self._said is None:
            self.transport.close()
        else:
            self.transport.write(self._said)


@pytest.mark.parametrize(
    "said", [None, b"", b"220 mail.example.org ESMTP\r\n", b"x" * 32 + encode(Hello(pid=1))]
)
async def test_who_listens_at_the_port_of_an_engine_that_died_is_told_nothing(
    said: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "ADMISSION_TIMEOUT_S", 0.3)
    address = LoopbackAddress(tmp_path / "address")
    stranger = Stranger(said)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: stranger, LOOPBACK_HOST, 0)
    write_port(address, Port(port=server.sockets[0].getsockname()[1], token=TOKEN))
    with pytest.raises(EngineGoneError):
        await connect(address)
    assert len(stranger.heard) == OPENING_OCTETS
    assert TOKEN not in stranger.heard
    stranger.transport.abort()
    server.close()
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["open", "of another user", "a link"])
async def test_who_made_a_socket_where_others_may_is_told_nothing(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    stranger = Stranger(encode(Hello(pid=1)))
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: stranger, str(folder / "s"))
    match how:
        case "open":
            folder.chmod(0o755)
        case "of another user":
            if os.getuid():
                pytest.skip("only root gives a folder away")
            os.chown(folder, 12345, 12345)
        case _:
            (tmp_path / "link").symlink_to(folder)
            folder = tmp_path / "link"
    with pytest.raises(DoorError, match="open to others") as caught:
        await connect(SocketAddress(folder / "s"))
    assert caught.value.code == "no-socket"
    assert stranger.heard == b""
    server.close()


async def test_an_engine_that_admits_and_then_says_nothing_is_named_by_its_address(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "HELLO_TIMEOUT_S", 0.1)
    server = await play(address, None, b"")
    with pytest.raises(DoorError, match="does not answer") as caught:
        await connect(address)
    assert caught.value.code == "engine-silent"
    assert str(address.path) in caught.value.sentence
    server.close()
