"""The messages between the engine and its clients, and how they are framed on the socket.

A frame is its length in four octets, the most significant first, and a MessagePack value. The first
frame of either side is a greeting; programs of two versions, as after an upgrade, part with one
sentence. So the greeting alone has to stay as it is.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from desktopmail import __version__
from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.changes import AnyChange
from desktopmail.door.commands import AnyCommand, Outcome
from desktopmail.door.queries import AnyAnswer, AnyQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FRAME_OCTETS = 512 * 1024 * 1024  # a message on its way out travels in one frame
_LENGTH = struct.Struct(">I")

T = TypeVar("T")


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What both sides open with."""

    version: str = __version__
    pid: int


class CommandFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A command; its number comes back with what became of it."""

    number: int
    command: AnyCommand


class QueryFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A query; its number comes back with the answer."""

    number: int
    query: AnyQuery


class CancelFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Nobody waits for this number any more; what was journaled goes on."""

    number: int


class OutcomeFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What became of a command."""

    number: int
    outcome: Outcome


class AnswerFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to a query."""

    number: int
    answer: AnyAnswer


class ErrorFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A command or query was refused or failed."""

    number: int
    sentence: str
    remedy: str
    code: str
    certificate: ShownCertificate | None = None


class ChangeFrame(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something changed."""

    change: AnyChange


ClientFrame = Hello | CommandFrame | QueryFrame | CancelFrame
EngineFrame = Hello | OutcomeFrame | AnswerFrame | ErrorFrame | ChangeFrame


class FrameError(Exception):
    """The other side sent what is no frame of this protocol; the connection is of no use."""


def encode(frame: ClientFrame | EngineFrame) -> bytes:
    """Return a frame with its length in front."""
    body = msgspec.msgpack.encode(frame)
    return _LENGTH.pack(len(body)) + body


class FrameDecoder(Generic[T]):
    """Cuts what arrives into frames of one side.

    Args:
        kind: `ClientFrame` or `EngineFrame`.
    """

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - a union is no type to Python's typing
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._buffer = bytearray()

    def receive(self, octets: bytes) -> Iterator[T]:
        """Take octets and give out the frames that are whole now.

        Raises:
            FrameError: They are none.
        """
        self._buffer += octets
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME_OCTETS:
                raise FrameError(f"a frame of {length} octets")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            try:
                yield self._decoder.decode(body)
            except msgspec.MsgspecError as error:
                raise FrameError(str(error)) from error


def client_decoder() -> FrameDecoder[ClientFrame]:
    """Decodes what clients send."""
    return FrameDecoder(ClientFrame)


def engine_decoder() -> FrameDecoder[EngineFrame]:
    """Decodes what the engine sends."""
    return FrameDecoder(EngineFrame)
