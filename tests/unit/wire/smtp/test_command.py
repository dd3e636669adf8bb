import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.command import PARSERS, encode_command, parse_command
from desktopmail.wire.smtp.control import Data, Help, Noop, Quit, Rset, StartTls
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.vrfy import Vrfy

COMMANDS = [
    Hello("EHLO", "bar.com"),
    Mail(Mailbox("Smith", "bar.com")),
    Rcpt(Mailbox("Jones", "foo.com")),
    Data(),
    Bdat(5, last=True),
    Rset(),
    Vrfy("Smith"),
    Help("MAIL"),
    Noop("x"),
    Quit(),
    StartTls(),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_commands_come_back_in_any_case(command: object) -> None:
    line = encode_command(command)  # type: ignore[arg-type] # a union, listed above
    assert line.endswith(b"\r\n")
    verb, space, rest = line[:-2].partition(b" ")
    assert parse_command(line[:-2]) == command
    assert parse_command(verb.lower() + space + rest) == command


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0"])
@pytest.mark.parametrize("verb", PARSERS)
def test_cr_lf_and_nul_are_refused_in_every_argument(verb: str, bad: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(verb.encode() + b" FROM:<a" + bad + b"@b.example>")
    assert caught.value.reply.code == 500


@pytest.mark.parametrize("bad", ["\r\n", "\r", "\n", "\0"])
def test_cr_lf_and_nul_are_never_sent(bad: str) -> None:
    injected = f"x{bad}RCPT TO:<evil@example.org>"
    for command in (
        Hello("EHLO", injected),
        Mail(Mailbox(injected, "example.org")),
        Rcpt(Mailbox("a", injected)),
        Vrfy(injected),
        Noop(injected),
        Help(injected),
    ):
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            encode_command(command)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"", "500 5.5.1 Unknown command"),
        (b"XYZZY", "500 5.5.1 Unknown command"),
        (b" EHLO x", "500 5.5.1 Unknown command"),
        (b"MAIL\tFROM:<a@b.example>", "500 5.5.2 A space follows the command, not a tab"),
        (b"GET / HTTP/1.1", "500 5.5.1 Unknown command"),
        (b"NOOP \xff", "500 5.5.2 The command is not UTF-8"),
        (b"NOOP " + b"x" * 600, "500 5.5.2 Line too long"),
        (b"DATA now", "501 5.5.4 DATA takes no argument"),
    ],
)
def test_what_is_no_command_is_refused(line: bytes, reply: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(line)
    assert str(caught.value.reply) == reply


def test_a_line_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(ValueError, match="longer than 512"):
        encode_command(Noop("x" * 600))


@given(st.sampled_from(sorted(PARSERS)), st.binary(max_size=60))
def test_any_line_raises_nothing_but_command_errors(verb: str, argument: bytes) -> None:
    try:
        command = parse_command(verb.encode() + b" " + argument)
    except CommandError as error:
        code = error.reply.code
    else:
        code = 500
        assert hasattr(command, "encode")
    assert code in {500, 501, 555}
