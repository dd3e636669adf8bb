"""What commands print: lines for people, JSON for programs, secrets read from stdin or a file."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING

from localserver.users import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def rows(values: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print an array of objects, or a line for each."""
    if as_json:
        print(json.dumps(list(values), default=str))  # noqa: T201
        return
    for value in values:
        print("  ".join(str(each) for each in value.values()))  # noqa: T201


def counted(number: int, one: str, several: str) -> str:
    """Return a number with what it counts: `1 message was`, `2 messages were`."""
    return f"{number} {one if number == 1 else several}"


def line(text: str, *, as_json: bool = False, **values: object) -> None:
    """Print a sentence, or the object it is about."""
    print(json.dumps(values, default=str) if as_json else text)  # noqa: T201


def _line_of_stdin() -> str:
    try:
        found = sys.stdin.readline().rstrip("\r\n")
        found.encode()
    except UnicodeError:
        # Without its cause: a traceback would show the octets.
        raise UserError("The password on standard input is not UTF-8.") from None
    return found


def password(*, stdin: bool, file: Path | None) -> str:
    """Return a password from stdin, a file, or the terminal.

    Raises:
        UserError: There is none, or it is not UTF-8.
    """
    if file is not None:
        try:
            found = file.read_text("utf-8").partition("\n")[0]
        except UnicodeDecodeError:
            # Without its cause: a traceback would show the octets.
            raise UserError(f"{file} is not UTF-8.") from None
    elif stdin:
        found = _line_of_stdin()
    elif sys.stdin.isatty():
        found = getpass.getpass("Password: ")
    else:
        raise UserError("Give the password with --password-stdin or --password-file.")
    if not found:
        raise UserError("The password is empty.")
    return found
