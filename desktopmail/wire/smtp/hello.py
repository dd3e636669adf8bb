"""HELO, EHLO and LHLO: who is speaking (RFC 5321 section 4.1.1.1, RFC 2033 section 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import reply

if TYPE_CHECKING:
    from typing import Literal

# ehlo           = "EHLO" SP ( Domain / address-literal ) CRLF
# helo           = "HELO" SP Domain CRLF
#
# Clients say host names with underscores, without dots, and worse; a server "MUST NOT refuse to
# accept a message for this reason" (section 4.1.4), so any one word of visible characters will do.
_NAME = re.compile(r"[^\x00-\x20\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class Hello:
    """The first command of a client.

    Attributes:
        verb: Which of the three.
        name: What the client calls itself: a domain or an address literal.
    """

    verb: Literal["EHLO", "HELO", "LHLO"]
    name: str

    @property
    def extended(self) -> bool:
        """Whether the client knows extensions."""
        return self.verb != "HELO"

    def encode(self) -> str:
        """Return the command line."""
        return f"{self.verb} {self.name}"


def parse_hello(verb: Literal["EHLO", "HELO", "LHLO"], argument: str) -> Hello:
    """Read the argument.

    Raises:
        CommandError: There is none, or more than one word.
    """
    name = argument.strip(" ")
    if not _NAME.fullmatch(name):
        raise CommandError(reply(501, f"{verb} needs the name of your host", "5.5.4"))
    return Hello(verb, name)
