"""mbox there and back, and from others."""

from __future__ import annotations

import mailbox
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from localserver.exchange.foreign import with_crlf
from localserver.exchange.mbox import read_mbox, write_mbox
from localserver.exchange.value import ExchangedMessage, ExchangeError
from tests.helpers.exchange import DATE, DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path

FROM = b"From a@x Mon Feb  7 21:52:25 1994\n"


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


def test_flags_that_another_program_changed_win_and_nothing_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "box"
    keywords = frozenset({"\\Seen", "$Work"})
    octets = b"Subject: x\r\nStatus: mine\r\n\r\nFrom here\r\nto the last line\r\n"
    with path.open("wb") as file:
        write_mbox(file, [ExchangedMessage(octets, keywords, DATE)] * 2)
    box = mailbox.mbox(path)
    message = box[0]
    message.set_flags("OF")
    box[0] = message
    box.flush()
    box.close()
    changed, same = read_mbox(path)
    assert changed.flags == {"\\Flagged", "$Work"}
    assert changed.internal_date == DATE
    assert changed.octets.startswith(b"Subject: x\r\n")
    assert changed.octets.endswith(b"\r\n\r\nFrom here\r\nto the last line\r\n")
    assert b"X-Localserver" not in changed.octets
    assert (same.octets, same.flags) == (octets, keywords)


def test_a_status_that_was_changed_in_its_place_wins(tmp_path: Path) -> None:
    path = written(tmp_path / "box")
    path.write_bytes(path.read_bytes().replace(b"Status: RO", b"Status: OO", 1))
    changed, *rest = read_mbox(path)
    assert changed.flags == frozenset()
    assert changed.octets == DIFFICULT[0].octets
    assert rest == DIFFICULT[1:]


def test_what_another_program_wrote_is_read_with_its_flags(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(
        b"From a@x Mon Feb  7 21:52:25 1994\nSubject: one\nStatus: RO\nX-Status: AF\n\n"
        b"text\n>From quoted\n\nFrom b@x Mon Feb  7 21:52:26 1994\nSubject: two\n"
        b"X-Keywords: work $Junk no]atom\n\ntext\n\n"
    )
    one, two = read_mbox(path)
    assert one.octets.endswith(b"text\r\nFrom quoted\r\n")
    assert one.flags == {"\\Seen", "\\Answered", "\\Flagged"}
    assert two.octets.endswith(b"\r\n\r\ntext\r\n")
    assert two.flags == {"work", "$Junk"}


def test_messages_of_others_have_the_line_ends_of_the_wire_and_the_date_of_their_from_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "box"
    path.write_bytes(
        b"From a@x Mon Feb  7 21:52:25 1994\nSubject: lf\n\n.\n\n"
        b"From b@x \r\nDate: Tue, 8 Feb 1994 01:02:03 +0100\r\n\r\ncrlf\r\n\r\n"
        b"From c@x \n\nnothing says when\n"
    )
    one, two, three = read_mbox(path)
    assert one.octets == b"Subject: lf\r\n\r\n.\r\n"
    assert one.internal_date == datetime(1994, 2, 7, 21, 52, 25, tzinfo=UTC)
    assert two.octets == b"Date: Tue, 8 Feb 1994 01:02:03 +0100\r\n\r\ncrlf\r\n"
    assert two.internal_date == datetime(1994, 2, 8, 0, 2, 3, tzinfo=UTC)
    assert three.internal_date is None


@pytest.mark.parametrize(
    "own",
    [
        b'{"octets": 1,}',
        b'{"octets": 1}',
        b'{"octets": "many", "flags": [], "date": null}',
        b'{"octets": 1, "flags": [], "date": "yesterday"}',
        b'{"octets": 1, "flags": [3], "date": null}',
    ],
)
def test_a_damaged_line_of_our_own_is_named_with_its_message(tmp_path: Path, own: bytes) -> None:
    path = tmp_path / "box"
    path.write_bytes(FROM + b"\nfine\n\n" + FROM + b"X-Localserver: " + own + b"\n\nx\n")
    with pytest.raises(ExchangeError, match=r"message 2 in .*box is damaged"):
        list(read_mbox(path))


def test_a_file_that_is_no_mbox_is_named(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"Subject: x\n\nFrom nowhere\n")
    with pytest.raises(ExchangeError, match="box is no mbox"):
        list(read_mbox(path))
    path.write_bytes(b"")
    assert list(read_mbox(path)) == []


TEXT = b"From me\n>From you\n\nFrom x Mon Nov 23 07:00:00 2026\n\nthe end\n"
SECOND = b"Subject: two\r\n\r\nlast\r\n"


def in_a_dialect(name: str, lines: bytes) -> bytes:
    """A message as other programs write it, that of the second kind behind it."""
    head, _, body = lines.partition(b"\n\n")
    if name in {"mboxo", "mboxcl"}:
        body = re.sub(rb"^From ", b">From ", body, flags=re.MULTILINE)
    if name == "mboxrd":
        body = re.sub(rb"^(>*From )", rb">\1", body, flags=re.MULTILINE)
    length = b"\nContent-Length: %d" % len(body) if name.startswith("mboxcl") else b""
    return FROM + head + length + b"\n\n" + body + b"\n" + FROM + b"Subject: two\n\nlast\n"


@pytest.mark.parametrize("dialect", ["mboxo", "mboxrd", "mboxcl", "mboxcl2"])
def test_of_each_dialect_all_octets_go_in_and_come_out_again(tmp_path: Path, dialect: str) -> None:
    # What the older two quote cannot be told from what stood there quoted.
    text = TEXT.replace(b">From", b"From") if dialect in {"mboxo", "mboxcl"} else TEXT
    path = tmp_path / "box"
    path.write_bytes(in_a_dialect(dialect, b"Subject: s\n\n" + text))
    found = list(read_mbox(path))
    octets = b"Subject: s\r\n\r\n" + with_crlf(text)
    assert [one.octets for one in found] == [octets, SECOND]
    with path.open("wb") as file:
        write_mbox(file, found)
    assert list(read_mbox(path)) == found


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: a\r\nContent-Length: 6\r\n\r\nhello\r\n",
        b"Subject: a\r\nContent-Length: 7\r\n\r\nhello\r\n",
        b"Status: RO\r\nX-Status: A\r\nX-Keywords: k\r\nSubject: a\r\nX-UID: 7\r\n\r\nhello\r\n",
        b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\r\nX-IMAP: 1 2\r\n\r\nx\r\n",
        b"no header and no end",
    ],
)
def test_fields_of_a_message_of_ours_are_its_own(tmp_path: Path, octets: bytes) -> None:
    path, messages = tmp_path / "box", [ExchangedMessage(octets, frozenset(), DATE)] * 2
    with path.open("wb") as file:
        write_mbox(file, messages)
    assert list(read_mbox(path)) == messages


def test_a_length_in_a_message_of_ours_does_not_take_the_next_ones_into_it(tmp_path: Path) -> None:
    path = tmp_path / "box"
    for size in range(400):
        octets = b"Content-Length: %d\r\n\r\nx\r\n" % size
        messages = [ExchangedMessage(each, frozenset(), DATE) for each in (octets, SECOND, SECOND)]
        with path.open("wb") as file:
            write_mbox(file, messages)
        assert list(read_mbox(path)) == messages


def test_a_date_of_long_ago_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "box"
    messages = [ExchangedMessage(SECOND, frozenset(), DATE.replace(year=4))] * 2
    with path.open("wb") as file:
        write_mbox(file, messages)
    assert list(read_mbox(path)) == messages


def test_an_archive_of_a_mailing_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(
        (b"From ann at x.test  Mon Nov 23 07:00:00 2026\nSubject: two\n\nlast\n\n") * 2
    )
    date = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert list(read_mbox(path)) == [ExchangedMessage(SECOND, frozenset(), date)] * 2


def test_a_line_within_a_text_that_begins_like_a_separator_parts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(FROM + b"Subject: s\n\nhello\n\nFrom here on it is text\nFrom me\n")
    (found,) = read_mbox(path)
    assert found.octets.endswith(b"\r\n\r\nFrom here on it is text\r\nFrom me\r\n")
    path.write_bytes(b"From here on it is text\n")
    with pytest.raises(ExchangeError, match="ends with no date"):
        list(read_mbox(path))
