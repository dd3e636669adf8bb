from __future__ import annotations

import msgspec
import pytest

from desktopmail.door.rows import MessageRow, Person, Role
from desktopmail.ui.notices.news import HowMuch, Notice, done_notice, notice_of
from tests.helpers.fake_door import full_store


def rows(number: int) -> list[MessageRow]:
    store = full_store()
    inbox = store.box(Role.INBOX).id
    return [row for row in store.messages.values() if row.mailbox_id == inbox][:number]


def with_subject(subject: str, name: str = "Bob") -> MessageRow:
    sender = Person(name=name, address="bob@example.org")
    return msgspec.structs.replace(rows(1)[0], subject=subject, sender=sender, preview="")


def verbs(notice: Notice) -> list[str]:
    return [name for name, _title in notice.actions]


def test_one_message_is_told_by_sender_subject_and_beginning() -> None:
    notice = notice_of(rows(1), HowMuch.ALL, "Work")
    assert notice.title == "Bob Ferreira"
    assert notice.lines[0] == "Walk on Sunday?"
    assert notice.lines[1].startswith("Hi Alice, the forecast is good")
    assert notice.lines[2] == "Work"
    assert notice.actions[0] == ("default", "Open")
    assert verbs(notice)[1:] == ["mark_read", "archive", "delete"]


def test_several_messages_become_one_that_names_three() -> None:
    notice = notice_of(rows(5), HowMuch.ALL)
    plain = [line.translate({0x2068: "", 0x2069: ""}) for line in notice.lines]
    assert notice.title == "5 new messages"
    assert plain[0] == "Bob Ferreira: Walk on Sunday?"
    assert plain[3] == "and 2 more"
    assert "delete" not in verbs(notice)  # two of them were not even named


def test_the_sender_alone_is_told_where_that_was_chosen() -> None:
    notice = notice_of(rows(1), HowMuch.SENDER)
    assert (notice.title, notice.lines) == ("Bob Ferreira", ())
    notice = notice_of(rows(5), HowMuch.SENDER)
    assert notice.lines == ("Bob Ferreira, Dr. Käthe Müller, Market Hall…",)


def test_nothing_but_the_number_is_told_where_that_was_chosen() -> None:
    notice = notice_of(rows(1), HowMuch.COUNT, "Work")
    assert (notice.title, notice.lines) == ("1 new message", ("Work",))
    assert "delete" not in verbs(notice)


def test_what_names_nobody_and_nothing_is_told_all_the_same() -> None:
    row = msgspec.structs.replace(with_subject(""), sender=Person(name="", address=""))
    notice = notice_of([row], HowMuch.ALL)
    assert (notice.title, notice.lines) == ("(no sender)", ("(no subject)",))


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("Two\r\nlines\tand a tab", "Two lines and a tab"),
        ("A NUL \x00 in it", "A NUL in it"),
        ("Half \ud83d a pair", "Half a pair"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("x" * 500, "x" * 139 + "…"),
    ],
)
def test_what_a_stranger_wrote_is_one_short_line_without_controls(subject: str, told: str) -> None:
    assert notice_of([with_subject(subject)], HowMuch.ALL).lines == (told,)
    assert "\x00" not in notice_of([with_subject("x", "B\x00b")], HowMuch.ALL).title


def test_what_was_done_can_be_taken_back_and_does_not_stay() -> None:
    notice = done_notice("1 message archived")
    assert notice.title == "1 message archived"
    assert verbs(notice) == ["undo"]
    assert not notice.stays
