"""The doors of the house: which room may import which."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the checkout at `folder`, with its own packages, not the installed."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def copy_of_the_house(folder: Path) -> Path:
    for package in ("desktopmail", "localserver"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_floor_imports_only_downward() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_room_that_the_contracts_do_not_list_fails_them(tmp_path: Path) -> None:
    house = copy_of_the_house(tmp_path)
    (house / "desktopmail" / "cellar").mkdir()
    (house / "desktopmail" / "cellar" / "__init__.py").write_text('"""A room nobody planned."""\n')
    result = lint_imports(house)
    assert result.returncode != 0
    assert "cellar" in result.stdout + result.stderr


def test_an_import_upward_fails_the_contracts(tmp_path: Path) -> None:
    house = copy_of_the_house(tmp_path)
    (house / "desktopmail" / "wire" / "thief.py").write_text("import desktopmail.net.stream\n")
    result = lint_imports(house)
    assert result.returncode != 0
    assert "desktopmail.wire.thief" in result.stdout
