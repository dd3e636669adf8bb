"""An mbox file gives back what was put in, whatever lines the messages hold."""

from __future__ import annotations

import mailbox
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.rows import Flag
from desktopmail.engine.files import mbox
from desktopmail.engine.files.message import FileMessage, with_crlf

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"From: a@example.org\r\nSubject: x\r\n"
MESSAGES = [
    FileMessage(HEAD + b"\r\nFrom here on it is text\r\n>From is quoted\r\n", Flag.SEEN),
    FileMessage(HEAD + b"\r\n\r\n\r\n", Flag.NONE, ("work", "later")),
    FileMessage(HEAD + b"\r\nno line end", Flag.ANSWERED | Flag.FLAGGED | Flag.DRAFT),
    FileMessage(HEAD + b"\r\nFrom x Mon Nov 23 07:00:00 2026\r\n\r\nFrom y\r\n"),
    FileMessage(HEAD + b"\r\n"),
]


def round_trip(path: Path, messages: list[FileMessage]) -> list[FileMessage]:
    writer = mbox.MboxWriter(path)
    for one in messages:
        writer.write(one)
    writer.close()
    return list(mbox.read(path))


def test_messages_and_flags_come_back(tmp_path: Path) -> None:
    back = round_trip(tmp_path / "x.mbox", MESSAGES)
    assert [one.flags for one in back] == [one.flags for one in MESSAGES]
    assert [one.tags for one in back] == [one.tags for one in MESSAGES]
    for before, after in zip(MESSAGES, back, strict=True):
        wanted = before.octets if before.octets.endswith(b"\n") else before.octets + b"\r\n"
        assert after.octets == wanted


@pytest.mark.parametrize(
    ("line", "date_s"),
    [
        (b"From a@x.test Mon Nov 23 07:00:00 2026", 1_795_417_200),
        (b"From a@x.test Mon Nov 23 07:00 2026", 1_795_417_200),
        (b"From - Mon Nov 23 08:30:00 2026 +0130", 1_795_417_200),
        (b"From a@x.test Mon Nov 23 02:00:00 -0500 2026", 1_795_417_200),
        (b"From a@x.test Mon Nov 23 07:00:00 GMT 2026", 1_795_417_200),
        (b"From a@x.test Thu Jan  1 00:00:00 1970", 0),
        (b"From a@x.test Mon Nov 31 07:00:00 2026", None),
        (b"From a@x.test Mon Nox 23 07:00:00 2026", None),
        (b"From a@x.test ", None),
    ],
)
def test_the_separator_tells_when_a_message_arrived(
    tmp_path: Path, line: bytes, date_s: int | None
) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes(line + b"\nSubject: one\n\ntext\n\n" + SEPARATOR + b"Subject: two\n\nx\n")
    one, two = mbox.read(path)
    assert one.date_s == date_s
    assert two.date_s == 1_795_417_200


def test_dates_come_back(tmp_path: Path) -> None:
    dated = [FileMessage(HEAD + b"\r\nx\r\n", date_s=at) for at in (0, 1_700_000_001)]
    assert round_trip(tmp_path / "x.mbox", dated) == dated


def test_a_file_that_does_not_get_whole_leaves_the_one_before_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.mbox"
    round_trip(path, MESSAGES[:1])
    before = path.read_bytes()
    writer = mbox.MboxWriter(path)
    writer.write(MESSAGES[1])
    assert path.read_bytes() == before
    writer.abandon()
    assert [one.name for one in tmp_path.iterdir()] == ["x.mbox"]
    assert path.read_bytes() == before


def test_a_link_and_a_device_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "x.mbox")
    assert len(round_trip(tmp_path / "link", MESSAGES)) == len(MESSAGES)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "x.mbox").is_file()
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    writer = mbox.MboxWriter(tmp_path / "pipe")
    writer.write(MESSAGES[0])
    writer.close()
    assert os.read(reader, 5) == b"From "
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def test_pythons_own_reader_finds_as_many(tmp_path: Path) -> None:
    round_trip(tmp_path / "x.mbox", MESSAGES)
    box = mailbox.mbox(tmp_path / "x.mbox")
    assert len(box) == len(MESSAGES)
    assert box[0].get_flags() == "RO"
    box.close()


def test_mboxo_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes(
        b"From ann@example.org Mon Nov 23 07:00:00 2026\nSubject: one\nStatus: RO\n\n>From it\n\n"
        b"From - Mon Nov 23 07:00:00 2026 +0100\nSubject: two\n\nFrom me, in a text\n\n"
    )
    one, two = mbox.read(path)
    seven = 1_795_417_200  # 2026-11-23 07:00 UTC
    assert one == FileMessage(b"Subject: one\r\n\r\nFrom it\r\n", Flag.SEEN, (), seven)
    assert two.date_s == seven - 3600
    assert two.octets == b"Subject: two\r\n\r\nFrom me, in a text\r\n"


@given(st.lists(st.text(alphabet="From >:x\n\tü", max_size=60), max_size=4))
@settings(max_examples=60)
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    messages = [
        FileMessage(HEAD + b"\r\n" + with_crlf(text.encode()).rstrip(b"\r\n") + b"\r\n")
        for text in texts
    ]
    back = round_trip(tmp_path_factory.mktemp("mbox") / "x", messages)
    assert [one.octets for one in back] == [one.octets for one in messages]


TEXT = b"From me\n>From you\n\nFrom x Mon Nov 23 07:00:00 2026\n\nthe end\n"
SEPARATOR = b"From ann@example.org Mon Nov 23 07:00:00 2026\n"


def counted(subject: bytes, body: bytes, *, size: int | None = None) -> bytes:
    length = b"%d" % (len(body) if size is None else size)
    return SEPARATOR + b"Subject: %b\nContent-Length: %b\n\n%b\n" % (subject, length, body)


def test_mboxcl2_is_read_by_its_lengths_and_nothing_in_it_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes(counted(b"one", TEXT) + counted(b"two", b"last\n"))
    first, second = mbox.read(path)
    assert first.octets == with_crlf(b"Subject: one\n\n" + TEXT)
    assert second.octets == b"Subject: two\r\n\r\nlast\r\n"


def test_mboxcl_is_read_by_its_lengths_and_what_is_quoted_in_it_is_not_any_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.mbox"
    quoted = b">From me\n>>From you\n\nthe end\n"
    path.write_bytes(counted(b"one", quoted) + counted(b"two", b"last\n"))
    first, second = mbox.read(path)
    assert first.octets == b"Subject: one\r\n\r\nFrom me\r\n>From you\r\n\r\nthe end\r\n"
    assert second.octets == b"Subject: two\r\n\r\nlast\r\n"


@pytest.mark.parametrize("size", [0, 3, 40, 10**14])
def test_a_length_that_lies_is_not_believed(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes(counted(b"one", b"some text\n", size=size) + counted(b"two", b"last\n"))
    first, second = mbox.read(path)
    assert first.octets.endswith(b"\r\n\r\nsome text\r\n")
    assert second.octets == b"Subject: two\r\n\r\nlast\r\n"
