"""The rule "spam": a score anybody can follow, by adding up what is odd about a message.

It is meant for demonstrations and tests, not for the open internet:

    5   the body holds the GTUBE line (https://spamassassin.apache.org/gtube/)
    2   no From, or more than one address in it
    1   no Date
    1   no Message-ID
    1   no text at all
    2   the subject is in capitals (eight letters or more)
    1   the subject has three exclamation marks, or one of the words of `WORDS`
    2   a link shows one address and leads to another
    1   HTML without any plain text
    3   an attachment that Windows runs on a double click
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localserver.submission.attachment_filter import AttachmentRule
from localserver.submission.filter_table import number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from desktopmail.mime.message import Message
    from localserver.submission.subject import Subject

# Split, so that this file is not spam itself.
GTUBE: Final = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
WORDS: Final = re.compile(
    r"\b(viagra|casino|lottery|jackpot|winner|inheritance|crypto giveaway|free money)\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"<a\s[^>]*href=[\"']?https?://([^\"'/>\s]+)[^>]*>\s*(?:https?://)?([a-z0-9.-]+\.[a-z]{2,})\s*[</]",
    re.IGNORECASE,
)


class SpamRule:
    """Hits a message that reaches the threshold.

    Keys: `threshold` (default 5).
    """

    def __init__(self, table: Mapping[str, object]) -> None:
        self._threshold = number(table, "threshold", 5)
        self._programs = AttachmentRule({})

    async def hit(self, message: Subject) -> str | None:
        """Add up."""
        reasons = await message.read(self.reasons)
        score = sum(reasons.values())
        if score < self._threshold:
            return None
        return f"score {score}: {', '.join(reasons)}"

    def reasons(self, message: Subject) -> dict[str, int]:
        """Return what is odd, and what it counts."""
        parsed, header = message.parsed, message.parsed.header
        subject, html = parsed.subject or "", parsed.html or ""
        letters = [char for char in subject if char.isalpha()]
        text = parsed.text
        found = {
            "GTUBE": 5 * (GTUBE in message.octets),
            "From": 2 * (len(parsed.senders) != 1),
            "no Date": 1 * ("date" not in header),
            "no Message-ID": 1 * ("message-id" not in header),
            "no text": 1 * (not text.strip()),
            "capitals": 2 * (len(letters) >= 8 and all(char.isupper() for char in letters)),
            "subject": 1 * (subject.count("!") >= 3 or WORDS.search(subject) is not None),
            "link": 2 * any(_leads_away(match) for match in _LINK.finditer(html)),
            "HTML only": 1 * (bool(html) and not _has_plain_text(parsed)),
            "program": 3 * (self._programs.find(message) is not None),
        }
        return {name: score for name, score in found.items() if score}


def _has_plain_text(message: Message) -> bool:
    return any(part.media_type == "text/plain" for part in message.tree.walk())


def _leads_away(link: re.Match[str]) -> bool:
    target, shown = link[1].lower().partition(":")[0], link[2].lower()
    return target.removeprefix("www.") != shown.removeprefix("www.")
