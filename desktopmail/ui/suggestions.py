"""What the search field offers: searches of before, fields of the language, people, tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Role
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import mailbox_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import MailboxRow

_OFFERED = 8
_PEOPLE = 4
_RECENT = 4
# The piece at the end of a text: perhaps a field, and what was typed of its value.
_LAST_PIECE = re.compile(
    r'(?P<minus>-?)(?:(?P<field>[a-z]+):)?(?P<typed>"[^"]*|[^\s"]*)$', re.IGNORECASE
)
# (what is typed, whether it stands for itself: else a value has to follow)
_FIELDS = (
    ("from:", False),
    ("to:", False),
    ("subject:", False),
    ("is:unread", True),
    ("is:flagged", True),
    ("has:attachment", True),
    ("tag:", False),
    ("in:", False),
    ("body:", False),
    ("filename:", False),
    ("before:", False),
    ("after:", False),
    ("larger:", False),
    ("smaller:", False),
    ("account:", False),
)
_AT_FIRST = ("from:", "is:unread", "has:attachment", "tag:")
_OF_PEOPLE = {"from", "to", "cc"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line that is offered.

    Attributes:
        title, hint, icon: How it looks.
        text: What stands in the field up to the cursor, once it is taken.
        is_whole: Whether it can be searched at once; else a value has to be typed.
    """

    title: str
    hint: str
    icon: str
    text: str
    is_whole: bool = True


def suggest(text: str, reader: StoreReader, recent: Sequence[str]) -> list[Suggestion]:
    """Return what to offer for a text that is being typed, the likeliest first.

    Args:
        text: The field up to the cursor.
        reader: Knows people, tags and mailboxes.
        recent: Searches of before, the last first.
    """
    found = _LAST_PIECE.search(text)
    if found is None:
        return []
    before = text[: found.start()] + found["minus"]
    name, typed = (found["field"] or "").lower(), found["typed"].lstrip('"')
    if name in _OF_PEOPLE:
        offered = _people(before, name, typed, reader)
    elif name == "tag":
        offered = _tags(before, typed, reader)
    elif name == "in":
        offered = _mailboxes(before, typed, reader)
    elif name == "account":
        offered = _accounts(before, typed, reader)
    elif name:
        offered = _fields(before, f"{name}:{typed}")
    elif not text.strip():
        offered = [*_recent("", recent), *_fields(before, "")]
    elif typed:
        offered = [
            *_fields(before, typed),
            *_people(before, "from", typed, reader)[:_PEOPLE],
            *_tags(before, typed, reader),
            *_recent(text, recent),
        ]
    else:
        offered = []
    return [each for each in offered if each.text != text][:_OFFERED]


def _recent(text: str, recent: Sequence[str]) -> list[Suggestion]:
    wanted = text.strip().casefold()
    fitting = [words for words in recent if wanted in words.casefold()][:_RECENT]
    return [Suggestion(words, tr("search.recent"), "clock", words) for words in fitting]


def _fields(before: str, typed: str) -> list[Suggestion]:
    names = dict(_FIELDS)
    if typed:
        fitting = [name for name in names if name.startswith(typed.lower())]
    else:
        fitting = list(_AT_FIRST)
    return [
        Suggestion(
            name,
            tr(f"field.{name.replace(':', '_').rstrip('_')}"),
            "search",
            before + name + (" " if names[name] else ""),
            is_whole=names[name],
        )
        for name in fitting
    ]


def _people(before: str, name: str, typed: str, reader: StoreReader) -> list[Suggestion]:
    return [
        Suggestion(
            person.name or person.address,
            tr("search.people_to" if name != "from" else "search.people_from"),
            "user",
            f"{before}{name}:{quoted(person.address or person.name)} ",
        )
        for person in reader.people(typed, _OFFERED)
    ]


def _tags(before: str, typed: str, reader: StoreReader) -> list[Suggestion]:
    return [
        Suggestion(tag.label, tr("field.tag"), "tag", f"{before}tag:{quoted(tag.label)} ")
        for tag in reader.tags()
        if typed.casefold() in tag.label.casefold()
    ]


def _mailboxes(before: str, typed: str, reader: StoreReader) -> list[Suggestion]:
    # As they are shown, and as they are called: a special one may have another name in the tree.
    names = {box.path: _shown(box) for box in reader.mailboxes() if box.selectable}
    return [
        Suggestion(name, tr("field.in"), "folder", f"{before}in:{quoted(path)} ")
        for path, name in names.items()
        if typed.casefold() in path.casefold() or typed.casefold() in name.casefold()
    ]


def _shown(box: MailboxRow) -> str:
    return box.path if box.role in {Role.NONE, Role.OUTBOX} else mailbox_title(box)


def _accounts(before: str, typed: str, reader: StoreReader) -> list[Suggestion]:
    return [
        Suggestion(
            account.name, tr("field.account"), "user", f"{before}account:{quoted(account.name)} "
        )
        for account in reader.accounts()
        if typed.casefold() in f"{account.name} {account.address}".casefold()
    ]


def quoted(value: str) -> str:
    """Return a value of a field as the search language wants it."""
    return value if re.fullmatch(r"[^\s\"()]+", value) else '"' + value.replace('"', "") + '"'
