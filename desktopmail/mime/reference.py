"""Which messages a message refers to: References and In-Reply-To (RFC 5322 section 3.6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.mime import message_id

if TYPE_CHECKING:
    from desktopmail.mime.header import Header

# Long threads carry every ancestor; more than this helps nobody and is an attack on the reader.
MAX_REFERENCES = 200


def of(header: Header, own: str | None = None) -> tuple[str, ...]:
    """Return the ancestors a message names, oldest first, its parent last.

    They are those of References; where that names none, or not the one of In-Reply-To, the first
    identifier of In-Reply-To is the parent (RFC 5256 section 3, "REFERENCES", step 1).

    Args:
        header: The message's header.
        own: Its Message-ID without brackets, if the caller has it already.
    """
    own = own or message_id.parse(header.value("message-id"))
    found: list[str] = []
    for value in header.values("references"):
        found.extend(message_id.parse_all(value))
    if not found:
        for value in header.values("in-reply-to"):
            found.extend(message_id.parse_all(value)[:1])
    unique = tuple(dict.fromkeys(name for name in found if name != own))
    if len(unique) > MAX_REFERENCES:  # the root and the nearest ones
        unique = (unique[0], *unique[-(MAX_REFERENCES - 1) :])
    return unique


def for_reply(header: Header) -> tuple[str, ...]:
    """Return the References of an answer: the ancestors and the message itself."""
    own = message_id.parse(header.value("message-id"))
    ancestors = of(header)
    return (*ancestors, own) if own else ancestors
