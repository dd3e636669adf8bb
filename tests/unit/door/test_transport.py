"""A connection of the door is read and written."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.door.transport import both_ways


def test_a_transport_that_is_read_and_written_is_taken_as_it_is() -> None:
    transport = asyncio.Transport()
    assert both_ways(transport) is transport


@pytest.mark.parametrize("kind", [asyncio.ReadTransport, asyncio.WriteTransport])
def test_one_of_a_pipe_is_refused(kind: type[asyncio.BaseTransport]) -> None:
    with pytest.raises(TypeError, match="reading and writing"):
        both_ways(kind())
