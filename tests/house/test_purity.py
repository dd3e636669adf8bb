"""`wire` and `mime` are pure: octets and values in, octets and values out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# No I/O, tasks, clock, randomness, processes, threads, logging or databases among them.
STANDARD = {
    "__future__", "abc", "array", "base64", "binascii", "bisect", "codecs", "collections",
    "contextlib", "dataclasses", "datetime", "difflib", "encodings", "enum", "functools",
    "hashlib", "heapq", "hmac", "html", "io", "itertools", "math", "operator", "quopri", "re",
    "string", "stringprep", "struct", "textwrap", "types", "typing", "unicodedata",
    "urllib.parse", "zlib",
}  # fmt: skip
ALLOWED = {
    "wire": STANDARD | {"idna", "desktopmail.wire", "desktopmail.mime"},
    "mime": STANDARD
    | {"email", "idna", "nh3", "css_inline", "selectolax", "webencodings"}
    | {"charset_normalizer", "desktopmail.mime"},
}
# Pure modules with impure functions: the clock, randomness and host names come in as arguments.
FORBIDDEN_CALLS = {
    "now", "utcnow", "today", "uuid1", "uuid4", "make_msgid", "formatdate", "localtime",
    "open", "print", "input", "exec", "eval", "urandom", "getfqdn",
}  # fmt: skip

MODULES = [
    pytest.param(path, room, id=str(path.relative_to(ROOT)))
    for room in ("wire", "mime")
    for path in sorted((ROOT / "desktopmail" / room).rglob("*.py"))
]


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return names


def is_allowed(name: str, allowed: set[str]) -> bool:
    return any(name == entry or name.startswith(entry + ".") for entry in allowed)


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_a_pure_module_imports_only_what_the_list_allows(path: Path, room: str) -> None:
    names = imported(ast.parse(path.read_text("utf-8")))
    assert sorted(name for name in names if not is_allowed(name, ALLOWED[room])) == []


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_a_pure_module_asks_neither_clock_nor_chance_nor_files(path: Path, room: str) -> None:
    calls = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            if isinstance(node.func, ast.Name):
                name = node.func.id
            if name in FORBIDDEN_CALLS:
                calls.append(f"{path.name}:{node.lineno} {name}()")
    assert calls == [], room
