"""Where in a TOML file each key stands: `tomllib` returns values and forgets their lines."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

# Names of tables and keys, and for arrays of tables which of them: ("filter", 1, "kind").
Path: TypeAlias = "tuple[str | int, ...]"

# key = simple-key / dotted-key; table = "[" key "]"; array-table = "[[" key "]]"   ; TOML 1.0
_SIMPLE: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = rf"{_SIMPLE}(?:\s*\.\s*{_SIMPLE})*"
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_PART: Final = re.compile(_SIMPLE)


class ConfigLines:
    """The lines of the keys in one file.

    Args:
        text: The file; it is sound TOML.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if (header := _HEADER.match(line)) is not None:
                table = _parts(header[2])
                self._lines.setdefault(table, number)
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                    self._lines[table] = number
            elif (key := _KEY.match(line)) is not None:
                self._lines.setdefault((*table, *_parts(key[1])), number)

    def line(self, *path: str | int) -> int:
        """Return the line of a key, or of the table round it where it has none of its own."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
