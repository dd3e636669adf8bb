"""What was freed goes back to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from desktopmail.engine import freed_memory

# Small pieces, of which every fiftieth stays: between those is the room.
_FRAGMENTED = """
from desktopmail.engine.freed_memory import give_back

def resident():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * 4096

pieces = [bytes(2000) for _ in range(50_000)]
del pieces[1::2], pieces[1::2], pieces[1::2], pieces[1::2], pieces[1::2]
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc has it alone")
def test_the_room_between_what_is_in_use_goes_back() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _FRAGMENTED], check=True, capture_output=True, text=True, timeout=60
    )
    assert int(said.stdout) > 50_000_000


def test_a_c_library_that_cannot_do_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    freed_memory.give_back()
