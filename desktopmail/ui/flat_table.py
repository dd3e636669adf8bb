"""Reads the plain TOML of our own resources: tables of one-line texts, and nothing else.

A general parser takes 20 ms for the sentences of a language, which the start of a window waits for.
A test holds each file against `tomllib`.
"""

from __future__ import annotations

import json

_JSON = json.JSONDecoder()


def read(source: str) -> dict[str, dict[str, str]]:
    """Return table → key → text; keys before the first table are in the table "".

    Raises:
        ValueError: A line is neither a comment, a table nor a key with a text.
    """
    entries: dict[str, str] = {}
    tables = {"": entries}
    for line in source.split("\n"):
        if not line or line[0] == "#":
            continue
        if line[0] == "[":
            entries = tables.setdefault(line.strip()[1:-1], {})
            continue
        key, equals, value = line.partition(" = ")
        if not equals or value[0] != '"':
            raise ValueError(f"{line!r} is not a key with a text.")
        entries[key] = _text(value)
    return tables


def _text(value: str) -> str:
    if "\\" not in value and value[-1] == '"' and value.count('"') == 2:
        return value[1:-1]
    # What JSON and TOML escape, they escape alike, but for the long form of a character.
    text, end = _JSON.raw_decode(value)
    rest = value[end:].lstrip()
    if rest and rest[0] != "#":
        raise ValueError(f"{rest!r} follows a text.")
    return str(text)
