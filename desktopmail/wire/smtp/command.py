"""The table of verbs: one line of a client becomes one command (RFC 5321 section 4.1.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from desktopmail.wire.smtp.auth import Auth, parse_auth
from desktopmail.wire.smtp.bdat import Bdat, parse_bdat
from desktopmail.wire.smtp.control import Data, Help, Noop, Quit, Rset, StartTls, no_argument
from desktopmail.wire.smtp.hello import Hello, parse_hello
from desktopmail.wire.smtp.limits import (
    MAX_AUTH_OCTETS,
    MAX_COMMAND_OCTETS,
    MAX_ENVELOPE_OCTETS,
)
from desktopmail.wire.smtp.mail import Mail, parse_mail
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.rcpt import Rcpt, parse_rcpt
from desktopmail.wire.smtp.reply import reply
from desktopmail.wire.smtp.vrfy import Expn, Vrfy, parse_expn, parse_vrfy

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

Command: TypeAlias = (
    Hello | Mail | Rcpt | Data | Bdat | Rset | Vrfy | Expn | Help | Noop | Quit | StartTls | Auth
)

_REMEMBERED_OCTETS: Final = 128
_FORBIDDEN = re.compile(rb"[\x00\r\n]")


def _data(argument: str) -> Data:
    no_argument("DATA", argument)
    return Data()


def _rset(argument: str) -> Rset:
    no_argument("RSET", argument)
    return Rset()


def _quit(argument: str) -> Quit:
    no_argument("QUIT", argument)
    return Quit()


def _starttls(argument: str) -> StartTls:
    no_argument("STARTTLS", argument)
    return StartTls()


PARSERS: Final[dict[str, Callable[[str], Command]]] = {
    "EHLO": lambda argument: parse_hello("EHLO", argument),
    "HELO": lambda argument: parse_hello("HELO", argument),
    "LHLO": lambda argument: parse_hello("LHLO", argument),
    "MAIL": parse_mail,
    "RCPT": parse_rcpt,
    "DATA": _data,
    "BDAT": parse_bdat,
    "RSET": _rset,
    "VRFY": parse_vrfy,
    "EXPN": parse_expn,
    "HELP": Help,
    "NOOP": Noop,
    "QUIT": _quit,
    "STARTTLS": _starttls,
    "AUTH": parse_auth,
}

_LENGTHS: Final = {
    "MAIL": MAX_ENVELOPE_OCTETS,
    "RCPT": MAX_ENVELOPE_OCTETS,
    "AUTH": MAX_AUTH_OCTETS,
}


def parse_command(line: bytes) -> Command:
    """Read one command line, without its CRLF.

    Raises:
        CommandError: With the reply to be sent.
    """
    # Most lines of a busy server were said before. AUTH is not remembered: it holds a secret.
    if len(line) <= _REMEMBERED_OCTETS and line[:1] not in {b"A", b"a"}:
        return _remembered(line)
    return _parse(line)


def _parse(line: bytes) -> Command:
    if _FORBIDDEN.search(line):
        raise CommandError(reply(500, "CR, LF or NUL inside a command", "5.5.2"))
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise CommandError(reply(500, "The command is not UTF-8", "5.5.2")) from error
    word, _, argument = text.partition(" ")
    verb = word.upper()
    parser = PARSERS.get(verb)
    if parser is None:
        if "\t" in text[:10]:
            raise CommandError(reply(500, "A space follows the command, not a tab", "5.5.2"))
        raise CommandError(reply(500, "Unknown command", "5.5.1"))
    if len(line) + 2 > _LENGTHS.get(verb, MAX_COMMAND_OCTETS):
        raise CommandError(reply(500, "Line too long", "5.5.2"))
    return parser(argument)


_remembered = lru_cache(maxsize=1024)(_parse)


def encode_command(command: Command) -> bytes:
    """Return the line of a command, with CRLF (and without the secret of AUTH).

    Raises:
        ValueError: An argument holds CR, LF or NUL, or the line is too long.
    """
    text = command.encode()
    line = text.encode()
    if _FORBIDDEN.search(line):
        raise ValueError("CR, LF or NUL inside a command")
    verb = text.partition(" ")[0]
    if len(line) + 2 > _LENGTHS.get(verb, MAX_COMMAND_OCTETS):
        raise ValueError(f"the {verb} line is longer than {_LENGTHS.get(verb, MAX_COMMAND_OCTETS)}")
    return line + b"\r\n"
