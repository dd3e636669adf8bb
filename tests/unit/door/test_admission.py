"""Who knows the token can show it, and the token itself is never sent."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.door.address import LOOPBACK_HOST, TOKEN_OCTETS, Port
from desktopmail.door.admission import (
    NONCE_OCTETS,
    OPENING_OCTETS,
    PROOF_OCTETS,
    Applicant,
    answer,
    is_opening,
    opening,
)
from desktopmail.door.interface import EngineGoneError

TOKEN = bytes(range(TOKEN_OCTETS))
NONCE = b"n" * NONCE_OCTETS


def test_an_opening_is_known_by_the_token_alone() -> None:
    said = opening(TOKEN, NONCE)
    assert len(said) == OPENING_OCTETS
    assert is_opening(TOKEN, said)
    assert not is_opening(bytes(TOKEN_OCTETS), said)
    for place in range(OPENING_OCTETS):
        changed = bytearray(said)
        changed[place] ^= 1
        assert not is_opening(TOKEN, bytes(changed))
    assert not is_opening(TOKEN, said[:-1])
    assert not is_opening(TOKEN, b"")


def test_neither_side_can_show_the_proof_of_the_other() -> None:
    assert answer(TOKEN, NONCE) != opening(TOKEN, NONCE)[NONCE_OCTETS:]
    assert not is_opening(TOKEN, NONCE + answer(TOKEN, NONCE))
    assert len(answer(TOKEN, NONCE)) == PROOF_OCTETS


class Heard(asyncio.Protocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.transport: asyncio.BaseTransport | None = None
        self.octets = b""
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.octets += data

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost.set()


class Engine(Heard):
    """Answers the opening piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._said: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if len(self.octets) == OPENING_OCTETS:
            self._say()

    def _say(self) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        if self._pieces:
            self.transport.write(self._pieces.pop(0))
            asyncio.get_running_loop().call_later(0.01, self._say)
        else:
            self.transport.close()


async def applied(pieces: list[bytes]) -> tuple[Engine, Heard, Applicant]:
    loop = asyncio.get_running_loop()
    engine, client = Engine(pieces), Heard()
    server = await loop.create_server(lambda: engine, LOOPBACK_HOST, 0)
    port = Port(port=server.sockets[0].getsockname()[1], token=TOKEN)
    applicant = Applicant(port, NONCE, client)
    await loop.create_connection(lambda: applicant, LOOPBACK_HOST, port.port)
    await asyncio.wait_for(engine.lost.wait(), 20)
    server.close()
    return engine, client, applicant


@pytest.mark.parametrize("size", [1, 7, PROOF_OCTETS, PROOF_OCTETS + 1, 1000])
async def test_an_answer_in_pieces_admits_and_what_follows_is_the_clients(size: int) -> None:
    whole = answer(TOKEN, NONCE) + b"hello"
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    engine, client, applicant = await applied(pieces)
    await applicant.admitted
    assert engine.octets == opening(TOKEN, NONCE)
    assert client.octets == b"hello"
    assert client.lost.is_set()


@pytest.mark.parametrize("said", [b"", b"x" * 31, b"x" * 32 + b"hello", answer(TOKEN, b"other")])
async def test_a_client_never_hears_of_who_is_not_the_engine(said: bytes) -> None:
    _, client, applicant = await applied([said] if said else [])
    with pytest.raises(EngineGoneError):
        await applicant.admitted
    assert client.transport is None
