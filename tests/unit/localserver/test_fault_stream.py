"""A stream that cuts and dribbles."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import ClosedError
from desktopmail.net.memory import stream_pair
from desktopmail.net.tls import ClientTls, ServerTls
from localserver.fault_stream import FaultyStream
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.stream import Stream


async def test_without_a_fault_everything_passes() -> None:
    ours, theirs = stream_pair()
    faulty = FaultyStream(ours)
    await faulty.send(b"hello")
    assert await theirs.read() == b"hello"
    theirs.write(b"back")
    assert await faulty.read() == b"back"
    assert faulty.peer == ours.peer


async def test_a_cut_lets_so_many_octets_out_and_no_more() -> None:
    ours, theirs = stream_pair()
    faulty = FaultyStream(ours)
    faulty.left = 7
    faulty.write(b"12345")
    with pytest.raises(ClosedError):
        faulty.write(b"67890")
    await faulty.aclose()
    octets = b""
    while piece := await theirs.read():
        octets += piece
    assert octets == b"1234567"


async def test_dribbled_octets_wait_for_drain_and_all_arrive() -> None:
    ours, theirs = stream_pair()
    faulty = FaultyStream(ours)
    faulty.dribbles = True
    faulty.write(b"abc")
    before = faulty.is_congested
    await faulty.drain()
    assert (before, faulty.is_congested) == (True, False)
    octets = b""
    while len(octets) < 3:
        octets += await theirs.read()
    assert octets == b"abc"


async def test_it_has_every_public_name_of_the_stream_it_stands_for() -> None:
    ours, _ = stream_pair()
    wanted = {name for name in dir(ours) if not name.startswith("_")}
    assert wanted <= set(dir(FaultyStream(ours)))


async def test_what_waits_to_be_dribbled_is_sent_before_tls_begins(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    client, server = stream_pair()
    faulty = FaultyStream(server)
    faulty.dribbles = True

    async def serve() -> None:
        faulty.write(b"OK\r\n")
        await faulty.start_tls(ServerTls(files.certificate, files.key))
        await faulty.send(b"inside")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(serve())
        assert await read_exactly(client, 4) == b"OK\r\n"
        await client.start_tls(ClientTls("localhost", ca_file=files.ca_file))
        assert await read_exactly(client, 6) == b"inside"


async def test_dribbling_and_a_cut_together_let_out_what_the_cut_allows() -> None:
    ours, theirs = stream_pair()
    faulty = FaultyStream(ours)
    faulty.dribbles, faulty.left = True, 3
    with pytest.raises(ClosedError):
        await faulty.send(b"12345")
    await faulty.aclose()
    assert await read_exactly(theirs, 3) == b"123"
    assert await theirs.read() == b""


async def read_exactly(stream: Stream, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        octets += await stream.read()
    return octets
