"""mbox there and back, and from others."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from localserver.exchange.mbox import read_mbox, write_mbox
from localserver.exchange.value import ExchangedMessage, ExchangeError
from tests.helpers.exchange import DATE, DIFFICULT

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
        b"From b@x\r\nDate: Tue, 8 Feb 1994 01:02:03 +0100\r\n\r\ncrlf\r\n\r\n"
        b"From c@x\n\nnothing says when\n"
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
    path.write_bytes(b"From a@x\n\nfine\n\nFrom a@x\nX-Localserver: " + own + b"\n\nx\n")
    with pytest.raises(ExchangeError, match=r"message 2 in .*box is damaged"):
        list(read_mbox(path))


def test_a_file_that_is_no_mbox_is_named(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"Subject: x\n\nFrom nowhere\n")
    with pytest.raises(ExchangeError, match="box is no mbox"):
        list(read_mbox(path))
    path.write_bytes(b"")
    assert list(read_mbox(path)) == []
