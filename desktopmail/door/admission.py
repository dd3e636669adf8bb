"""How an engine on loopback and its client show one another that they know the token.

The client opens with a nonce and a proof that it knows the token; the engine answers with a proof
of its own. Only then does either say or read anything else. The token itself is never sent: on the
port of an engine that died somebody else may listen, who must not pass for the engine with it.

    client-opening = nonce proof("client", nonce)    ; 32 + 32 octets
    engine-answer  = proof("engine", nonce)          ; 32 octets
    proof(side, n) = HMAC-SHA-256(token, side n)     ; RFC 2104
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from desktopmail.door.interface import EngineGoneError
from desktopmail.door.transport import both_ways

if TYPE_CHECKING:
    from desktopmail.door.address import Port

NONCE_OCTETS = 32
PROOF_OCTETS = 32
OPENING_OCTETS = NONCE_OCTETS + PROOF_OCTETS


def opening(token: bytes, nonce: bytes) -> bytes:
    """What a client opens with."""
    return nonce + _proof(token, b"client", nonce)


def is_opening(token: bytes, octets: bytes) -> bool:
    """Whether these octets are an opening of somebody who knows the token."""
    nonce, proof = octets[:NONCE_OCTETS], octets[NONCE_OCTETS:]
    return hmac.compare_digest(proof, _proof(token, b"client", nonce))


def answer(token: bytes, nonce: bytes) -> bytes:
    """What an engine answers to an opening that begins with this nonce."""
    return _proof(token, b"engine", nonce)


def _proof(token: bytes, side: bytes, nonce: bytes) -> bytes:
    return hmac.digest(token, side + nonce, "sha256")


class Applicant(asyncio.Protocol):
    """Opens a connection to an engine, and hands it on when the engine has answered as it should.

    Args:
        port: Where the engine is; its token is shown to it, and has to be shown by it.
        nonce: `NONCE_OCTETS` fresh random octets.
        client: Who gets the connection then; it never hears of one that was not admitted.

    Attributes:
        admitted: Done when it is handed on; fails with `EngineGoneError` when it is not the engine.
    """

    def __init__(self, port: Port, nonce: bytes, client: asyncio.Protocol) -> None:
        self._token = port.token
        self._nonce = nonce
        self._client = client
        self._heard = b""
        self._transport: asyncio.Transport | None = None
        self.admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport = both_ways(transport)
        self._transport.write(opening(self._token, self._nonce))

    def data_received(self, data: bytes) -> None:
        """Hear the answer; what comes behind it is the client's."""
        if self._transport is None or self._transport.is_closing():
            return
        self._heard += data
        if len(self._heard) < PROOF_OCTETS:
            return
        heard, rest = self._heard[:PROOF_OCTETS], self._heard[PROOF_OCTETS:]
        if not hmac.compare_digest(heard, answer(self._token, self._nonce)):
            self._transport.abort()
            return
        self._transport.set_protocol(self._client)
        self._client.connection_made(self._transport)
        if not self.admitted.done():
            self.admitted.set_result(None)
        if rest:
            self._client.data_received(rest)

    def connection_lost(self, exc: Exception | None) -> None:
        """It was no engine of this token, or it ended."""
        del exc
        if not self.admitted.done():
            self.admitted.set_exception(
                EngineGoneError("The engine that listened there has ended.", code="engine-gone")
            )

    def leave(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()
