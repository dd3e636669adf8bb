"""VRFY and EXPN: questions about addresses (RFC 5321 sections 3.5 and 4.1.1.6)."""

from __future__ import annotations

from dataclasses import dataclass

from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import reply

# vrfy = "VRFY" SP String CRLF         ; RFC 6531 section 3.7.4.2 adds [SP "SMTPUTF8"]
# expn = "EXPN" SP String CRLF


@dataclass(frozen=True, slots=True)
class Vrfy:
    """Asks whether an address is known.

    Attributes:
        argument: A user name or an address.
        smtputf8: The answer may hold UTF-8.
    """

    argument: str
    smtputf8: bool = False

    def encode(self) -> str:
        """Return the command line."""
        return f"VRFY {self.argument}{' SMTPUTF8' if self.smtputf8 else ''}"


@dataclass(frozen=True, slots=True)
class Expn:
    """Asks who is on a mailing list."""

    argument: str

    def encode(self) -> str:
        """Return the command line."""
        return f"EXPN {self.argument}"


def parse_vrfy(argument: str) -> Vrfy:
    """Read the argument.

    Raises:
        CommandError: There is none.
    """
    text = _asked(argument)
    head, space, last = text.rpartition(" ")
    if space and last.upper() == "SMTPUTF8":
        return Vrfy(head.strip(), smtputf8=True)
    return Vrfy(text)


def parse_expn(argument: str) -> Expn:
    """Read the argument.

    Raises:
        CommandError: There is none.
    """
    return Expn(_asked(argument))


def _asked(argument: str) -> str:
    text = argument.strip(" ")
    if not text:
        raise CommandError(reply(501, "Whom do you ask about?", "5.5.4"))
    return text
