"""Reads the command line, runs one command, and makes a sentence and a status of a failure."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import sys

from desktopmail import __version__
from desktopmail.cli import (
    account,
    answering,
    demo,
    files,
    mailbox,
    messages,
    operations,
    outbox,
    people,
    proxy,
    questions,
    reading,
    reply,
    search,
    send,
    streams,
    sync,
    tags,
    transcript,
    vault,
)
from desktopmail.cli.context import Context
from desktopmail.cli.errors import FAILED, USAGE, CommandError, said
from desktopmail.cli.output import Output
from desktopmail.cli.parser import Parser, folder
from desktopmail.door.interface import DoorError

_GROUPS = (
    account,
    sync,
    reading,
    search,
    mailbox,
    send,
    reply,
    messages,
    answering,
    tags,
    outbox,
    people,
    operations,
    files,
    transcript,
    demo,
    proxy,
    questions,
    vault,
)
_INTERRUPTED = 130
# How a file system refuses what is written to a file that is open already.
_OF_OUTPUT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


_WINDOW = """
the window:
  desktopmail mailto:ben@example.org    shows it with a message to that address
  desktopmail --theme dark --language de --size 1280x800
                                        shows it so, whatever its settings say
  desktopmail --screenshot FILE         saves a picture of it, without a display
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    common = argparse.ArgumentParser(add_help=False)
    _add_common(common, default=argparse.SUPPRESS)
    whole = Parser(
        prog="desktopmail",
        description="A desktop mail client. Without a command it shows its window.",
        epilog=_WINDOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_common(whole, default=None)
    whole.add_argument("--version", action="version", version=f"desktopmail {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for group in _GROUPS:
        group.add(commands, common)
    return whole


def _add_common(target: argparse.ArgumentParser, *, default: object) -> None:
    target.add_argument(
        "--profile",
        metavar="DIR",
        type=folder,
        default=default,
        help="keep all state of the client in DIR",
    )
    target.add_argument(
        "--json",
        action="store_true",
        default=False if default is None else default,
        help="print JSON, for other programs",
    )


def main(argv: list[str]) -> int:
    """Run the command that `argv` names; returns the exit status.

    Args:
        argv: The arguments, without the name of the program.
    """
    streams.open_all()
    for argument in argv:
        if not _is_text(argument):
            sys.stderr.write(f"desktopmail: The argument {argument!a} is not text in UTF-8.\n")
            return USAGE
    try:
        arguments = parser().parse_args(search.protect(argv))
    except SystemExit as stop:  # argparse has said what was wrong, or shown the help
        return stop.code if isinstance(stop.code, int) else USAGE
    if not hasattr(arguments, "run"):
        sys.stderr.write("desktopmail: no command was named. See desktopmail --help.\n")
        return USAGE
    streams.say_every_character(as_json=arguments.json)
    try:
        status = asyncio.run(_run(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has enough of it, like `head`; Python's own flush at the end
        # must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except CommandError as error:
        sys.stderr.write(f"desktopmail: {error}\n")
        return error.status
    except DoorError as error:
        sys.stderr.write(f"desktopmail: {said(error)}\n")
        return FAILED
    except OSError as error:
        sys.stderr.write(f"desktopmail: {_unusable(error)}\n")
        return FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _unusable(error: OSError) -> str:
    """What is said of a file that cannot be used, and of standard output, which has no name."""
    why = error.strerror or str(error)
    if error.filename:
        return f"{error.filename} cannot be used: {why}. Check the path and its permissions."
    if error.errno in _OF_OUTPUT:
        return f"Standard output cannot be written: {why}. Have it go to another place."
    return f"{why}."


def _is_text(argument: str) -> bool:
    """Whether an argument came as UTF-8; other octets stand in it as lone surrogates (PEP 383)."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


async def _run(arguments: argparse.Namespace) -> int:
    salvages = getattr(arguments, "salvages", False) and arguments.repair
    context = Context(arguments.profile, Output(as_json=arguments.json), salvages=salvages)
    try:
        await context.begin()
        status: int = await arguments.run(context, arguments)
    finally:
        await context.aclose()
    return status
