"""What was done to messages, as a person would say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.door.rows import Flag
from desktopmail.door.tags import label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# What is said of a flag that is set, and of one that is cleared.
_MARKED: Final = (
    (Flag.SEEN, "marked as read", "marked as unread"),
    (Flag.FLAGGED, "flagged", "unflagged"),
    (Flag.ANSWERED, "marked as answered", "marked as not answered"),
    (Flag.FORWARDED, "marked as forwarded", "marked as not forwarded"),
    (Flag.DRAFT, "marked as a draft", "marked as no draft"),
)


def messages(count: int) -> str:
    """So many messages."""
    return "1 message" if count == 1 else f"{count} messages"


def moved(count: int, mailbox: str) -> str:
    """So many messages were moved to a mailbox, which is named as it is shown."""
    return f"{messages(count)} moved to {mailbox}"


def marked(
    count: int, add: Flag, remove: Flag, add_tags: Sequence[str], remove_tags: Sequence[str]
) -> str:
    """So many messages got these flags and tags, or lost them."""
    done = [
        has if add & flag else has_not for flag, has, has_not in _MARKED if (add | remove) & flag
    ]
    if add_tags:
        done.append(f"tagged {', '.join(map(label_of, add_tags))}")
    if remove_tags:
        done.append(f"no longer tagged {', '.join(map(label_of, remove_tags))}")
    *first, last = done or ["changed"]
    said = f"{', '.join(first)} and {last}" if first else last
    return f"{messages(count)} {said}"
