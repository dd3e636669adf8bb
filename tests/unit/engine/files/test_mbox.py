"""An mbox file gives back what was put in, whatever lines the messages hold."""

from __future__ import annotations

import mailbox
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.door.interface import DoorError
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


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: a\r\nContent-Length: 6\r\n\r\nhello\r\n",
        b"Subject: a\r\nContent-Length: 5\r\n\r\nhello\r\n",
        b"Content-Length: 12\r\nSubject: a\r\n\r\nFrom hello\r\n",
        b"Subject: a\r\nStatus: RO\r\nX-Keywords: old\r\nX-Status: A\r\n\r\nhello\r\n",
        b"Subject: a\r\nX-Status: A\r\nStatus: RO\r\nStatus: O\r\nX: y\r\n\r\nhello\r\n",
        b"Subject: a\r\nStatus: Resolved\r\n\r\nhello\r\n",
        b"Subject: a\r\nStatus: R\r\n to be folded\r\n\r\nhello\r\n",
        b"X-UID: 7\r\nSubject: a\r\nX-IMAPbase: 12345 7 work\r\nX-UID: \r\n\r\nhello\r\n",
        b"\r\nno header\r\n",
    ],
)
@pytest.mark.parametrize("flags", [Flag.NONE, Flag.SEEN | Flag.ANSWERED])
def test_a_message_keeps_fields_of_its_own_that_an_mbox_has_too(
    octets: bytes, flags: Flag, tmp_path: Path
) -> None:
    messages = [FileMessage(octets, flags, date_s=7), FileMessage(octets, date_s=7)]
    assert round_trip(tmp_path / "x.mbox", messages) == messages


@pytest.mark.parametrize("octets", [b"Subject: a\r\n", b"Subject: no line end", b""])
def test_a_message_without_a_body_gets_none(octets: bytes, tmp_path: Path) -> None:
    first, second = round_trip(tmp_path / "x.mbox", [FileMessage(octets), *MESSAGES[:1]])
    assert first.octets.strip() == octets.strip()
    assert second.octets == MESSAGES[0].octets


@pytest.mark.parametrize(
    "head",
    [
        b"Status: RO\nSubject: a\nContent-Length: 2\n",
        b"Content-Length: 2\nStatus: R\nX-UID: 7\n",
        b"X-IMAPbase: 1795417200 02 $Junk\nX-UID: 1\nSubject: a\nStatus: RO\nX-Keywords: \n",
        b"Content-Length: 999\nSubject: a\nStatus: RO\nX-Spam: no\n",
    ],
)
def test_fields_of_the_file_are_known_wherever_another_program_put_them(
    head: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes((SEPARATOR + head + b"\nx\n\n") * 2)
    for one in mbox.read(path):
        assert one.flags == Flag.SEEN
        assert not {b"Status", b"X-UID", b"X-IMAPbase"} & set(
            one.octets.replace(b":", b" ").split()
        )


@pytest.mark.parametrize(
    "line",
    [
        b"From ann at example.org  Mon Nov 23 07:00:00 2026",
        b'From "ann b"@example.org Mon Nov 23 07:00:00 2026',
        b"From a@x.test Mon, 23 Nov 2026 08:00:00 +0100",
        b"From a@x.test Mon Nov 23  7:00:00 2026".replace(b"  7", b" 7"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_what_mailing_lists_and_other_programs_write_parts_messages(
    line: bytes, end: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes((line + end + b"Subject: one" + end * 2 + b"text" + end * 2) * 2)
    one = FileMessage(b"Subject: one\r\n\r\ntext\r\n", date_s=1_795_417_200)
    assert list(mbox.read(path)) == [one, one]


@pytest.mark.parametrize("line", [b"From a@x.test yesterday", b"From here on it is text"])
def test_a_file_whose_first_line_is_no_separator_is_refused(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mbox"
    path.write_bytes(line + b"\nSubject: one\n\ntext\n\n" + SEPARATOR + b"Subject: two\n\nx\n")
    with pytest.raises(DoorError, match="no date"):
        list(mbox.read(path))


def test_a_line_that_is_as_long_as_a_message_is_no_separator_and_costs_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.mbox"
    long = b"From " + b"Mon Nov 23 07:00:00 " * 100_000
    path.write_bytes(SEPARATOR + b"Subject: one\n\ntext\n\n" + long + b"\n")
    (one,) = mbox.read(path)
    assert len(one.octets) > len(long)


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


def test_what_pine_keeps_in_front_of_all_messages_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.mbox"
    about = b"From: Mail System Internal Data <MAILER-DAEMON@x>\nX-IMAP: 1795417200 0000000002\n"
    subject = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n"
    one = SEPARATOR + b"Subject: one\n\ntext\n\n"
    for head in (about + subject, subject + about):
        path.write_bytes(SEPARATOR + head + b"Status: RO\n\nThis text is part of it.\n\n" + one)
        (found,) = mbox.read(path)
        assert found.octets == b"Subject: one\r\n\r\ntext\r\n"
    path.write_bytes(SEPARATOR + subject + b"\nAn answer about it.\n\n" + one)
    assert len(list(mbox.read(path))) == 2
