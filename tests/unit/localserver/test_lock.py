"""One server at a time on one folder."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from localserver.lock import lock_folder
from localserver.store.errors import LockedError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_lock_is_refused_until_the_first_is_given_back(tmp_path: Path) -> None:
    first = lock_folder(tmp_path / "new")
    with pytest.raises(LockedError, match="Another server works on the folder"):
        lock_folder(tmp_path / "new")
    first.release()
    first.release()
    lock_folder(tmp_path / "new").release()


def test_a_folder_that_is_made_is_for_its_user_alone(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    lock.release()


def test_what_a_killed_server_left_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"")
    lock_folder(tmp_path).release()


def test_another_process_holds_the_lock_until_it_ends(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from localserver.lock import lock_folder;"
        "lock_folder(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match="choose another --data"):
            lock_folder(tmp_path)
        other.kill()
    lock_folder(tmp_path).release()
