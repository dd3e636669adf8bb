"""The real and malformed messages beside the checkout (`../shared/corpora`), as octets.

They belong to other projects and are used from where they are. A test that wants them takes
`messages()` as parameters or is marked `@needed`: without the folder it is skipped by name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2].parent / "shared" / "corpora"
needed = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the corpora of real messages are not beside this checkout (../shared/corpora)",
)
_FROM_LINE = re.compile(rb"^From [^\n]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CorpusMessage:
    """One message, exactly as its project keeps it."""

    name: str
    octets: bytes


def messages() -> list[CorpusMessage]:
    """Every message of the corpora, in the order of their names; empty where there is no folder."""
    found = [
        CorpusMessage(str(path.relative_to(FOLDER)), path.read_bytes())
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and _is_message(path)
    ]
    for path in sorted(FOLDER.rglob("*.mbox")):
        found += _split_mbox(path)
    return [message for message in found if message.octets]


def payloads() -> list[tuple[str, str]]:
    """The (title, payload) pairs made to break HTML sanitisers."""
    path = next((FOLDER / "html-xss").glob("*.json"), None) if FOLDER.is_dir() else None
    if path is None:
        return []
    return [(entry["title"], entry["payload"]) for entry in json.loads(path.read_text("utf-8"))]


def message_parameters() -> list[object]:
    """`messages()` as pytest parameters, or one that is skipped and says why."""
    found = messages()
    if not found:
        return [_absent()]
    return [pytest.param(message.octets, id=message.name) for message in found]


def _absent() -> object:
    reason = "the corpora of real messages are not beside this checkout (../shared/corpora)"
    return pytest.param(b"", id="absent", marks=pytest.mark.skip(reason=reason))


def _is_message(path: Path) -> bool:
    if path.suffix == ".eml" or (path.name.startswith("msg_") and path.suffix == ".txt"):
        return True
    if path.parent.name == "dkim" and path.name.startswith("email."):
        return True
    return path.parent.name in {"cur", "new"}


def _split_mbox(path: Path) -> list[CorpusMessage]:
    octets = path.read_bytes()
    begins = [match.end() for match in _FROM_LINE.finditer(octets)]
    ends = [*[match.start() for match in _FROM_LINE.finditer(octets)][1:], len(octets)]
    return [
        CorpusMessage(f"{path.relative_to(FOLDER)}#{number}", octets[begin:end])
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    ]
