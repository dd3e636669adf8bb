"""Reads the options of a command that are written plainly, without loading what typer validates by.

Typer builds a validator for each option, which costs a server that another program starts a fifth
of its start and some megabytes for as long as it runs. What is not understood here at once (a
mistake, `--help`) is typer's to read, and to explain.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class UsageError(Exception):
    """An option that cannot be taken, though it can be read; `str(error)` is one sentence.

    Args:
        sentence: What is wrong.
        command: Whose option it is.
    """

    def __init__(self, sentence: str, command: str = "serve") -> None:
        super().__init__(sentence)
        self.command = command


def read_options(command: Callable[..., object], arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return the keyword arguments that the command line gives a command.

    Args:
        command: A function whose parameters are all options: `bool`, or `None` and one of `int`,
            `str`, `Path` and `list[str]`.
        arguments: What was written behind its name.

    Returns:
        None when anything is not plain.
    """
    hints = get_type_hints(command)
    given: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if option != "--" + name.replace("_", "-") or name not in hints or name == "return":
            return None
        if hints[name] is bool:
            if equals or name in given:
                return None
            given[name] = True
            continue
        if not equals:
            # `--pop3 -1` is a number, and -1 a port that is not served.
            is_number = int in get_args(hints[name]) and _INTEGER.fullmatch(rest[0] if rest else "")
            if not rest or (rest[0].startswith("-") and not is_number):
                return None
            value = rest.pop(0)
        if not _take(given, name, get_args(hints[name]), value):
            return None
    return given


def _take(given: dict[str, Any], name: str, kinds: tuple[Any, ...], value: str) -> bool:
    if list[str] in kinds:
        given.setdefault(name, []).append(value)
        return True
    if name in given or not value:
        return False
    if int in kinds:
        if _INTEGER.fullmatch(value) is None:
            return False
        given[name] = int(value)
    elif Path in kinds:
        given[name] = Path(value)
    elif str in kinds:
        given[name] = value
    return name in given
