"""Local identities are 64-bit numbers that cross a pipe as numbers."""

from __future__ import annotations

import msgspec

from desktopmail.door.ids import MessageId


def test_an_id_of_64_bits_crosses_the_pipe() -> None:
    largest = MessageId(2**63 - 1)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(largest), type=int) == largest
