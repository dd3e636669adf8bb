"""The two ways a command fails: refused or failed (1), and wrongly called (2)."""

from __future__ import annotations

FAILED = 1
USAGE = 2


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
