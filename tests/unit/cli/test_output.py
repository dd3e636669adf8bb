"""Nothing that a stranger wrote reaches the terminal as a command."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.output import Output, joined, moment, octets, printable, short
from desktopmail.door.ids import AccountId, MailboxId
from desktopmail.door.rows import MailboxRow, Role

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = MailboxRow(
    id=MailboxId(1),
    account_id=AccountId(1),
    name="受信箱",
    path="受信箱",
    parent_id=None,
    role=Role.INBOX,
    selectable=True,
    subscribed=True,
    total=3,
    unread=1,
)
COLUMNS: list[tuple[str, Callable[[MailboxRow], str]]] = [
    ("NAME", lambda row: row.path),
    ("TOTAL", lambda row: str(row.total)),
]


@pytest.mark.parametrize(
    "text", ["\x1b]0;owned\x07", "\x1b[31mred", "\u202egnp.exe", "a\x00b", "\x9b2J", "\x08\x08"]
)
def test_controls_and_direction_marks_are_replaced(text: str) -> None:
    shown = printable(text)
    assert all(character not in shown for character in "\x1b\x07\u202e\x00\x9b\x08")


def test_ordinary_text_of_any_script_stays() -> None:
    text = "Grüße – 你好, שלום, 🎉\n\tquoted"
    assert printable(text) == text


def test_a_table_is_aligned_where_characters_are_two_cells_wide(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output(as_json=False).table([ROW], COLUMNS, empty="none")
    head, row = capsys.readouterr().out.splitlines()
    assert head == "NAME    TOTAL"
    assert row == "受信箱  3"


def test_the_machine_form_is_an_array_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).table([ROW], COLUMNS, empty="none")
    (found,) = json.loads(capsys.readouterr().out)
    assert found["path"] == "受信箱"
    assert found["role"] == "inbox"
    assert found["total"] == 3


def test_no_rows_are_an_empty_array_or_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).table([], COLUMNS, empty="Nothing here.")
    Output(as_json=False).table([], COLUMNS, empty="Nothing here.")
    assert capsys.readouterr().out == "[]\nNothing here.\n"


def test_a_long_text_is_cut_to_cells_not_characters() -> None:
    assert short("abcdef", 4) == "abc…"
    assert short("受信箱受信箱", 5) == "受信…"
    assert short("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2_500_000, "2.5 MB")]
)
def test_octets_are_short(count: int, text: str) -> None:
    assert octets(count) == text


def test_a_list_reads_as_a_sentence() -> None:
    assert joined([]) == ""
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize("zone", ["UTC+12", "UTC-12"])
def test_the_ends_of_the_calendar_are_shown_everywhere(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert moment(253402300799).startswith("9999-12-31")
        assert moment(-62135596800).startswith("1-01-01")
    finally:
        monkeypatch.undo()
        time.tzset()
