"""A Maildir gives back what was put in, and the same twice is there once."""

from __future__ import annotations

import mailbox
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine.files import maildir
from desktopmail.engine.files.message import FileMessage

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = [
    FileMessage(b"Subject: a\r\n\r\na\r\n", Flag.SEEN | Flag.FLAGGED, (), 1_700_000_000),
    FileMessage(
        b"Subject: b\r\n\r\nb\r\n",
        Flag.DRAFT | Flag.ANSWERED | Flag.FORWARDED,
        (),
        1_700_000_100,
    ),
]  # fmt: skip


def write(folder: Path) -> None:
    writer = maildir.MaildirWriter(folder)
    for one in MESSAGES:
        writer.write(one)
    writer.close()


def test_messages_flags_and_dates_come_back_and_twice_is_once(tmp_path: Path) -> None:
    write(tmp_path / "m")
    write(tmp_path / "m")
    assert list(maildir.read(tmp_path / "m")) == MESSAGES
    assert list((tmp_path / "m" / "tmp").iterdir()) == []


def test_pythons_own_reader_agrees(tmp_path: Path) -> None:
    write(tmp_path / "m")
    box = mailbox.Maildir(tmp_path / "m", create=False)
    assert sorted("".join(sorted(one.get_flags())) for one in box) == ["DPR", "FS"]
