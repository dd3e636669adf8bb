"""Maildir there and back, and from others."""

from __future__ import annotations

import mailbox
from typing import TYPE_CHECKING

import pytest

from localserver.exchange.maildir import read_maildir, write_maildir
from localserver.exchange.value import ExchangeError
from tests.helpers.exchange import DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    assert write_maildir(tmp_path / "m", DIFFICULT) == len(DIFFICULT)
    found = list(read_maildir(tmp_path / "m"))
    assert sorted(found, key=lambda m: m.octets) == sorted(DIFFICULT, key=lambda m: m.octets)


def test_the_standard_library_reads_and_writes_it(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "m", create=True)
    message = mailbox.MaildirMessage("Subject: x\n\nbody\n")
    message.set_flags("FS")
    message.set_subdir("cur")
    box.add(message)
    (found,) = read_maildir(tmp_path / "m")
    assert found.flags == {"\\Flagged", "\\Seen"}
    assert found.octets.endswith(b"\r\n\r\nbody\r\n")


def test_a_flag_that_another_program_changed_wins(tmp_path: Path) -> None:
    write_maildir(tmp_path / "m", DIFFICULT[:1])
    (path,) = (tmp_path / "m" / "cur").iterdir()
    path.rename(path.with_name(path.name.replace(":2,S", ":2,F")))
    (found,) = read_maildir(tmp_path / "m")
    assert found.flags == {"\\Flagged"}


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="no Maildir"):
        list(read_maildir(tmp_path))
    (tmp_path / "something").write_text("x")
    with pytest.raises(ExchangeError, match="not empty"):
        write_maildir(tmp_path, [])
