"""The filter chain: small rules that let a message pass, or reject, tag, redirect or hold it.

A filter is a `[[filter]]` table of the configuration. All of them know these keys:

    kind    which rule: "rate", "attachment", "spam", "command" (below) or "match"
    on      "submission", "smtp" (port 25), or "both" (the default)
    action  what happens when the rule hits: "reject", "tag", "redirect" or "hold"
    text    the reply of a rejection, or the value of a tag
    field   the field a tag adds, default X-Filter
    mailbox where "redirect" puts local copies, default Junk

The first filter that rejects ends the chain; the others add up. "hold" keeps mail for elsewhere in
the queue until somebody releases it, and has no effect on local copies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from localserver.store import names
from localserver.store.errors import InvalidNameError
from localserver.store.interface import StoreLimits
from localserver.submission.attachment_filter import AttachmentRule
from localserver.submission.command_filter import CommandRule
from localserver.submission.filter_table import ValueOfKeyError, choice, text
from localserver.submission.rate_filter import RateRule
from localserver.submission.spam_filter import SpamRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

    from desktopmail.net.ports import Ports
    from localserver.submission.subject import Subject


class FilterError(Exception):
    """A filter table is wrong; `str(error)` is one sentence that names it.

    Args:
        number: Which table, from 1.
        key: Which value in it.
        problem: What is wrong with that, without a full stop.
    """

    def __init__(self, number: int, key: str, problem: str) -> None:
        super().__init__(f"Filter {number} is wrong: {problem}.")
        self.number = number
        self.key = key
        self.problem = problem


class FilterAction(Enum):
    """What happens when a rule hits."""

    REJECT = "reject"
    TAG = "tag"
    REDIRECT = "redirect"
    HOLD = "hold"


class Rule(Protocol):
    """Decides whether a message is hit."""

    async def hit(self, message: Subject) -> str | None:
        """Return why the message is hit, in a few words, or None."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One table of the chain.

    Attributes:
        rule: Decides.
        action: What happens then.
        ports: Which of `smtp` and `submission` it looks at.
        text: Reply or value; None for the rule's own words.
        field: The field that a tag adds.
        mailbox: Where a redirection goes.
    """

    rule: Rule
    action: FilterAction
    ports: frozenset[str]
    text: str | None = None
    field: str = "X-Filter"
    mailbox: str = "Junk"


class MatchRule:
    """Hits when a regular expression is found in a header field.

    Keys: `header` (default Subject), `pattern` (without regard to case).
    """

    def __init__(self, table: Mapping[str, object]) -> None:
        self._name = text(table, "header", "Subject")
        try:
            self._pattern = re.compile(text(table, "pattern", ""), re.IGNORECASE)
        except re.error as error:
            raise ValueOfKeyError("pattern", f"is no regular expression: {error}") from error

    async def hit(self, message: Subject) -> str | None:
        """Search the field, decoded."""
        return await message.read(self._hit)

    def _hit(self, message: Subject) -> str | None:
        found = self._pattern.search(message.parsed.header.text(self._name) or "")
        return f"{self._name} matches" if found else None


_PORTS: Final = {
    "submission": frozenset({"submission"}),
    "smtp": frozenset({"smtp"}),
    "both": frozenset({"smtp", "submission"}),
}
COMMON_KEYS: Final = frozenset({"kind", "on", "action", "text", "field", "mailbox"})
OWN_KEYS: Final = {
    "rate": frozenset({"most", "window_s", "per"}),
    "attachment": frozenset({"types", "names"}),
    "spam": frozenset({"threshold"}),
    "command": frozenset({"command", "timeout_s"}),
    "match": frozenset({"header", "pattern"}),
}
_FIELD_NAME = re.compile(r"[!-9;-~]{1,70}")


def make_filters(tables: Iterable[Mapping[str, object]], ports: Ports) -> tuple[Filter, ...]:
    """Read the tables.

    Raises:
        FilterError: One is wrong; the sentence gives its number.
    """
    filters = []
    for number, table in enumerate(tables, 1):
        try:
            filters.append(_make(table, ports))
        except ValueOfKeyError as error:
            raise FilterError(number, error.key, str(error)) from error
    return tuple(filters)


def _make(table: Mapping[str, object], ports: Ports) -> Filter:
    kind = choice(table, "kind", "", OWN_KEYS)
    unknown = table.keys() - COMMON_KEYS - OWN_KEYS[kind]
    if unknown:
        raise ValueOfKeyError(min(unknown), f"is not known to the kind {kind!r}")
    on = choice(table, "on", "both", _PORTS)
    action = choice(table, "action", "tag", (each.value for each in FilterAction))
    field = text(table, "field", "X-Filter")
    if not _FIELD_NAME.fullmatch(field):
        raise ValueOfKeyError("field", f"{field!r} is no field name")
    mailbox = text(table, "mailbox", "Junk")
    try:
        names.check(mailbox, StoreLimits())
    except InvalidNameError as error:
        raise ValueOfKeyError(
            "mailbox", f"{mailbox!r} cannot be one: {error}".rstrip(".")
        ) from error
    rules: dict[str, type[MatchRule | AttachmentRule | SpamRule]] = {
        "match": MatchRule,
        "attachment": AttachmentRule,
        "spam": SpamRule,
    }
    rule: Rule
    if kind == "rate":
        rule = RateRule(table, ports.clock)
    elif kind == "command":
        rule = CommandRule(table, ports.executor)
    else:
        rule = rules[kind](table)
    said = text(table, "text", "") if "text" in table else None
    return Filter(rule, FilterAction(action), _PORTS[on], said, field, mailbox)
