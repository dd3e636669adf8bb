"""Commands of the contract that are not built yet: they say so, and exit with 2."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from desktopmail.cli.errors import UsageError

if TYPE_CHECKING:
    from desktopmail.cli.context import Context
    from desktopmail.cli.declaration import Commands


def declare(commands: Commands, common: argparse.ArgumentParser, name: str, text: str) -> None:
    """Declare one command that is to come; it takes any words and options behind its name."""
    planned = commands.add_parser(
        name, parents=[common], help=f"{text} (not built yet)", prefix_chars="\0"
    )
    planned.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    planned.set_defaults(run=_refuse, planned=name)


async def _refuse(_context: Context, arguments: argparse.Namespace) -> int:
    raise UsageError(f"`desktopmail {arguments.planned}` is not built yet.")
