"""Ports for programs that have to be told which one to bind."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

# Below those from which a system takes one for a connection, or for a listener that asks for any:
# who is told such a port may find it taken when it has started.
_FIRST, _BEHIND = 20_000, 32_000
_CHANCE = random.SystemRandom()


def free_port() -> int:
    """A port of the loopback that nobody has bound."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has bound, each another one."""
    found: dict[int, None] = {}
    while len(found) < count:
        port = _CHANCE.randrange(_FIRST, _BEHIND)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found[port] = None
    return list(found)
