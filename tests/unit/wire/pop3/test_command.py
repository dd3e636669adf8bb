"""What every command has: RFC 1939 section 3, RFC 2449 sections 3 and 4."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.command import (
    CommandSyntaxError,
    Follows,
    Noop,
    Quit,
    Rset,
    parse_number,
)
from desktopmail.wire.pop3.login import User
from desktopmail.wire.pop3.reply import ok
from desktopmail.wire.pop3.state import State


@pytest.mark.parametrize(
    ("command", "line"),
    [(Noop(), b"NOOP\r\n"), (Rset(), b"RSET\r\n"), (Quit(), b"QUIT\r\n")],
)
def test_a_command_without_arguments_is_its_keyword(
    command: Noop | Rset | Quit, line: bytes
) -> None:
    output = Output()
    command.write(output)
    assert [segment.octets for segment in output.take()] == [line]
    assert command.shown == line
    assert command.follows is Follows.NOTHING
    assert command.read(ok(), b"") is None


def test_only_quit_is_possible_before_the_login() -> None:
    assert State.AUTHORIZATION in Quit.states
    assert State.AUTHORIZATION not in Noop.states | Rset.states


@pytest.mark.parametrize("kind", [Noop, Rset, Quit])
def test_arguments_that_do_not_belong_there_are_a_syntax_error(
    kind: type[Noop | Rset | Quit],
) -> None:
    assert kind.parse(b"") == kind()
    assert kind.parse(b"  ") == kind()
    with pytest.raises(CommandSyntaxError) as caught:
        kind.parse(b"secret")
    assert "secret" not in str(caught.value)


def test_a_command_of_255_octets_is_the_longest() -> None:
    User("x" * (255 - len("USER \r\n"))).write(Output())
    with pytest.raises(LocalProtocolError):
        User("x" * (256 - len("USER \r\n"))).write(Output())


@pytest.mark.parametrize("inside", ["\r", "\n", "\0", "\r\nDELE 1"])
def test_cr_lf_and_nul_never_reach_a_line(inside: str) -> None:
    output = Output()
    with pytest.raises(LocalProtocolError):
        User(f"a{inside}b").write(output)
    assert not output


@pytest.mark.parametrize(
    ("octets", "number"), [(b"1", 1), (b"0007", 7), (b"9999999999", 9999999999)]
)
def test_message_numbers_are_read(octets: bytes, number: int) -> None:
    assert parse_number(octets) == number


@pytest.mark.parametrize(
    "octets", [b"", b"0", b"-1", b"+1", b"1.0", b"one", b"1 2", b" 1", b"99999999999", "¹".encode()]
)
def test_what_is_no_message_number_is_a_syntax_error(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parse_number(octets)
