"""The three standard streams as a command needs them, however the program was started."""

from __future__ import annotations

import io
import os
import sys


def open_all() -> None:
    """Have all three of them: what was closed (`<&-`, `>&-`) is the null device.

    Python has None for a closed one; and the next file or socket would get its number.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  open until the end
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def say_every_character(*, as_json: bool) -> None:
    """Have standard output take any text.

    A terminal of another charset shows `?` for what it does not have; JSON is UTF-8 (RFC 8259
    section 8.1).
    """
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return
    if as_json:
        sys.stdout.reconfigure(encoding="utf-8")
    else:
        sys.stdout.reconfigure(errors="replace")
