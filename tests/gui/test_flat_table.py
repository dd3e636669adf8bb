from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from desktopmail import resources
from desktopmail.ui import flat_table

if TYPE_CHECKING:
    from pathlib import Path

FILES = [
    path
    for folder in ("translations", "themes")
    for path in sorted(resources.path(folder).glob("*.toml"))
    if not path.name.startswith("said-")  # sentences as keys: read by tomllib, when one is said
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_reads_our_files_as_tomllib_does(file: Path) -> None:
    source = file.read_text("utf-8")
    expected = tomllib.loads(source)
    found = flat_table.read(source)
    outside = found.pop("")
    assert {**outside, **found} == expected
    assert expected


def test_escapes_are_read_as_in_toml() -> None:
    source = '[a]\nb = "one \\"two\\" \\u2026 three"\n'
    assert flat_table.read(source)["a"] == tomllib.loads(source)["a"]


def test_what_it_does_not_understand_it_refuses() -> None:
    with pytest.raises(ValueError, match="is not a key"):
        flat_table.read("number = 3\n")
