"""The commands that steer a session and carry no mail: RSET, NOOP, HELP, QUIT, STARTTLS, DATA."""

from __future__ import annotations

from dataclasses import dataclass

from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import reply

# data = "DATA" CRLF                  ; RFC 5321 section 4.1.1.4
# rset = "RSET" CRLF                  ; section 4.1.1.5
# help = "HELP" [ SP String ] CRLF    ; section 4.1.1.8
# noop = "NOOP" [ SP String ] CRLF    ; section 4.1.1.9
# quit = "QUIT" CRLF                  ; section 4.1.1.10
# STARTTLS has no parameters          ; RFC 3207 section 4


@dataclass(frozen=True, slots=True)
class Data:
    """Asks to send the message."""

    def encode(self) -> str:
        """Return the command line."""
        return "DATA"


@dataclass(frozen=True, slots=True)
class Rset:
    """Forgets the transaction."""

    def encode(self) -> str:
        """Return the command line."""
        return "RSET"


@dataclass(frozen=True, slots=True)
class Noop:
    """Asks for nothing."""

    argument: str = ""

    def encode(self) -> str:
        """Return the command line."""
        return f"NOOP {self.argument}".rstrip()


@dataclass(frozen=True, slots=True)
class Help:
    """Asks how."""

    argument: str = ""

    def encode(self) -> str:
        """Return the command line."""
        return f"HELP {self.argument}".rstrip()


@dataclass(frozen=True, slots=True)
class Quit:
    """Says goodbye."""

    def encode(self) -> str:
        """Return the command line."""
        return "QUIT"


@dataclass(frozen=True, slots=True)
class StartTls:
    """Asks for TLS."""

    def encode(self) -> str:
        """Return the command line."""
        return "STARTTLS"


def no_argument(verb: str, argument: str) -> None:
    """Refuse an argument where none belongs; spaces before CRLF are let pass (section 4.1.1).

    Raises:
        CommandError: There is one.
    """
    if argument.strip(" \t"):
        raise CommandError(reply(501, f"{verb} takes no argument", "5.5.4"))
