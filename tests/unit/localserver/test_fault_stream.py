"""A stream that cuts and dribbles."""

from __future__ import annotations

import pytest

from desktopmail.net.errors import ClosedError
from desktopmail.net.memory import stream_pair
from localserver.fault_stream import FaultyStream


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
    assert faulty.is_congested
    await faulty.drain()
    assert not faulty.is_congested
    octets = b""
    while len(octets) < 3:
        octets += await theirs.read()
    assert octets == b"abc"
