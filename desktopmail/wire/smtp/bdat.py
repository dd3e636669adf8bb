"""BDAT: a counted piece of a message, with nothing stuffed and nothing searched (RFC 3030)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from desktopmail.wire.smtp.limits import MAX_CHUNK_DIGITS
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import reply

# bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
# chunk-size ::= 1*DIGIT
# end-marker ::= "LAST"
_ARGUMENT = re.compile(rf"([0-9]{{1,{MAX_CHUNK_DIGITS}}})( [Ll][Aa][Ss][Tt])?")


@dataclass(frozen=True, slots=True)
class Bdat:
    """The BDAT command; `size` octets follow its line.

    Attributes:
        size: Octets; may be 0 in the last one.
        last: The message ends with it.
    """

    size: int
    last: bool = False

    def encode(self) -> str:
        """Return the command line."""
        return f"BDAT {self.size}{' LAST' if self.last else ''}"


def parse_bdat(argument: str) -> Bdat:
    """Read the argument.

    Raises:
        CommandError: It is malformed; the connection has to be closed then, because nobody knows
            how many octets follow.
    """
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        raise CommandError(reply(501, "Write BDAT size [LAST]", "5.5.4"))
    return Bdat(int(match[1]), match[2] is not None)
