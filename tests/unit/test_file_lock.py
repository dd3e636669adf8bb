"""One process has a lock, on each kind of system, and it goes with that process."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from desktopmail import file_lock
from desktopmail.file_lock import FileLock, HeldError, is_held
from tests.helpers.without import python_path, run_without

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = (
    "import sys, pathlib; from desktopmail.file_lock import FileLock;"
    "lock = FileLock(pathlib.Path(sys.argv[1]), 'Anna');"
    "print('held', flush=True); sys.stdin.read()"
)
_TRY = """
import pathlib, sys
from desktopmail.file_lock import FileLock, HeldError, is_held

path = pathlib.Path(sys.argv[1])
print(is_held(path))
try:
    lock = FileLock(path, "Ben")
except HeldError as error:
    print(f"held by {error.holder}")
else:
    print("taken")
    print(is_held(path))
    lock.release()
print(is_held(path))
"""


def test_a_second_lock_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists()
    first = FileLock(path, "Anna")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert is_held(path)
    with pytest.raises(HeldError) as caught:
        FileLock(path, "Ben")
    assert caught.value.holder == "Anna"
    first.release()
    first.release()
    assert not is_held(path)
    FileLock(path).release()
    assert path.read_text() == ""


def test_where_there_are_no_locks_that_is_not_taken_for_somebody_who_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        seen.append(descriptor)
        raise OSError(errno.ENOLCK, "No locks available")

    seen: list[int] = []
    monkeypatch.setattr(file_lock, "_lock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        FileLock(tmp_path / "lock")
    with pytest.raises(OSError, match="Bad file descriptor"):  # it was closed
        os.fstat(seen[0])


@pytest.mark.parametrize("system", ["of here", "without fcntl"])
def test_the_lock_goes_with_the_process_that_had_it(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    if system == "without fcntl":
        monkeypatch.setenv("PYTHONPATH", python_path())

    def tried() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", _TRY, str(path)], capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert tried() == ["True", "held by Anna", "True"]
        other.send_signal(signal.SIGKILL)
    assert tried() == ["False", "taken", "True", "False"]


def test_what_has_the_lock_can_be_read_where_locks_keep_readers_off(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from desktopmail import file_lock; p = pathlib.Path(sys.argv[1]);"
        "lock = file_lock.FileLock(p, 'Anna'); assert 'fcntl' not in vars(file_lock);"
        "print(file_lock._LOCKED_AT > p.stat().st_size)"
    )
    done = run_without(code, str(tmp_path / "lock"))
    assert done.stdout == "True\n", done.stderr
