"""mbox there and back, and from others."""

from __future__ import annotations

import mailbox
from typing import TYPE_CHECKING

import pytest

from localserver.exchange.mbox import read_mbox, write_mbox
from localserver.exchange.value import ExchangeError
from tests.helpers.exchange import DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path


def written(path: Path) -> Path:
    with path.open("wb") as file:
        assert write_mbox(file, DIFFICULT) == len(DIFFICULT)
    return path


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    assert list(read_mbox(written(tmp_path / "box"))) == DIFFICULT


def test_the_standard_library_sees_as_many_messages(tmp_path: Path) -> None:
    box = mailbox.mbox(written(tmp_path / "box"))
    assert len(box) == len(DIFFICULT)
    assert "R" in box[0].get_flags()
    box.close()


def test_what_another_program_wrote_is_read_with_its_flags(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(
        b"From a@x Mon Feb  7 21:52:25 1994\nSubject: one\nStatus: RO\nX-Status: AF\n\n"
        b"text\n>From quoted\n\nFrom b@x Mon Feb  7 21:52:25 1994\nSubject: two\n\ntext\n\n"
    )
    one, two = read_mbox(path)
    assert one.octets.endswith(b"text\nFrom quoted\n")
    assert one.flags == {"\\Seen", "\\Answered", "\\Flagged"}
    assert (two.octets, two.flags) == (b"Subject: two\n\ntext\n", frozenset())


def test_a_file_that_is_no_mbox_is_named(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"Subject: x\n\nFrom nowhere\n")
    with pytest.raises(ExchangeError, match="box is no mbox"):
        list(read_mbox(path))
    path.write_bytes(b"")
    assert list(read_mbox(path)) == []
