"""Command lines are read by one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.apop import Apop
from desktopmail.wire.pop3.auth import Auth, AuthList
from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.command import CommandSyntaxError, Noop, Quit
from desktopmail.wire.pop3.lang import Lang
from desktopmail.wire.pop3.listing import List, Uidl
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.message import Dele, Retr, Top
from desktopmail.wire.pop3.table import AnyCommand, UnknownCommandError, parse_command
from desktopmail.wire.secret import Secret


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"QUIT", Quit()),
        (b"quit", Quit()),
        (b"Noop ", Noop()),
        (b"AUTH", AuthList()),
        (b"AUTH ", AuthList()),
        (b"AUTH PLAIN", Auth("PLAIN")),
        (b"top 1 10", Top(1, 10)),
        (b"PASS  leading space", Pass(Secret(" leading space"))),
    ],
)
def test_keywords_are_taken_in_any_case(line: bytes, command: AnyCommand) -> None:
    assert parse_command(line) == command


@pytest.mark.parametrize(
    "line", [b"", b" ", b"XTND XMIT", b"GET / HTTP/1.1", b"EHLO x", b"\xff", b" QUIT"]
)
def test_what_is_no_command_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(UnknownCommandError):
        parse_command(line)


@pytest.mark.parametrize("line", [b"USER a\rb", b"USER a\nDELE 1", b"PASS a\0b", b"QUIT\r"])
def test_bare_cr_lf_and_nul_are_refused_in_every_argument(line: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parse_command(line)


_NUMBER = st.integers(1, 10**10 - 1)
_NAME = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0 "), min_size=1, max_size=40)
_COMMANDS = st.one_of(
    st.sampled_from([Capa(), Noop(), Quit(), AuthList(), List(), Uidl(), Lang(), Lang("de-AT")]),
    st.builds(Retr, _NUMBER),
    st.builds(Dele, _NUMBER),
    st.builds(List, _NUMBER),
    st.builds(Uidl, _NUMBER),
    st.builds(Top, _NUMBER, st.integers(0, 10**10 - 1)),
    st.builds(User, _NAME),
    st.builds(lambda text: Pass(Secret(text)), _NAME),
    st.builds(Apop, _NAME, st.from_regex(r"[0-9a-f]{32}", fullmatch=True)),
    st.builds(
        Auth,
        st.from_regex(r"[A-Z0-9_-]{1,20}", fullmatch=True),
        st.none() | st.binary(max_size=150),
    ),
)


@given(_COMMANDS)
def test_what_is_written_reads_back_the_same(command: AnyCommand) -> None:
    output = Output()
    command.write(output)
    line = b"".join(segment.octets for segment in output.take())
    assert line.endswith(b"\r\n")
    assert line.count(b"\r\n") == 1
    assert parse_command(line.removesuffix(b"\r\n")) == command


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_argument_ever_makes_a_second_line(name: str, digest: str) -> None:
    for command in (User(name), Pass(Secret(name)), Apop(name, digest), Lang(name), Auth(name)):
        output = Output()
        try:
            command.write(output)
        except (LocalProtocolError, UnicodeEncodeError):
            assert not output
            continue
        octets = b"".join(segment.octets for segment in output.take())
        assert octets.count(b"\n") == octets.count(b"\r") == 1


@given(
    st.binary(max_size=60)
    | st.sampled_from([b"TOP ", b"AUTH ", b"APOP "]).flatmap(
        lambda head: st.binary(max_size=40).map(lambda tail: head + tail)
    )
)
def test_reading_raises_nothing_but_a_syntax_error(line: bytes) -> None:
    try:
        command = parse_command(line)
    except CommandSyntaxError:
        return
    assert command.shown.startswith(command.keyword)
