"""A Maildir gives back what was put in, and the same twice is there once."""

from __future__ import annotations

import errno
import mailbox
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Flag
from desktopmail.engine.files import maildir
from desktopmail.engine.files.message import FileMessage

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = [
    FileMessage(
        b"Subject: a\r\n\r\na\r\n", Flag.SEEN | Flag.FLAGGED, ("later", "work"), 1_700_000_000
    ),
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
    assert sorted("".join(sorted(one.get_flags())) for one in box) == ["DPR", "FSab"]


def test_keywords_are_named_as_dovecot_names_them(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "dovecot-keywords").write_text("0 home\n3 $Junk\n99 x\nbroken\n")
    (tmp_path / "cur" / "1.a.b:2,Sadz").write_bytes(b"Subject: a\n\na\n")
    (one,) = maildir.read(tmp_path)
    assert (one.flags, one.tags) == (Flag.SEEN, ("home", "$Junk"))
    # What is written into it goes by the letters that it has.
    writer = maildir.MaildirWriter(tmp_path)
    tags = ("$Junk", *(f"tag{number:02}" for number in range(30)))
    writer.write(FileMessage(b"Subject: b\r\n\r\nb\r\n", Flag.NONE, tags, 1_700_000_000))
    writer.close()
    two = next(one for one in maildir.read(tmp_path) if b"Subject: b" in one.octets)
    assert set(two.tags) == {"$Junk", *(f"tag{number:02}" for number in range(24))}
    kept = (tmp_path / "dovecot-keywords").read_text().splitlines()
    assert kept[:4] == ["0 home", "1 tag00", "2 tag01", "3 $Junk"]
    assert len(kept) == 26


def test_messages_are_read_in_the_order_in_which_they_were_delivered(tmp_path: Path) -> None:
    for part in ("cur", "new"):
        (tmp_path / part).mkdir()
    for name, delivered_s in (("cur/c:2,", 10), ("cur/b:2,", 9), ("new/a", 9), ("new/a.b", 9)):
        (tmp_path / name).write_bytes(b"Subject: %b\n\n" % name[4:5].encode())
        os.utime(tmp_path / name, (delivered_s, delivered_s))
    (tmp_path / "cur" / ".hidden").write_bytes(b"")
    (tmp_path / "new" / "folder").mkdir()
    found = [(one.date_s, one.octets) for one in maildir.read(tmp_path)]
    assert found == [
        (9, b"Subject: a\r\n\r\n"), (9, b"Subject: a\r\n\r\n"),
        (9, b"Subject: b\r\n\r\n"), (10, b"Subject: c\r\n\r\n"),
    ]  # fmt: skip


def test_many_messages_are_listed_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    for number in range(2_000):
        (tmp_path / "cur" / f"{1_700_000_000 + number}.{number}.host,S=3000:2,").touch()
    tracemalloc.start()
    try:
        next(maildir.read(tmp_path))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2_000 * 250


def test_what_others_rename_or_remove_while_it_is_read_ends_nothing(tmp_path: Path) -> None:
    for part in ("cur", "new"):
        (tmp_path / part).mkdir()
    for number, name in enumerate(("cur/1.a:2,", "cur/2.b:2,", "new/3.c", "cur/4.d:2,")):
        (tmp_path / name).write_bytes(b"Subject: %d\n\n" % number)
        os.utime(tmp_path / name, (number, number))
    (tmp_path / "cur" / "5.e").symlink_to("nowhere")
    os.mkfifo(tmp_path / "cur" / "6.f")
    reading = maildir.read(tmp_path)
    found = [next(reading)]
    (tmp_path / "cur" / "2.b:2,").rename(tmp_path / "cur" / "2.b:2,FS")
    (tmp_path / "new" / "3.c").rename(tmp_path / "cur" / "3.c:2,S")
    (tmp_path / "cur" / "4.d:2,").unlink()
    found += reading
    assert [(one.octets[:10], one.flags, one.date_s) for one in found] == [
        (b"Subject: 0", Flag.NONE, 0),
        (b"Subject: 1", Flag.SEEN | Flag.FLAGGED, 1),
        (b"Subject: 2", Flag.SEEN, 2),
    ]


def test_what_a_full_disk_cuts_off_is_not_left_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = maildir.MaildirWriter(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        writer.write(MESSAGES[0])
    assert not [*(tmp_path / "tmp").iterdir(), *(tmp_path / "cur").iterdir()]
