"""Which messages belong together: base subjects and grouping by references (RFC 5256)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"            ; RFC 5256 section 5
#
# and what clients in other languages write instead: AW and WG (German), SV and VS (Nordic), RIF
# and I (Italian), RV and ENC (Spanish, Portuguese), TR (French), Antw (Dutch), 回复 and 转发, …
_REPLY = re.compile(
    r"\s*(?:\[[^\[\]]{1,60}\]\s*)?"
    r"(?:re|r|aw|antw|antwort|sv|vs|rif|ref|res|odp|ynt|回复|答复|回覆|返信|"
    r"fw|fwd|wg|wtr|rv|enc|tr|vl|doorst|i|pd|转发|轉寄)"
    r"\s*(?:\[[^\[\]]{1,20}\]|\([0-9]{1,3}\)|\^[0-9]{1,3})?\s*[:\uff1a]\s*",
    re.IGNORECASE,
)
_IS_REPLY = re.compile(
    r"\s*(?:\[[^\[\]]{1,60}\]\s*)?(?:re|aw|antw|antwort|sv|vs|rif|ref|res|odp|ynt|回复|答复|回覆|返信)"
    r"\s*(?:\[[^\[\]]{1,20}\]|\([0-9]{1,3}\)|\^[0-9]{1,3})?\s*[:\uff1a]",
    re.IGNORECASE,
)
_IS_FORWARD = re.compile(
    r"\s*(?:fw|fwd|wg|wtr|rv|enc|tr|vl|doorst|转发|轉寄)\s*[:\uff1a]", re.IGNORECASE
)
_BLOB = re.compile(r"\s*\[[^\[\]]{0,60}\]\s*")
_TRAILER = re.compile(r"(?:\s*\(fwd\)\s*)+\Z", re.IGNORECASE)
_FORWARDED = re.compile(r"\s*\[fwd?:(.*)\]\s*\Z", re.IGNORECASE | re.DOTALL)
_SPACES = re.compile(r"\s+")


def base_subject(subject: str) -> str:
    """Return the subject without marks of replies, forwards and mailing lists, one case for all.

    Args:
        subject: A decoded subject.
    """
    text = _SPACES.sub(" ", subject[:1000]).strip()
    while True:
        before = text
        text = _TRAILER.sub("", text) if text[-1:] == ")" else text
        reply = _REPLY.match(text)
        while reply:
            text = text[reply.end() :]
            reply = _REPLY.match(text)
        blob = _BLOB.match(text)
        if blob and blob.end() < len(text):
            text = text[blob.end() :]
        if text[:1] == "[" and (forwarded := _FORWARDED.match(text)):
            text = forwarded[1].strip()
        if text == before:
            return text.strip().casefold()


def without_reply_marks(subject: str) -> str:
    """Return a subject without the "Re:" and "AW:" in front; forwards and list names stay."""
    text = subject.strip()
    while (mark := _IS_REPLY.match(text)) and not text.startswith("["):
        text = text[mark.end() :].lstrip()
    return text


def without_forward_marks(subject: str) -> str:
    """Return a subject without the "Fwd:" and "WG:" in front."""
    text = subject.strip()
    while mark := _IS_FORWARD.match(text):
        text = text[mark.end() :].lstrip()
    return text


def is_reply_or_forward(subject: str) -> bool:
    """Whether a subject says that the message answers or forwards another one."""
    return _REPLY.match(subject) is not None or _FORWARDED.match(subject) is not None


def is_reply(subject: str) -> bool:
    """Whether a subject says that the message answers another one."""
    return _IS_REPLY.match(subject) is not None


@dataclass(frozen=True, slots=True)
class Threaded:
    """What threading needs to know of one message.

    Attributes:
        key: Any identity of the caller's, for example a local id.
        message_id: Without brackets, or None.
        references: Ancestors, oldest first.
        subject: Decoded subject.
        date_s: Seconds since 1970, for the order.
    """

    key: int
    message_id: str | None
    references: tuple[str, ...] = ()
    subject: str = ""
    date_s: int = 0


def group(messages: Iterable[Threaded], *, by_subject: bool = True) -> list[list[int]]:
    """Return the keys of the messages in threads, each in order of date, oldest thread first.

    Two messages are of one thread when one names the other, or both name a third, which may be
    missing. A reply that names nobody joins the thread with its base subject (RFC 5256 section 3,
    steps 1 to 5 without the tree).

    Args:
        messages: The messages.
        by_subject: Whether replies without references are joined by subject.
    """
    ordered = sorted(messages, key=lambda message: (message.date_s, message.key))
    sets = _Sets()
    by_base: dict[str, str] = {}
    names: list[str] = []
    for message in ordered:
        name = message.message_id or f"\0{message.key}"
        names.append(name)
        for reference in message.references:
            sets.join(name, reference)
        if not by_subject:
            continue
        base = base_subject(message.subject)
        if not base:
            continue
        if base in by_base and not message.references and is_reply(message.subject):
            sets.join(name, by_base[base])
        by_base.setdefault(base, name)
    threads: dict[str, list[int]] = {}
    for message, name in zip(ordered, names, strict=True):
        threads.setdefault(sets.root(name), []).append(message.key)
    return list(threads.values())


class _Sets:
    """Union-find over names."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        parent = self.parent
        while (above := parent.get(name, name)) != name:
            parent[name] = parent.get(above, above)  # halve the path for the next one
            name = above
        return name

    def join(self, one: str, other: str) -> None:
        first, second = self.root(one), self.root(other)
        if first != second:
            self.parent[first] = second
