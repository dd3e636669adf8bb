"""Where a password comes from: standard input or a file, and never an argument."""

from __future__ import annotations

import getpass
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.door.commands import Password

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name a password's source."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the first line of standard input and keep it in the keyring",
    )
    group.add_argument(
        "--password-file",
        metavar="FILE",
        type=Path,
        help="take the password from the first line of FILE at each login; only the path is kept",
    )


def add_login_options(parser: argparse.ArgumentParser, *, unchecked: str) -> None:
    """Declare what goes with a password that is to be sent: whether it is tried, and in the clear.

    Args:
        parser: Of the command.
        unchecked: What `--no-check` does.
    """
    parser.add_argument("--no-check", action="store_true", help=unchecked)
    parser.add_argument(
        "--allow-cleartext",
        action="store_true",
        help="send the password unprotected to a server that is not on this machine",
    )
    add_options(parser)


def from_stdin(arguments: argparse.Namespace) -> Password | None:
    """The password on standard input, when it was asked to be there.

    Raises:
        CommandError: Nothing was there.
    """
    return secret("password") if arguments.password_stdin else None


def secret(what: str) -> Password:
    """The first line of standard input; a person at a terminal is asked, and it is not shown there.

    Args:
        what: What is asked for: "password", "pass phrase".

    Raises:
        CommandError: Nothing was there, or no text.
    """
    try:
        line = _typed(f"{what.capitalize()}: ") if is_typed() else sys.stdin.readline()
        line = line.rstrip("\r\n")
        line.encode()
    except UnicodeError:  # without its cause, which shows the password
        raise CommandError(f"The {what} on standard input is not text in UTF-8.") from None
    if not line:
        raise CommandError(f"No {what} came on standard input, where one line is read.")
    return Password(line)


def is_typed() -> bool:
    """Whether a person types at a terminal, and no program does."""
    return sys.stdin.isatty()


def new_secret(what: str) -> Password:
    """One that nothing was kept with yet: a person at a terminal types it twice; see `secret`.

    Raises:
        CommandError: Nothing was there, or no text; or it was typed in two ways.
    """
    if not is_typed():
        return secret(what)
    first = secret(f"new {what}")
    if secret(f"new {what} again") != first:
        raise CommandError(f"The two {what}s differ; nothing was done. Type them once more.")
    return first


def _typed(prompt: str) -> str:
    # An event loop keeps the first Ctrl+C for its tasks: a person would have to press it twice.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return getpass.getpass(prompt)
    except EOFError:  # Ctrl+D
        return ""
    finally:
        signal.signal(signal.SIGINT, before)


def file_path(arguments: argparse.Namespace) -> str | None:
    """The absolute path of the password file, when one was named.

    Raises:
        UsageError: It is not there.
    """
    path: Path | None = arguments.password_file
    if path is None:
        return None
    if not path.is_file():
        wrong = "is not a file" if path.exists() else "is not there"
        raise UsageError(f"The password file {path} {wrong}.")
    return str(path.absolute())
