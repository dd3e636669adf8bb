"""What was in hand when the engine ended suddenly is known to the next one, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.in_hand import ACCOUNT, MESSAGE, OPERATION, InHand, Item, message_key
from tests.helpers.without import python_path

if TYPE_CHECKING:
    from pathlib import Path

DIES = """
import os, sys
from pathlib import Path
from desktopmail.engine.in_hand import InHand
note = InHand(Path(sys.argv[1]))
with note.hold("account", "7"):
    with note.hold("message", "done"):
        pass
    with note.hold("message", "a key"):
        {end}
"""


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), 9)", "os._exit(3)"])
@pytest.mark.parametrize("system", ["of here", "without posix_fallocate"])
def test_whatever_ends_the_process_leaves_what_was_in_hand(
    tmp_path: Path, system: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if system != "of here":
        monkeypatch.setenv("PYTHONPATH", python_path())
    path = tmp_path / "in-hand"
    subprocess.run([sys.executable, "-c", DIES.format(end=end), str(path)], check=False, timeout=60)
    if system != "of here":
        monkeypatch.delattr(os, "posix_fallocate")
    after = InHand(path)
    assert set(after.left) == {Item(ACCOUNT, "7"), Item(MESSAGE, "a key")}
    after.close()
    assert InHand(path).left == ()


def test_one_that_ends_in_order_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in-hand"
    note = InHand(path)
    with note.hold(OPERATION, "1-9"):
        note.close()
        assert InHand(path).left == ()
        note = InHand(path)
    assert path.stat().st_mode & 0o077 == 0


def test_more_at_once_than_there_is_room_for_is_not_noted_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "in-hand"
    note = InHand(path)

    def nest(depth: int) -> None:
        if depth:
            with note.hold(MESSAGE, f"{depth}"):
                nest(depth - 1)
        else:
            assert len(InHand(path).left) == 64

    nest(70)


def test_threads_do_not_take_one_another_s_place(tmp_path: Path) -> None:
    path = tmp_path / "in-hand"
    note = InHand(path)

    def work(number: int) -> None:
        for _ in range(300):
            with note.hold(MESSAGE, f"{number}"):
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    note2 = InHand(path)
    assert note2.left == ()
    with note.hold(ACCOUNT, "1"):
        assert InHand(path).left == (Item(ACCOUNT, "1"),)


@pytest.mark.logs("is not noted")
def test_where_it_cannot_be_written_the_engine_goes_on(tmp_path: Path) -> None:
    note = InHand(tmp_path / "nowhere" / "in-hand")
    with note.hold(ACCOUNT, "1"):
        pass
    note.close()


def test_a_message_is_named_by_its_ends_and_its_length() -> None:
    long = bytes(100_000)
    assert message_key(long) == message_key(bytes(100_000))
    assert len({message_key(one) for one in (long, long + b"x", b"x" + long, b"", b"x")}) == 5
