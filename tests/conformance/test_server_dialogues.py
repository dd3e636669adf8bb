"""Dialogues that broke other test servers, and others worth keeping, held with ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.server_dialogue import fits, hold, read_dialogue

FOLDER = Path(__file__).parent / "server"
# The issue of each is named in its first line.
NAMED = {
    "imap-list-empty", "imap-select-empty", "imap-search-since", "imap-namespace",
    "imap-append-empty", "imap-fetch-past-the-end", "imap-fetch-partial", "pop3-top-without-body",
}  # fmt: skip


@pytest.mark.parametrize("piece", [0, 1], ids=["whole", "octet by octet"])
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_the_server_says_what_stands_in_the_file(path: Path, piece: int) -> None:
    said = hold(read_dialogue(path), piece=piece)
    wrong = [(expected, came) for expected, came in said if not fits(expected, came)]
    assert not wrong, "\n".join(f"S: {expected}\n   came: {came}" for expected, came in wrong)


def test_the_dialogues_that_have_to_be_there_are() -> None:
    paths = {path.stem: path for path in FOLDER.glob("*.txt")}
    assert set(paths) >= NAMED
    for path in paths.values():
        assert path.read_text("utf-8").startswith("# "), path.name
