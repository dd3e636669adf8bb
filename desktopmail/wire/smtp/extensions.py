"""What a server says it can do in its answer to EHLO (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.wire.smtp.reply import Reply

# ehlo-ok-rsp    = ( "250" SP Domain [ SP ehlo-greet ] CRLF )
#                / ( "250-" Domain [ SP ehlo-greet ] CRLF *( "250-" ehlo-line CRLF )
#                    "250" SP ehlo-line CRLF )
# ehlo-line      = ehlo-keyword *( SP ehlo-param )
# ehlo-keyword   = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_NUMBER = re.compile(r"[0-9]{1,20}")
_LIMIT = re.compile(r"([A-Za-z0-9_.-]+)=([0-9]{1,6})")  # RFC 9422 section 3


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions of one server, as it told them last.

    Attributes:
        domain: What the server calls itself.
        keywords: Keyword in upper case to its parameters, in the order given.
    """

    domain: str = ""
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, answer: Reply) -> Extensions:
        """Read the answer to EHLO; lines that are no keywords are left out."""
        keywords: dict[str, dict[str, None]] = {}  # a set that keeps its order
        for line in answer.lines[1:]:
            # "AUTH=LOGIN PLAIN" is what some servers still say for the clients of 1997.
            words = line.replace("AUTH=", "AUTH ", 1).split()
            if words and _KEYWORD.fullmatch(words[0]):
                keywords.setdefault(words[0].upper(), {}).update(dict.fromkeys(words[1:]))
        words = answer.lines[0].split()
        named = {name: tuple(parameters) for name, parameters in keywords.items()}
        return cls(words[0] if words else "", named)

    def lines(self) -> tuple[str, ...]:
        """Return the lines of an answer to EHLO."""
        return (
            self.domain,
            *(" ".join((name, *parameters)) for name, parameters in self.keywords.items()),
        )

    def __contains__(self, keyword: str) -> bool:
        return keyword.upper() in self.keywords

    @property
    def size(self) -> int | None:
        """The largest message in octets; None when the server names no limit (RFC 1870)."""
        parameters = self.keywords.get("SIZE", ())
        if not parameters or not _NUMBER.fullmatch(parameters[0]):
            return None
        return int(parameters[0]) or None  # 0: no fixed limit

    @property
    def auth(self) -> tuple[str, ...]:
        """SASL mechanisms, in upper case (RFC 4954)."""
        return tuple(dict.fromkeys(name.upper() for name in self.keywords.get("AUTH", ())))

    @property
    def limits(self) -> dict[str, int]:
        """Limits of RFC 9422 by name in upper case: RCPTMAX, MAILMAX, RCPTDOMAINMAX."""
        matches = (_LIMIT.fullmatch(word) for word in self.keywords.get("LIMITS", ()))
        return {match[1].upper(): int(match[2]) for match in matches if match and int(match[2])}
