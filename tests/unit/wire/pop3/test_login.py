"""USER and PASS: RFC 1939 section 7, RFC 6856 section 2.2."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.command import CommandSyntaxError
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.secret import Secret


def test_the_example_of_rfc_1939_section_7() -> None:
    output = Output()
    User("mrose").write(output)
    Pass(Secret("secret")).write(output)
    segments = output.take()
    assert b"".join(each.octets for each in segments) == b"USER mrose\r\nPASS secret\r\n"
    assert b"".join(each.redacted for each in segments) == b"USER mrose\r\nPASS <password>\r\n"


def test_a_password_is_everything_behind_one_space() -> None:
    assert Pass.parse(b" two  words ") == Pass(Secret(" two  words "))
    assert Pass.parse("pa\u00dfwort".encode()) == Pass(Secret("pa\u00dfwort"))


def test_a_password_is_never_shown() -> None:
    command = Pass(Secret("hunter2"))
    assert command.shown == b"PASS <password>\r\n"
    assert "hunter2" not in repr(command)


def test_a_name_may_have_spaces_inside() -> None:
    assert User.parse(b" two words ") == User("two words")
    assert User("two words").arguments == b"two words"


def test_nothing_is_a_syntax_error() -> None:
    with pytest.raises(CommandSyntaxError):
        User.parse(b"  ")
    with pytest.raises(CommandSyntaxError):
        Pass.parse(b"")


def test_what_is_not_utf_8_is_a_syntax_error_that_does_not_carry_it() -> None:
    with pytest.raises(CommandSyntaxError):
        User.parse(b"\xff")
    with pytest.raises(CommandSyntaxError) as caught:
        Pass.parse(b"hunter2\xff")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["", " ", " a", "a "])
def test_a_name_that_would_read_differently_is_our_fault(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        User(name).write(Output())


@pytest.mark.parametrize("password", ["", "a\r\nDELE 1", "a\nb", "a\0b"])
def test_a_password_that_cannot_be_sent_is_our_fault(password: str) -> None:
    with pytest.raises(LocalProtocolError):
        Pass(Secret(password)).write(Output())
