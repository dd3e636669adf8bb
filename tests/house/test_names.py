"""The same noun has the same file name on every floor, its test included."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTED_ROOMS = [
    "desktopmail/wire",
    "desktopmail/mime",
    "desktopmail/net",
    "desktopmail/door",
    "desktopmail/engine",
    "localserver",
]
# Protocols and values without a line of behaviour: their tests are those of their implementations.
MODULES = [
    path.relative_to(ROOT)
    for room in TESTED_ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if path.name not in {"__init__.py", "__main__.py"}
]
NAMES_THAT_SAY_NOTHING = {"utils", "util", "misc", "manager", "helpers", "common", "stuff"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_of_its_name(module: Path) -> None:
    inside = module.relative_to("desktopmail") if module.parts[0] == "desktopmail" else module
    test = ROOT / "tests" / "unit" / inside.parent / f"test_{module.name}"
    assert test.is_file(), f"{module} has no {test.relative_to(ROOT)}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    packages = [ROOT / "desktopmail", ROOT / "localserver"]
    names = [path for package in packages for path in package.rglob("*.py")]
    assert [str(path) for path in names if path.stem in NAMES_THAT_SAY_NOTHING] == []


def test_every_room_says_what_it_is_in_its_first_line() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in ("desktopmail", "localserver")
        for path in (ROOT / package).rglob("*.py")
        if not path.read_text("utf-8").lstrip().startswith(('"""', 'r"""', "# fmt"))
    ]
    assert silent == []
