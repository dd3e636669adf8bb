"""What was done to messages, as a person would say it."""

from __future__ import annotations


def messages(count: int) -> str:
    """So many messages."""
    return "1 message" if count == 1 else f"{count} messages"


def moved(count: int, mailbox: str) -> str:
    """So many messages were moved to a mailbox, which is named as it is shown."""
    return f"{messages(count)} moved to {mailbox}"
