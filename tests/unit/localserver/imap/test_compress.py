"""COMPRESS=DEFLATE."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from desktopmail.wire.imap.limits import MAX_INFLATED_OCTETS
from desktopmail.wire.imap.server import ServerConnection
from tests.helpers.imap_dialogue import logged_in

if TYPE_CHECKING:
    import pytest


async def test_both_directions_are_deflated_behind_the_answer() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("COMPRESS DEFLATE"))[-1].startswith("OK")
        packer, unpacker = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
        octets = packer.compress(b"c NOOP\r\n") + packer.flush(zlib.Z_SYNC_FLUSH)
        await dialogue.send(octets)
        answer = b""
        while b"\r\n" not in answer:
            answer += unpacker.decompress(await dialogue.stream.read())
        assert answer.startswith(b"c OK")


async def test_a_large_message_is_deflated_piece_by_piece() -> None:
    message = b"Subject: x\r\n\r\n" + b"".join(b"line %d\r\n" % line for line in range(200_000))
    async with logged_in(messages=[message]) as dialogue:
        await dialogue.run("COMPRESS DEFLATE")
        packer, unpacker = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
        octets = packer.compress(b"c FETCH 1 BODY.PEEK[]\r\n") + packer.flush(zlib.Z_SYNC_FLUSH)
        await dialogue.send(octets)
        answer = b""
        while b"\r\nc OK" not in answer:
            answer += unpacker.decompress(await dialogue.stream.read())
        assert answer.startswith(b"* 1 FETCH (BODY[] {%d}\r\n%b)\r\nc OK" % (len(message), message))


async def test_an_unknown_algorithm_is_bad() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("COMPRESS LZ4"))[-1].startswith("BAD")


async def test_octets_that_are_no_deflate_end_the_session() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("COMPRESS DEFLATE")
        await dialogue.send(b"\xff\xff\xff NOOP\r\n")
        assert await dialogue.at_end()


async def test_a_bomb_is_unpacked_step_by_step_and_ends_at_the_limit_of_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[int] = []
    receive = ServerConnection.receive

    def watched(machine: ServerConnection, octets: bytes) -> None:
        receive(machine, octets)
        held.append(machine._cutter.buffered)

    monkeypatch.setattr(ServerConnection, "receive", watched)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(b"a" * 100_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    async with logged_in() as dialogue:
        await dialogue.run("COMPRESS DEFLATE")
        await dialogue.send(bomb)
        unpacker = zlib.decompressobj(-15)
        answer = b""
        while octets := await dialogue.stream.read():
            answer += unpacker.decompress(octets)
        assert answer.startswith(b"* BYE [TOOBIG]")
    assert max(held) <= 2 * MAX_INFLATED_OCTETS


async def test_what_stands_behind_the_command_is_compressed_already() -> None:
    packer, unpacker = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
    octets = packer.compress(b"c NOOP\r\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    async with logged_in() as dialogue:
        await dialogue.send(b"b COMPRESS DEFLATE\r\n" + octets)
        assert (await dialogue.line()).startswith(b"b OK")
        while not dialogue._buffer:
            await dialogue._more()
        assert unpacker.decompress(dialogue._buffer).startswith(b"c OK")
        dialogue._buffer = b""
