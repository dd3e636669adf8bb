from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from desktopmail.net.ports import InlineExecutor
from localserver.spool import Spool, sweep

T = TypeVar("T")


async def test_small_messages_stay_in_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100, InlineExecutor())
    await spool.write(b"head\r\n")
    await spool.write(b"body")
    assert spool.size == 10
    assert spool.head == b"head\r\nbody"
    assert await spool.compose(b"top\r\n") == b"top\r\nhead\r\nbody"
    assert await spool.compose(b"", [(0, 6)]) == b"body"
    assert entries(tmp_path) == []


async def test_a_message_that_is_a_little_larger_needs_no_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100, InlineExecutor())
    await spool.write(b"0123456789" * 10)
    await spool.write(b"0123456789" * 2)
    assert entries(tmp_path) == []
    await spool.write(b"012345")
    assert len(entries(tmp_path / "spool")) == 1
    assert await spool.compose(b"") == b"0123456789" * 12 + b"012345"
    spool.discard()


async def test_large_messages_go_to_disk_as_they_arrive(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100, InlineExecutor())
    piece = b"0123456789" * 6
    for _ in range(50):
        await spool.write(piece)
        assert spool._held <= 125
    assert spool.head.startswith(piece)
    assert len(spool.head) == 180
    for cuts, expected in (((), piece * 50), (((10, 20), (50, 60)), _cut(piece * 50))):
        whole = await spool.compose(b"top\r\n", cuts)
        assert whole == b"top\r\n" + expected
    spool.discard()
    assert entries(tmp_path / "spool") == []


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _cut(octets: bytes) -> bytes:
    return octets[:10] + octets[20:50] + octets[60:]


async def test_what_fits_into_memory_is_held_without_waiting(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10, InlineExecutor())
    assert spool.hold(b"01234")
    assert spool.hold(b"56789ab")
    assert not spool.hold(b"x")
    assert spool.size == 12
    await spool.write(b"x")
    assert not spool.hold(b"012")
    assert spool.hold(b"yz")
    assert await spool.compose(b"") == b"0123456789abxyz"
    spool.discard()


async def test_without_a_folder_everything_stays_in_memory() -> None:
    spool = Spool(None, 10, InlineExecutor())
    for _ in range(100):
        await spool.write(b"0123456789")
    assert await spool.compose(b"") == b"0123456789" * 100


async def test_a_large_message_is_put_together_beside_the_loop(tmp_path: Path) -> None:
    class Counting(InlineExecutor):
        composed = 0

        async def run(self, function: Callable[..., T], *args: object) -> T:
            Counting.composed += len(args) > 0
            return function(*args)

    for place, (data, size) in enumerate(((None, 100), (None, 5), (tmp_path, 100)), 1):
        spool = Spool(data, 10, Counting())
        for _ in range(size):
            await spool.write(b"x")
        assert len(spool.head) <= 20
        assert await spool.compose(b"top", [(1, 3)]) == b"top" + b"x" * (size - 2)
        assert Counting.composed == (1, 1, 2)[place - 1]
        spool.discard()


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"a file where the folder should be")
    spool = Spool(tmp_path, 1, InlineExecutor())
    with pytest.raises(OSError, match="spool"):
        await spool.write(b"12345")
    spool.discard()


async def test_an_empty_message_is_one() -> None:
    spool = Spool(None, 10, InlineExecutor())
    assert spool.head == b""
    assert await spool.compose(b"top\r\n") == b"top\r\n"


async def test_what_a_killed_server_left_behind_is_swept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10, InlineExecutor())
    for _ in range(5):
        await spool.write(b"0123456789")
    (tmp_path / "spool" / "mine").write_bytes(b"not a spool file")
    assert sweep(tmp_path) == 1
    assert [path.name for path in entries(tmp_path / "spool")] == ["mine"]
    assert sweep(tmp_path / "nowhere") == 0
    spool.discard()
