"""How arguments are read: what is wrong with them is said in one line, and where to see more.

The options of the window stand here too: its program and `desktopmail demo` both take them.
"""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from desktopmail.cli.errors import USAGE
from desktopmail.cli.output import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

_THEMES = ("system", "light", "dark")
_LANGUAGES = ("en", "de")


# Python's own words for a command that there is not, with all that there are behind them.
_UNKNOWN = re.compile(
    r"argument (COMMAND|ACTION): invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL
)
_FEW = 12


class Parser(argparse.ArgumentParser):
    """Says what was wrong in one line, and how to see more."""

    def error(self, message: str) -> NoReturn:
        """End the program; see `argparse`."""
        unknown = _UNKNOWN.fullmatch(message)
        if unknown is not None:
            message = _unknown(unknown[1].lower(), unknown[2], re.findall(r"[\w-]+", unknown[3]))
        self.exit(USAGE, f"{self.prog}: {message}. See {self.prog} --help.\n")

    def parse_known_args(  # type: ignore[override] # the overloads differ in the namespace alone
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse what is not known here: `argparse` itself would have the whole program say so."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return known, rest


def _unknown(kind: str, named: str, known: list[str]) -> str:
    """Say that there is no such command, and which was meant, or which there are where few are."""
    meant = difflib.get_close_matches(named, known)
    if not meant and len(known) <= _FEW:
        meant = known
    if not meant:
        return f"there is no {kind} {named}"
    return f"there is no {kind} {named}; there {'is' if len(meant) == 1 else 'are'} {joined(meant)}"


def add_looks(parser: argparse.ArgumentParser) -> None:
    """Declare how the window is to look, in place of what the settings say."""
    parser.add_argument("--theme", choices=_THEMES, default="")
    parser.add_argument("--language", choices=_LANGUAGES, default="")
    parser.add_argument(
        "--size", type=size, default=None, metavar="WxH", help="of the window, such as 1280x800"
    )
    parser.add_argument(
        "--select",
        default="",
        metavar="WORDS",
        help="of the subject of the message that a picture shows",
    )


def looks(arguments: argparse.Namespace) -> list[str]:
    """The same options, for another call of the program."""
    width, height = arguments.size or (0, 0)
    given = {
        "--theme": arguments.theme,
        "--language": arguments.language,
        "--size": f"{width}x{height}" if arguments.size else "",
        "--select": arguments.select,
    }
    return [part for name, value in given.items() if value for part in (name, value)]


def folder(text: str) -> Path:
    """Read the name of the folder of a profile.

    Raises:
        argparse.ArgumentTypeError: It is empty: that would be the folder one stands in.
    """
    if not text:
        raise argparse.ArgumentTypeError("it is empty; name a folder")
    return Path(text)


def size(text: str) -> tuple[int, int]:
    """Read the size of a window.

    Raises:
        argparse.ArgumentTypeError: It is none, or too small for one.
    """
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) >= 320 and int(height) >= 240):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1280x800")
    return int(width), int(height)
