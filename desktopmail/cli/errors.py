"""The two ways a command fails: refused or failed (1), and wrongly called (2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.door.interface import DoorError

FAILED = 1
USAGE = 2


_PIN = "Accept this one with --pin, or --smtp-pin for the outgoing server, and its SHA-256."
_KEEP = "Keep a copy with `desktopmail export --account N`, or let it go with --with-its-mail."
#: How a stored question is seen on a command line.
QUESTION = "`desktopmail questions list` shows it, and how to answer."
# What to do on a command line, by the code of the refusal.
_DONE_BY = {
    "cleartext": "`account add` and `account edit` agree to it with --allow-cleartext.",
    "certificate": QUESTION,
    "downgrade": QUESTION,
    "set-aside": QUESTION,
    "only-here": _KEEP,
    "nothing-found": "`desktopmail account add` takes them; without a network none are found.",
    "no-tag": "`desktopmail tags list` shows which there are.",
    "tls-certificate": _PIN,
    "tls-name": _PIN,
    "tls-expired": _PIN,
    "tls-pin": _PIN,
}


def said(error: DoorError) -> str:
    """What is wrong and what to do; with the option or the command for it, where there is one."""
    return f"{error} {_DONE_BY.get(error.code, '')}".rstrip()


class CommandError(Exception):
    """A command cannot do what was asked; its text is one sentence, or two, for standard error.

    Attributes:
        status: The exit status, `FAILED` or `USAGE`.
    """

    def __init__(self, sentence: str, *, status: int = FAILED) -> None:
        super().__init__(sentence)
        self.status = status


class UsageError(CommandError):
    """The command was called wrongly."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, status=USAGE)
