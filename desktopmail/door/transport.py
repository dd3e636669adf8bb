"""What a connection of the door is written to and closed by."""

from __future__ import annotations

import asyncio


def both_ways(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return a transport that can be read and written, which those of sockets are.

    Raises:
        TypeError: It is a pipe's: whoever connected it made a mistake.
    """
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("the door needs a transport for reading and writing")
    return transport
