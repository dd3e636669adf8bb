"""What is committed: the planned top level, no host of a registry, no path of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    ".ci", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "README.md", "desktopmail", "docs", "localserver", "packaging", "pyproject.toml", "resources",
    "tests",
}  # fmt: skip
# Spelled in pieces, so that this file does not name them itself.
_HOSTS = [
    "pypi" + r"\.org",
    "python" + r"hosted",
    "registry" + r"\.npmjs",
    "deb" + r"\.debian",
]
_PATHS = ["/" + "work/", "/" + "root/", "/" + "farm/"]
NOT_TO_BE_NAMED = re.compile("|".join(_HOSTS + _PATHS))


def tracked() -> list[Path]:
    result = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode != 0:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in result.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_top_level_is_the_planned_one() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    named = []
    for path in tracked():
        octets = path.read_bytes()
        if b"\0" in octets:
            continue
        found = NOT_TO_BE_NAMED.search(octets.decode("utf-8", "replace"))
        if found:
            named.append(f"{path.relative_to(ROOT)}: {found.group()}")
    assert named == []


def test_no_lock_file_is_committed() -> None:
    assert [path for path in tracked() if path.name in {"uv.lock", "poetry.lock"}] == []
