"""COMPRESS=DEFLATE."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.compress import Compress, Deflater, Inflater
from desktopmail.wire.imap.limits import MAX_INFLATED_OCTETS
from tests.helpers.imap import client_events, command_both_ways, refused_command

if TYPE_CHECKING:
    from collections.abc import Iterator


def deflated(octets: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(octets) + packer.flush(zlib.Z_SYNC_FLUSH)


def test_the_command_of_rfc_4978_section_3() -> None:
    command_both_ways(b"COMPRESS DEFLATE", Compress())
    refused_command(b"COMPRESS")


@given(st.lists(st.binary(max_size=400), max_size=6), st.integers(1, 50))
def test_what_is_packed_comes_back_however_it_arrives(sent: list[bytes], size: int) -> None:
    packer, unpacker = Deflater(), Inflater()
    wire = b"".join(packer.send(octets) for octets in sent)
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert b"".join(out for piece in pieces for out in unpacker.receive(piece)) == b"".join(sent)


def test_every_send_can_be_read_at_once() -> None:
    packer, unpacker = Deflater(), Inflater()
    assert b"".join(unpacker.receive(packer.send(b"A1 NOOP\r\n"))) == b"A1 NOOP\r\n"


def test_a_bomb_comes_out_in_steps_and_meets_the_limit_of_a_line() -> None:
    bomb = deflated(b"a" * 200_000_000)
    assert len(bomb) < 300_000
    client = ClientConnection()
    client.receive(b"* PREAUTH hi\r\n")
    client.next_event()
    sizes: list[int] = []

    def inflated() -> Iterator[bytes]:
        for piece in Inflater().receive(bomb):
            sizes.append(len(piece))
            yield piece

    with pytest.raises(RemoteProtocolError) as caught:
        client_events(client, inflated())
    assert caught.value.limit == "max_line_octets"
    assert max(sizes) <= MAX_INFLATED_OCTETS
    assert sum(sizes) < 70 * 1024 * 1024


@pytest.mark.parametrize("octets", [b"* OK this is not deflated\r\n", b"\xff" * 10])
def test_what_is_not_deflated_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        list(Inflater().receive(octets * 10))


def test_octets_behind_the_end_of_the_stream_are_the_peers_fault() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    ended = packer.compress(b"x") + packer.flush()
    unpacker = Inflater()
    with pytest.raises(RemoteProtocolError):
        list(unpacker.receive(ended + b"more"))


@given(st.binary(max_size=100))
def test_any_octets_are_unpacked_or_are_the_peers_fault(octets: bytes) -> None:
    try:
        list(Inflater().receive(octets))
    except RemoteProtocolError:
        return
