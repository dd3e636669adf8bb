"""COMPRESS=DEFLATE."""

from __future__ import annotations

import zlib

from tests.helpers.imap_dialogue import logged_in


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


async def test_an_unknown_algorithm_is_bad() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("COMPRESS LZ4"))[-1].startswith("BAD")


async def test_octets_that_are_no_deflate_end_the_session() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("COMPRESS DEFLATE")
        await dialogue.send(b"\xff\xff\xff NOOP\r\n")
        assert await dialogue.at_end()
