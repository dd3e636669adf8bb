"""New mail in words: what a notification says, and what can be done from it."""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.ui.isolates import isolated, without_controls
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.rows import MessageRow

_NAMED = 3
_NAME = 80  # letters
_LINE = 140
OPEN = "default"  # the name that the desktop's service has for a click


class HowMuch(enum.StrEnum):
    """How much of a message is told; the values are those of the setting."""

    ALL = "all"
    SENDER = "sender"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification, before it is written in the markup of who shows it.

    Attributes:
        title: One line.
        lines: What stands below it.
        actions: What can be done: (the name of a verb or `OPEN`, its title).
        stays: Whether it is worth keeping once it has been seen.
    """

    title: str
    lines: tuple[str, ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    stays: bool = True


def notice_of(rows: Sequence[MessageRow], how_much: HowMuch, account: str = "") -> Notice:
    """Tell of new messages.

    Args:
        rows: At least one, newest first.
        how_much: Of their contents.
        account: Whose they are; empty where that needs no saying.
    """
    verbs = ["mark_read", "archive"]
    below = (_line(account, _NAME),)
    if how_much is HowMuch.COUNT:
        return _notice(trn("tray.new", len(rows)), below, verbs)
    if len(rows) > 1:
        return _notice(trn("tray.new", len(rows)), (*_several(rows, how_much), *below), verbs)
    row = rows[0]
    said = () if how_much is HowMuch.SENDER else (_subject(row), _line(row.preview, _LINE))
    # Three are as many as most desktops show. What was not shown is not thrown away unseen.
    more = ["delete"] if how_much is HowMuch.ALL else []
    return _notice(_sender(row), (*said, *below), verbs + more)


def done_notice(done: str) -> Notice:
    """Tell what was done from a notification while the window is out of sight."""
    return Notice(_line(done, _LINE), actions=(("undo", tr("snack.undo")),), stays=False)


def _several(rows: Sequence[MessageRow], how_much: HowMuch) -> list[str]:
    if how_much is HowMuch.SENDER:
        names = list(dict.fromkeys(_sender(row) for row in rows))
        return [", ".join(names[:_NAMED]) + ("…" if len(names) > _NAMED else "")]
    lines = [
        tr("tray.line", sender=isolated(_sender(row)), subject=isolated(_subject(row)))
        for row in rows[:_NAMED]
    ]
    left = len(rows) - _NAMED
    return [*lines, trn("tray.more", left)] if left > 0 else lines


def _notice(title: str, lines: Sequence[str], verbs: Sequence[str]) -> Notice:
    said = tuple(line for line in lines if line)
    titles = {
        "mark_read": tr("tray.mark_read"),
        "archive": tr("verb.archive"),
        "delete": tr("verb.delete"),
    }
    actions = [(OPEN, tr("tray.open")), *((name, titles[name]) for name in verbs)]
    return Notice(title, said, tuple(actions))


def _sender(row: MessageRow) -> str:
    return _line(row.sender.name or row.sender.address, _NAME) or tr("list.no_sender")


def _subject(row: MessageRow) -> str:
    return _line(row.subject, _LINE) or tr("list.no_subject")


def _line(text: str, most: int) -> str:
    """One line of a text that somebody else wrote: no control may reach the desktop.

    D-Bus ends the connection of who sends a NUL or half of a surrogate pair; an override of the
    direction would turn what follows round.
    """
    kept = "".join(" " if unicodedata.category(it) in {"Cc", "Cs"} else it for it in text)
    kept = " ".join(without_controls(kept).split())
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"
