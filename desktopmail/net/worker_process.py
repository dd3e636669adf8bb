"""The worker itself: `python -m desktopmail.net.worker_process`, started by `worker.Worker`.

It imports as little as it can: what it is asked to call brings the rest.
"""

from __future__ import annotations

import gc
import os
import pickle
import struct
import sys

READY = b"+"
_LENGTH = struct.Struct("<Q")


def write(pipe: int, octets: bytes) -> None:
    """Write a frame: its length, and the octets."""
    for part in (_LENGTH.pack(len(octets)), octets):
        left = memoryview(part)
        while left:
            left = left[os.write(pipe, left) :]


def read(pipe: int) -> bytearray:
    """Read a frame.

    Raises:
        EOFError: The other side has ended.
    """
    (length,) = _LENGTH.unpack(_read_exactly(pipe, _LENGTH.size))
    return _read_exactly(pipe, length)


def _read_exactly(pipe: int, length: int) -> bytearray:
    octets = bytearray(length)
    left = memoryview(octets)
    while left:
        count = os.readv(pipe, [left])
        if not count:
            raise EOFError("it ended")
        left = left[count:]
    return octets


def main() -> int:
    """Be the worker: answer until standard input ends."""
    asked, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # a stray print must not break the framing
    # What is made for one answer goes with it: looking for cycles costs a tenth of the time.
    gc.set_threshold(20_000, 10, 100)
    os.write(answers, READY)
    while True:
        try:
            call = read(asked)
        except EOFError:
            return 0
        write(answers, _answer(call))


def _answer(call: bytearray) -> bytes:
    """What came of a call.

    Raises:
        MemoryError: There was no room for it; all that is here goes with this process, and who
            asked does it by itself.
    """
    try:
        return pickle.dumps((True, pickle.loads(call)()), pickle.HIGHEST_PROTOCOL)  # noqa: S301 - our parent
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - it is raised in the process that asked
        return pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    sys.exit(main())
