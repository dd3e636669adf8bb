from __future__ import annotations

import pytest

from desktopmail.mime import message_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<1234@local.machine.example>", "1234@local.machine.example"),
        ("<testabcd.1234@silly.test>  ", "testabcd.1234@silly.test"),
        ("< 1234@x >", "1234@x"),
        ("<1234\t@x>", "1234@x"),  # folded in the middle
        ("<no-at-sign>", "no-at-sign"),
        ("1234@x", "1234@x"),
        ('"phrase" <a@b>', "a@b"),
        ("", None),
        ("<>", None),
        (None, None),
    ],
)
def test_an_identifier_is_what_stands_in_the_brackets(
    text: str | None, expected: str | None
) -> None:
    assert message_id.parse(text) == expected


def test_all_identifiers_come_once_and_in_order() -> None:
    assert message_id.parse_all("<a@x> <b@x>\r\n <a@x><c@x>") == ("a@x", "b@x", "c@x")
    assert message_id.parse_all("Your message of Monday <a@x>") == ("a@x",)
    assert message_id.parse_all("a@x, b@x") == ("a@x", "b@x")
    assert message_id.parse_all("nothing here") == ()


def test_a_new_one_is_made_of_the_callers_chance_alone() -> None:
    made = message_id.make(b"\x01\x02\xff", "sandbox.test")
    assert made == "<0102ff@sandbox.test>"
    assert message_id.make(b"\x01", "bad domain\r\n>") == "<01@bad-domain>"
    assert message_id.make(b"\x01", "") == "<01@localhost>"
