"""Regular expressions mean the same on every Python that we run on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# `(?:ab?c)*+` matches "a" up to Python 3.11.4 (CPython issue 106052), and captures inside one raise
# SystemError in every 3.11 (issue 101955); Debian 12 has 3.11.2. `(?>(?:ab?c)*)` is the same, and
# right everywhere. A possessive quantifier behind a class or a character is sound.
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")

MODULES = [
    path
    for room in ("desktopmail", "localserver")
    for path in sorted((ROOT / room).rglob("*.py"))
    if re.search(r"^import re$", path.read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_group_is_repeated_possessively(path: Path) -> None:
    constants = (
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    )
    for node in constants:
        text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
        if isinstance(text, str):
            found = POSSESSIVE_GROUP.search(text)
            assert found is None, f"line {node.lineno}: {text!r}: write (?>(?:…)*) for (?:…)*+"
