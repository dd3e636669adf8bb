from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.child import EngineProcess
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile

if TYPE_CHECKING:
    from pathlib import Path


def ended(code: str, profile: Profile) -> EngineProcess:
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child = EngineProcess(process, profile)
    deadline = time.monotonic() + 20
    while not child.ended:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return child


def test_what_it_said_before_it_ended_is_the_reason(tmp_path: Path) -> None:
    said = '{"sentence": "It is full.", "remedy": "Make room.", "code": "disk-full"}'
    error = ended(f"print('{said}')", Profile.at(tmp_path)).failure()
    assert (error.sentence, error.remedy, error.code) == ("It is full.", "Make room.", "disk-full")


def test_one_that_died_without_a_word_leaves_its_status_and_its_log(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    error = ended("raise SystemExit(7)", profile).failure()
    assert "(status 7)" in error.sentence
    assert str(profile.log) in error.remedy
    assert error.code == "engine-died"


def test_a_profile_that_is_a_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("")
    with pytest.raises(DoorError, match="cannot be written") as caught:
        EngineProcess.start(Profile.at(tmp_path / "profile"))
    assert caught.value.code == "profile-unwritable"


@pytest.mark.parametrize("own", ["", "7"])
def test_an_engine_keeps_its_memory_together_unless_a_person_says_otherwise(
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    for name in names:
        monkeypatch.delenv(name, raising=False)
        if own:
            monkeypatch.setenv(name, own)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    seen: list[list[str]] = []
    started = subprocess.Popen

    def popen(*args: object, env: dict[str, str], **options: object) -> subprocess.Popen[bytes]:
        seen.append([env[name] for name in names])
        return started(*args, env=env, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", popen)
    EngineProcess.start(Profile.at(tmp_path))
    assert seen == [[own] * 3 if own else ["1", str(1 << 20), str(4 << 20)]]
