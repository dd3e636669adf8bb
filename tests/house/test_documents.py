"""The documents tell the truth: files they name exist, commands they show are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
NAMED_FILE = re.compile(
    r"`((?:desktopmail|localserver|resources|tests|packaging|\.ci|docs)/[\w./-]*)`"
)
LINKED_FILE = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    names = set(NAMED_FILE.findall(text)) | set(LINKED_FILE.findall(text))
    assert sorted(name for name in names if not (ROOT / name).exists()) == []


def test_the_readme_shows_the_two_commands_and_the_variant_in_its_first_screen() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:50])
    assert "python3 -m pip install uv && uv run desktopmail demo" in first_screen
    assert "uv run pytest" in first_screen
    assert "pipx install uv" in first_screen


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rooms = [path for path in (ROOT / "desktopmail").iterdir() if (path / "__init__.py").exists()]
    rooms += [path for path in (ROOT / "localserver").iterdir() if (path / "__init__.py").exists()]
    assert sorted(room.name for room in rooms if room.name not in text) == []
